"""What is to be said about Ceilometer's own charm and the runs of its action. Pure."""

from __future__ import annotations

import datetime

from coordinator.checks.ceilometer import SERVICE
from coordinator.juju.errors import JujuFault
from coordinator.juju.sight import Sight
from coordinator.report import remedies
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.upgrade.record import Record, Running

CHARM_CHECK = f"{SERVICE}.charm"


def of_charm(
    sight: Sight,
    record: Record,
    at: datetime.datetime,
    may_command: bool,
    refused: JujuFault | None = None,
) -> Finding | None:
    """What is to be said about ceilometer's own charm; None where there is nothing.

    The command may be run in place of its action, or not; the controller may have refused to begin
    that.
    """
    if refused is not None:
        return _out_of_reach(refused)
    if record.running is not None:
        seen = sight.task is not None
        return of_run(record.running, at) if seen else _lost(record.running, sight.application)
    if sight.application is None:
        ran = may_command and record.success is not None and record.success.ran
        return _not_seen(sight.name) if ran else None
    if isinstance(sight.application, JujuFault):
        return _out_of_reach(sight.application)
    if not sight.asks:
        return _charm(f"the charm of {sight.name} does not ask for ceilometer-upgrade")
    text = f"the charm of {sight.name} asks for its action ceilometer-upgrade"
    return _fault(Cause.STILL_ASKS, text, remedies.run_upgrade(sight.name))


def of_run(run: Running, at: datetime.datetime) -> Finding:
    """A run of its action was begun; one that takes too long is for a person to end."""
    if not run.is_late(at):
        text = f"the charm of {run.application} runs ceilometer-upgrade as task {run.task}"
        return _charm(text, f"juju show-task {run.task}")
    text = f"task {run.task} on {run.application} has not ended for over an hour"
    return _fault(Cause.LATE_TASK, text, f"juju cancel-task {run.task}")


def _lost(run: Running, seen: object) -> Finding:
    """A run of its action was begun, and nobody can see how far it is."""
    text = f"task {run.task} on {run.application} is not seen"
    remedy = f"juju show-task {run.task}"
    if isinstance(seen, JujuFault):
        return _out_of_reach(JujuFault(seen.cause, f"{text}: {seen.summary}", seen.remedy))
    return _fault(Cause.NO_ACCESS, text, remedy)


def _out_of_reach(fault: JujuFault) -> Finding:
    """Why the controller could not be asked, or would not."""
    return _fault(fault.cause, fault.summary, fault.remedy)


def _fault(cause: Cause, text: str, remedy: str) -> Finding:
    return Finding(SERVICE, "charm", Severity.DEGRADED, text, cause, remedy)


def _not_seen(application: str) -> Finding:
    """A note where the command was run, and ceilometer's charm cannot be seen."""
    text = f"the charm of {application} asks for its own action until that has run once"
    return _charm(text, remedies.run_upgrade(application))


def _charm(summary: str, remedy: str = "") -> Finding:
    return Finding(SERVICE, "charm", Severity.OK, summary, remedy=remedy)
