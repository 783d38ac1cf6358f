"""One turn of the loop: verify, decide, act, and verify again what was done."""

from __future__ import annotations

import concurrent.futures
import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from coordinator.blueprint import resource_types
from coordinator.checks import runner as checks_runner
from coordinator.checks.memory import CheckMemory
from coordinator.checks.model import systems
from coordinator.juju import ceilometer as juju_ceilometer
from coordinator.juju import errors
from coordinator.juju.sight import NOBODY_ASKED, Sight
from coordinator.report import root_causes
from coordinator.report.finding import Cause, Finding
from coordinator.report.report import Report
from coordinator.request import Request
from coordinator.upgrade import command
from coordinator.upgrade import decision as upgrade_decision
from coordinator.upgrade import findings as upgrade_findings
from coordinator.upgrade import record as upgrade_record

if TYPE_CHECKING:
    from coordinator.juju import action as juju_action


@dataclasses.dataclass(frozen=True)
class Means:
    """What a turn works with besides the order.

    Attributes:
        wish: what the operator allows.
        runner: runs the command; also tells which version of Ceilometer it is of.
        members: related applications that are Ceilometer.
        announce: told one line before something takes long.
        action: looks at ceilometer's charm and runs its action; None without access to the
            controller.
        may_act: whether that action may be run.
        obstacle: why there is no such access although it is wanted, None when it is not wanted.
        may_command: whether the command may be run where the action cannot be.
    """

    wish: upgrade_decision.UpgradePolicy
    runner: command.CommandBackend
    members: tuple[str, ...]
    announce: Callable[[str], None]
    action: juju_action.ActionBackend | None = None
    may_act: bool = True
    obstacle: errors.JujuFault | None = None
    may_command: bool = True


@dataclasses.dataclass(frozen=True)
class Turn:
    """The outcome of one turn.

    Attributes:
        verification: the last one.
        record: what is to be remembered.
        decision: what is still to be done about ceilometer-upgrade.
        run: the run of ceilometer-upgrade, None when there was none, or it has only begun.
        types_before: resource types before that run.
        sight: Ceilometer's application.
        began: whether ceilometer's own action was begun.
    """

    verification: checks_runner.Verification
    record: upgrade_record.Record
    decision: upgrade_decision.Decision
    run: command.RunResult | None = None
    types_before: frozenset[str] = frozenset()
    sight: Sight = NOBODY_ASKED
    began: bool = False

    @property
    def report(self) -> Report:
        """The report of the last verification."""
        return self.verification.report


def turn(
    request: Request, record: upgrade_record.Record, memory: CheckMemory, means: Means
) -> Turn:
    """Verify the stack and do what it needs."""
    seen = look(request, record, memory, means)
    if seen.decision.step is upgrade_decision.Step.RUN:
        return run_upgrade(request, seen, means)
    return seen


def look(
    request: Request,
    record: upgrade_record.Record,
    memory: CheckMemory,
    means: Means,
    progress: checks_runner.Progress = lambda _line: None,
) -> Turn:
    """Verify the stack and decide what it needs; change nothing.

    The controller is asked at the same time; but when a run was begun, before: only a proof that
    was read after the run's end tells about it.
    """
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        seeing = pool.submit(_sight, record, means)
        if record.running is not None:
            seeing.result()
        verified = checks_runner.verify(
            request,
            memory,
            progress,
            lambda: _release(seeing.result(), record, means),
            means.announce,
        )
        sight = seeing.result()
    observed = observe(verified.report, record, means, sight)
    record = upgrade_decision.settle(observed, record)
    decision = upgrade_decision.decide(observed, record, means.wish)
    if decision.step is upgrade_decision.Step.ADOPT and observed.fingerprint is not None:
        record = record.adopted(observed.at, observed.fingerprint, observed.asks)
    verified = _complete(request, means, verified, sight, record)
    return Turn(verified, record, decision, sight=sight)


def run_upgrade(request: Request, seen: Turn, means: Means) -> Turn:
    """Run ceilometer-upgrade once, by the best way there is, or by none.

    The action of ceilometer's charm is only begun: its end is seen by a later look. What the
    controller refuses is advice for the operator, where the command may not be run instead, or
    would not help. Nothing is run beside a task that was begun, or perhaps was.

    Args:
        request: what was verified.
        seen: what was seen, with credentials that keystone took.
        means: what to work with.
    """
    begun = _begin(request, seen, means)
    if isinstance(begun, Turn):
        return begun
    if seen.record.running is not None:
        return seen if begun is None else _without_run(request, seen, begun, seen.decision.step)
    if begun is not None and not _command_helps(seen, means):
        # only what its result shows may be advised: else the advice could never be satisfied
        shows = seen.report.behind or seen.sight.asks
        step = upgrade_decision.Step.ADVISE if shows else upgrade_decision.Step.RUN
        return _without_run(request, seen, begun, step)
    return _run_command(request, seen, means)


def _without_run(
    request: Request, seen: Turn, barred: errors.JujuFault, step: upgrade_decision.Step
) -> Turn:
    """The turn in which the action was not begun, and nothing was run in its place."""
    needed = (
        seen.decision.step is upgrade_decision.Step.RUN
    )  # else a person asked for it, and is told
    remedy = barred.remedy if barred.cause is Cause.NO_ACTION else ""
    changed = dataclasses.replace(seen.decision, step=step, remedy=remedy)
    decision = changed if needed else seen.decision
    verified = _with_charm(request, seen.verification, upgrade_findings.troubled(barred))
    return dataclasses.replace(seen, verification=verified, decision=decision)


def _begin(request: Request, seen: Turn, means: Means) -> Turn | errors.JujuFault | None:
    """Begin the action: the turn after that, or why it could not be; None where it may not be.

    A task that waits or runs already is taken over, also where it is the command's turn.
    """
    target = seen.sight.application
    if not means.may_act:
        return None
    if not isinstance(target, juju_ceilometer.CeilometerApplication):
        return target
    if means.action is None:
        raise ValueError("an application was seen without a way to see it")
    anew = not _commands_turn(seen, means)
    if anew:
        means.announce(f"running ceilometer-upgrade on {target.name}: {_why(seen)}")
    try:
        task = means.action.start(target.name, anew=anew)
    except errors.UnclearError as unclear:
        # perhaps it waits or runs: the next turn finds it, or begins it
        return _without_run(request, seen, unclear.fault, upgrade_decision.Step.WAIT)
    except errors.JujuError as refused:
        return refused.fault
    if not task:
        return None
    observed = observe(seen.report, seen.record, means, seen.sight)
    running = seen.record.running
    if running is None or running.task != task:
        running = upgrade_record.Running(
            at=observed.at,
            fingerprint=observed.fingerprint or upgrade_record.Fingerprint(endpoint=""),
            task=task,
            application=target.name,
            behind=bool(observed.missing),
            asked=target.asks,
        )
    return dataclasses.replace(
        seen,
        verification=_with_charm(
            request, seen.verification, upgrade_findings.running(running, observed.at)
        ),
        record=seen.record.started(running),
        decision=upgrade_decision.Decision(upgrade_decision.Step.POLL, seen.decision.reason),
        types_before=seen.report.resource_types or frozenset(),
        began=True,
    )


def _commands_turn(seen: Turn, means: Means) -> bool:
    """Whether the action was tried last and failed, and the command may do better."""
    failure = seen.record.failure
    return failure is not None and failure.by_action and _command_helps(seen, means)


def _command_helps(seen: Turn, means: Means) -> bool:
    """Whether the command may be run in place of the action, and would do what is missing.

    It would not where the proof is complete and ceilometer's charm asks: that never stops by it.
    """
    return means.may_command and not (seen.sight.asks and not seen.report.behind)


def _why(seen: Turn) -> str:
    return seen.decision.reason or "asked for"


def _run_command(request: Request, seen: Turn, means: Means) -> Turn:
    """Run the command here, and let the proof say whether it worked."""
    if seen.verification.credentials is None:
        raise ValueError("ceilometer-upgrade cannot run without credentials")
    means.announce(f"running ceilometer-upgrade: {_why(seen)}")
    job = command.Job(
        credentials=seen.verification.credentials,
        interface=request.interface,
        region=seen.report.region,
        certificates=request.trusted,
        proxies=request.proxies,
    )
    outcome = means.runner.run(job)
    sight = seen.sight
    verified = checks_runner.verify(
        dataclasses.replace(request, depth=request.depth.repeated),
        seen.verification.memory,
        release=lambda: _release(sight, seen.record, means),
        announce=means.announce,
    )
    observed = observe(verified.report, seen.record, means, sight)
    outcome = dataclasses.replace(outcome, error=_error(outcome, observed))
    # the newest of what was seen before and after: behind one address, units may differ
    known = observe(seen.report, seen.record, means, sight).fingerprint
    before = known or upgrade_record.Fingerprint(endpoint="")
    fingerprint = observed.fingerprint.filled_from(before) if observed.fingerprint else before
    record = (
        seen.record.failed(observed.at, fingerprint, outcome.error)
        if outcome.error
        else seen.record.succeeded(observed.at, fingerprint)
    )
    return Turn(
        verification=_complete(request, means, verified, sight, record),
        record=record,
        decision=upgrade_decision.decide(observed, record, means.wish),
        run=outcome,
        types_before=seen.report.resource_types or frozenset(),
        sight=sight,
    )


def _sight(record: upgrade_record.Record, means: Means) -> Sight:
    """Ceilometer's application, and the task that was begun, as far as they can be seen."""
    related = next(iter(means.members), "")
    if means.action is None:
        return Sight(means.obstacle, None, related)
    view = means.action.look(record.running.task if record.running else "")
    shown = related or next((app.name for app in view.applications), "")
    return Sight(means.action.target(view), view.task, shown, view.model)


def _release(sight: Sight, record: upgrade_record.Record, means: Means) -> str:
    """The Ceilometer in force: that of the model, else that of the command that would run.

    While the controller cannot be asked, what is remembered of it counts: a command of another
    version, which was once run instead, says nothing about the model.
    """
    unseen = isinstance(sight.application, errors.JujuFault)
    told = (sight.release, record.release if unseen else "")
    return next(filter(resource_types.is_version, told), "") or means.runner.release()


def _complete(
    request: Request,
    means: Means,
    verified: checks_runner.Verification,
    sight: Sight,
    record: upgrade_record.Record,
) -> checks_runner.Verification:
    """The verification with what the controller told."""
    if sight.model is not None:
        report = verified.report
        found = systems.of_model(sight.model, request, means.members, report)
        verified = verified.with_findings((*report.findings, *found))
    verified = _with_remedy(request, means, verified, sight)
    about_charm = upgrade_findings.of_charm(
        sight, record, verified.report.taken_at, means.may_command
    )
    return _with_charm(request, verified, about_charm)


def _with_remedy(
    request: Request, means: Means, verified: checks_runner.Verification, sight: Sight
) -> checks_runner.Verification:
    """The verification with whose action to run where types are missing: one that would run."""
    action = means.may_act and isinstance(sight.application, juju_ceilometer.CeilometerApplication)
    ours = means.wish.runs and (means.may_command or action)
    remedy = f"juju run {request.coordinator if ours else sight.name}/leader ceilometer-upgrade"
    return verified.with_findings(
        dataclasses.replace(f, remedy=remedy) if f.cause is Cause.MISSING_TYPES else f
        for f in verified.report.findings
    )


def _with_charm(
    request: Request, verified: checks_runner.Verification, finding: Finding | None
) -> checks_runner.Verification:
    """The verification with what is to be said about ceilometer's charm, in place of before.

    That is the last thing to be known; then causes are told from what follows from them.
    """
    kept = tuple(
        found for found in verified.report.findings if found.check != upgrade_findings.CHARM_CHECK
    )
    findings = kept if finding is None else (*kept, finding)
    return verified.with_findings(root_causes.explained(findings, request.blueprint))


def observe(
    report: Report, record: upgrade_record.Record, means: Means, sight: Sight
) -> upgrade_decision.Observed:
    """What a report and the controller tell about the need for ceilometer-upgrade."""
    now = report.taken_at
    if report.resource_types is None:
        return upgrade_decision.Observed(None, None, now, sight.asks, sight.task)
    fingerprint = upgrade_record.Fingerprint(
        endpoint=report.endpoints["metric"],
        scope=f"{report.interface}/{report.region}",
        build=report.builds.get("metric", ""),
        release=_release(sight, record, means),
        members=",".join(sorted(means.members)),
    )
    return upgrade_decision.Observed(report.behind, fingerprint, now, sight.asks, sight.task)


def _error(outcome: command.RunResult, observed: upgrade_decision.Observed) -> str:
    """Why a run was no success: what the command said, or that the proof is not there."""
    if outcome.error:
        return outcome.error
    if observed.missing is None:
        return "it ended well, but Gnocchi no longer answers"
    if observed.missing:
        missing = resource_types.phrased(observed.missing)
        return f"it ended well, but Gnocchi is still behind ({missing})"
    return ""
