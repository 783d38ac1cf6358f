"""One run of ceilometer-upgrade, by the best way there is, or by none."""

from __future__ import annotations

import msgspec

from coordinator.checks import runner
from coordinator.checks.runner import Verification
from coordinator.juju import errors
from coordinator.juju.ceilometer import State, Task
from coordinator.juju.errors import JujuFault
from coordinator.juju.sight import Sight
from coordinator.report.finding import Cause
from coordinator.request import Request
from coordinator.upgrade.backends import Backends
from coordinator.upgrade.command import Job, RunResult
from coordinator.upgrade.decision import Decision, Observed, Step, decide, still_missing
from coordinator.upgrade.observe import find_release, observe
from coordinator.upgrade.record import Fingerprint, Record, Running


class Situation(msgspec.Struct, frozen=True):
    """Facts, and what follows from them for ceilometer-upgrade.

    Attributes:
        verification: what the cloud told.
        sight: what the controller told.
        refused: why the controller did not begin ceilometer's action, where it was to.
        began: ceilometer's own action was begun.
        run: the run of the command, None when there was none.
    """

    verification: Verification
    sight: Sight
    record: Record
    decision: Decision
    refused: JujuFault | None = None
    began: bool = False
    run: RunResult | None = None


def run_upgrade(request: Request, now: Situation, backends: Backends) -> Situation:
    """Run ceilometer-upgrade once, and tell what is known then.

    The action of ceilometer's charm is only begun: its end is seen by a later look. What the
    controller refuses is advice for the operator, where the command may not be run instead, or
    would not help. Nothing is run beside a task that was begun, or perhaps was.
    """
    behind, asks = bool(now.verification.report.behind), bool(now.sight.asks)
    # where the proof is complete, no command makes ceilometer's charm stop asking
    command_helps = backends.policy.allows_command and (behind or not asks)
    failure = now.record.failure
    commands_turn = command_helps and failure is not None and failure.by_action
    if not commands_turn and backends.can_act(now.sight):
        backends.announce(f"running ceilometer-upgrade on {now.sight.name}: {_why(now)}")
    task, refused = "", None
    try:
        task = _begin_action(backends, now.sight, anew=not commands_turn)
    except errors.UnclearError as unclear:  # perhaps it waits or runs: the next turn finds it
        return _not_begun(now, unclear.fault, Step.WAIT)
    except errors.JujuError as error:
        refused = error.fault
    if task:
        return _begun(now, backends, task)
    if now.record.running is not None:
        return now if refused is None else _not_begun(now, refused, now.decision.step)
    if refused is not None and not command_helps:
        # what would not show in a proof or in the charm's status cannot be advised
        return _not_begun(now, refused, Step.ADVISE if behind or asks else Step.RUN)
    return _run_command(request, now, backends)


def _begin_action(backends: Backends, sight: Sight, *, anew: bool) -> str:
    """Take over a task of ceilometer's own action that waits or runs, or begin one anew.

    Returns the number of the task; empty where none was to be begun.
    """
    if not backends.policy.allows_action or sight.application is None:
        return ""
    if isinstance(sight.application, JujuFault):
        raise errors.JujuError(sight.application)
    if backends.action is None:
        raise ValueError("an application was seen without a way to see it")
    return backends.action.controller.start(sight.application.name, anew=anew)


def _why(now: Situation) -> str:
    return now.decision.reason or "asked for"


def _begun(now: Situation, backends: Backends, task: str) -> Situation:
    observed = observe(now.verification, now.record, backends, now.sight)
    running = now.record.running
    if running is None or running.task != task:
        running = Running(
            at=observed.at,
            fingerprint=observed.fingerprint or Fingerprint(endpoint=""),
            task=task,
            application=now.sight.name,
            behind=bool(observed.missing),
            asked=bool(now.sight.asks),
        )
    return msgspec.structs.replace(
        now,
        sight=msgspec.structs.replace(now.sight, task=Task(task, State.GOING)),
        record=now.record.started(running),
        decision=Decision(Step.POLL, now.decision.reason),
        began=True,
    )


def _not_begun(now: Situation, fault: JujuFault, step: Step) -> Situation:
    decision = now.decision
    if decision.step is Step.RUN:  # else a person asked for it, and is told
        remedy = fault.remedy if fault.cause is Cause.NO_ACTION else ""
        decision = msgspec.structs.replace(decision, step=step, remedy=remedy)
    return msgspec.structs.replace(now, decision=decision, refused=fault)


def _run_command(request: Request, now: Situation, backends: Backends) -> Situation:
    """Run the command here, and let another pass say whether it worked."""
    before = now.verification
    if before.credentials is None:
        raise ValueError("ceilometer-upgrade cannot run without credentials")
    backends.announce(f"running ceilometer-upgrade: {_why(now)}")
    job = Job(
        credentials=before.credentials,
        interface=request.interface,
        region=before.report.region,
        certificates=request.trusted,
        proxies=request.proxies,
    )
    run = backends.command.run(job)
    after = runner.verify(
        msgspec.structs.replace(request, depth=request.depth.repeated),
        before.memory,
        release=lambda: find_release(now.sight, now.record, backends),
        announce=backends.announce,
    )
    observed = observe(after, now.record, backends, now.sight)
    run = msgspec.structs.replace(run, error=run.error or _unproven(observed))
    # the newest of what was seen before and after: behind one address, units may differ
    known = observe(before, now.record, backends, now.sight).fingerprint
    fingerprint = known or Fingerprint(endpoint="")
    if observed.fingerprint:
        fingerprint = observed.fingerprint.filled_from(fingerprint)
    record = (
        now.record.failed(observed.at, fingerprint, run.error)
        if run.error
        else now.record.succeeded(observed.at, fingerprint)
    )
    decision = decide(observed, record, backends.policy)
    return Situation(after, now.sight, record, decision, run=run)


def _unproven(observed: Observed) -> str:
    if observed.missing is None:
        return "succeeded, but Gnocchi no longer answers"
    return still_missing(observed.missing) if observed.missing else ""
