"""Chooses what the one status tells of a report, and of what is to be done about the upgrade."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from coordinator import status
from coordinator.report import remedies
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.report import Report
from coordinator.status import Level, Status
from coordinator.upgrade import findings
from coordinator.upgrade.decision import FAILURES_TO_BLOCK, Decision, Step
from coordinator.upgrade.record import Failure, Record, Running


def of_stack(
    report: Report,
    record: Record,
    decision: Decision,
    coordinator: str,
    ceilometer: str,
    *,
    grant: str,
) -> Status:
    """The status of a stack that could be verified.

    The decision is about what is still to be done; `grant` gives the coordinator's user rights.
    """
    causes = report.causes(Severity.FAILED)
    failed = [found for found in causes if found.cause is not Cause.MISSING_TYPES]
    if failed:
        return _of_causes(failed, report, Level.BLOCKED)
    if decision.step is Step.ADVISE:
        return status.blocked(decision.reason, decision.remedy or remedies.run_upgrade(ceilometer))
    if record.running is not None:
        return _of_run(record.running, report.taken_at)
    if record.failure is not None and decision.step in {Step.WAIT, Step.RUN}:
        return _of_failure(record.failure, coordinator, grant)
    return _of_causes(causes, report, Level.BLOCKED) if causes else _of_success(report, record)


def _of_causes(
    causes: Sequence[Finding], report: Report, level: Level, beginning: str = ""
) -> Status:
    first, others = causes[0], len(causes) - 1
    summary, following = f"{beginning}{first.summary}", report.following(first)
    return Status(level, summary, first.remedy, others, following, first.check)


def _of_run(running: Running, at: datetime.datetime) -> Status:
    if running.is_late(at):
        late = findings.of_run(running, at)
        return status.blocked(late.summary, late.remedy)
    text = (
        f"ceilometer-upgrade runs as task {running.task} on {running.application}; "
        "looked at again at the next update-status"
    )
    return Status(Level.MAINTENANCE, text, f"juju show-task {running.task}")


def _of_failure(failure: Failure, coordinator: str, grant: str) -> Status:
    if "HTTP 403" in failure.cause:
        return status.blocked("ceilometer-upgrade may not create resource types (HTTP 403)", grant)
    if failure.count >= FAILURES_TO_BLOCK:
        summary = f"ceilometer-upgrade failed {failure.count} times: {failure.cause}"
        return status.blocked(summary, remedies.run_upgrade(coordinator))
    count = f"{failure.count} of {FAILURES_TO_BLOCK}"
    summary = f"ceilometer-upgrade failed ({count}): {failure.cause}"
    return Status(Level.MAINTENANCE, summary, f"next try after {failure.retry_at:%H:%MZ}")


def _of_success(report: Report, record: Record) -> Status:
    degraded = report.causes(Severity.DEGRADED)
    if degraded:
        return _of_causes(degraded, report, Level.ACTIVE, "degraded: ")
    done = ""
    if record.success is not None:
        at = f"{record.success.at:%Y-%m-%dT%H:%MZ}"
        done = f"ceilometer-upgrade done {at}" if record.success.ran else "resource types complete"
    return Status(Level.ACTIVE, report.summary(), done)


def word_of(record: Record, step: Step) -> str:
    """One word for programs about what became of ceilometer-upgrade."""
    if record.running is not None:
        return "running"
    if step is Step.IMPOSSIBLE:
        return "unknown"
    if record.failure is not None:
        return "failed"
    if step in {Step.RUN, Step.ADVISE}:
        return "needed"
    return "done" if record.success is not None else "unknown"
