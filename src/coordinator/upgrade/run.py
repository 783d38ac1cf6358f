"""One run of ceilometer-upgrade, by the best way there is, or by none."""

from __future__ import annotations

import msgspec

from coordinator.checks import runner
from coordinator.checks.runner import Verification
from coordinator.juju.ceilometer import State, Task
from coordinator.juju.errors import JujuFault
from coordinator.juju.sight import Sight
from coordinator.report.finding import Cause
from coordinator.request import Request
from coordinator.upgrade import command
from coordinator.upgrade.backends import Attempt, Backends, begin_action
from coordinator.upgrade.decision import Decision, Step, decide
from coordinator.upgrade.observe import explain_failure, find_release, observe
from coordinator.upgrade.record import Fingerprint, Record, Running


class Situation(msgspec.Struct, frozen=True):
    """What is known, and what is to be done about ceilometer-upgrade.

    Attributes:
        verification: what the cloud told.
        sight: what the controller told.
        record: what is to be remembered.
        decision: what is still to be done.
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
    run: command.RunResult | None = None

    @property
    def _behind(self) -> bool:
        return bool(self.verification.report.behind)

    def command_helps(self, backends: Backends) -> bool:
        """Whether the command may be run in place of the action, and would do what is missing.

        It would not where the proof is complete and ceilometer's charm asks: that never stops by
        it.
        """
        return backends.policy.allows_command and not (self.sight.asks and not self._behind)

    def shows(self) -> bool:
        """Whether the result of a run would show: else advice could never be satisfied."""
        return self._behind or bool(self.sight.asks)


def run_upgrade(request: Request, now: Situation, backends: Backends) -> Situation:
    """Run ceilometer-upgrade once, and tell what is known then.

    The action of ceilometer's charm is only begun: its end is seen by a later look. What the
    controller refuses is advice for the operator, where the command may not be run instead, or
    would not help. Nothing is run beside a task that was begun, or perhaps was.

    Args:
        request: what was verified.
        now: what is known, with credentials that keystone took.
        backends: what to work with.
    """
    failure = now.record.failure
    commands_turn = failure is not None and failure.by_action and now.command_helps(backends)
    if not commands_turn and backends.can_act(now.sight):
        backends.announce(f"running ceilometer-upgrade on {now.sight.name}: {_why(now)}")
    attempt = begin_action(backends, now.sight, anew=not commands_turn)
    if attempt.task:
        return _begun(now, backends, attempt.task)
    if attempt.unclear:  # perhaps it waits or runs: the next turn finds it, or begins it
        return _not_begun(now, attempt, Step.WAIT)
    if now.record.running is not None:
        return now if attempt.fault is None else _not_begun(now, attempt, now.decision.step)
    if attempt.fault is not None and not now.command_helps(backends):
        return _not_begun(now, attempt, Step.ADVISE if now.shows() else Step.RUN)
    return _run_command(request, now, backends)


def _why(now: Situation) -> str:
    return now.decision.reason or "asked for"


def _begun(now: Situation, backends: Backends, task: str) -> Situation:
    """After the action was begun, or taken over."""
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


def _not_begun(now: Situation, attempt: Attempt, step: Step) -> Situation:
    """The action was not begun, and nothing was run in its place."""
    fault, decision = attempt.fault, now.decision
    if decision.step is Step.RUN:  # else a person asked for it, and is told
        remedy = fault.remedy if fault is not None and fault.cause is Cause.NO_ACTION else ""
        decision = msgspec.structs.replace(decision, step=step, remedy=remedy)
    return msgspec.structs.replace(now, decision=decision, refused=fault)


def _run_command(request: Request, now: Situation, backends: Backends) -> Situation:
    """Run the command here, and let another pass say whether it worked."""
    before = now.verification
    if before.credentials is None:
        raise ValueError("ceilometer-upgrade cannot run without credentials")
    backends.announce(f"running ceilometer-upgrade: {_why(now)}")
    job = command.Job(
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
    run = msgspec.structs.replace(run, error=explain_failure(run, observed))
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
