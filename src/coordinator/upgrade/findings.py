"""Findings about Ceilometer's own charm and the runs of its action."""

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
    """The finding about ceilometer's own charm; None where there is nothing to say.

    The command may be run in place of its action, or not; the controller may have refused to begin
    that.
    """
    if refused is not None:
        return _degraded(refused)
    if record.running is not None:
        seen = sight.task is not None
        return of_run(record.running, at) if seen else _of_unseen_run(record.running, sight)
    if isinstance(sight.application, JujuFault):
        return _degraded(sight.application)
    if sight.application is None:
        ran = may_command and record.success is not None and record.success.ran
        text = f"the charm of {sight.name} asks for its own action until that has run once"
        return _ok(text, remedies.run_upgrade(sight.name)) if ran else None
    if not sight.asks:
        return _ok(f"the charm of {sight.name} does not ask for ceilometer-upgrade")
    text = f"the charm of {sight.name} asks for its action ceilometer-upgrade"
    return _degraded(JujuFault(Cause.STILL_ASKS, text, remedies.run_upgrade(sight.name)))


def of_run(run: Running, at: datetime.datetime) -> Finding:
    """The finding about a run that goes on; one that takes too long is for a person to end."""
    if run.is_late(at):
        text = f"task {run.task} on {run.application} has not ended for over an hour"
        return _degraded(JujuFault(Cause.LATE_TASK, text, f"juju cancel-task {run.task}"))
    text = f"the charm of {run.application} runs ceilometer-upgrade as task {run.task}"
    return _ok(text, f"juju show-task {run.task}")


def _of_unseen_run(run: Running, sight: Sight) -> Finding:
    text = f"task {run.task} on {run.application} is not seen"
    why = sight.application
    if isinstance(why, JujuFault):
        return _degraded(JujuFault(why.cause, f"{text}: {why.summary}", why.remedy))
    return _degraded(JujuFault(Cause.NO_ACCESS, text, f"juju show-task {run.task}"))


def _degraded(fault: JujuFault) -> Finding:
    return Finding(SERVICE, "charm", Severity.DEGRADED, fault.summary, fault.cause, fault.remedy)


def _ok(summary: str, remedy: str = "") -> Finding:
    return Finding(SERVICE, "charm", Severity.OK, summary, remedy=remedy)
