"""The one status: it sums up a report and what is to be done about ceilometer-upgrade. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from coordinator import status
from coordinator.report import remedies
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.report import Report
from coordinator.upgrade import decision as upgrade_decision
from coordinator.upgrade import findings
from coordinator.upgrade import record as upgrade_record


def of_stack(
    report: Report,
    record: upgrade_record.Record,
    decision: upgrade_decision.Decision,
    coordinator: str,
    ceilometer: str,
    *,
    grant: str,
) -> status.Status:
    """The status of a stack that could be verified.

    Args:
        report: the last verification.
        record: what is remembered about ceilometer-upgrade.
        decision: what is still to be done about it.
        coordinator: name of the coordinator's application.
        ceilometer: name of Ceilometer's application.
        grant: what gives the coordinator's user more rights.
    """
    failed = [f for f in report.causes(Severity.FAILED) if f.cause is not Cause.MISSING_TYPES]
    if failed:
        return _blocked_by(failed, report)
    about_upgrade = _of_upgrade(
        record, decision, report.taken_at, coordinator, ceilometer, grant=grant
    )
    if about_upgrade:
        return about_upgrade
    if not report.verified:
        return _blocked_by(report.causes(Severity.FAILED), report)
    return _of_success(report, record)


def _blocked_by(causes: Sequence[Finding], report: Report) -> status.Status:
    first = causes[0]
    others, following = len(causes) - 1, report.following(first)
    return status.blocked(first.summary, first.remedy, others, following, first.check)


def _of_upgrade(
    record: upgrade_record.Record,
    decision: upgrade_decision.Decision,
    at: datetime.datetime,
    coordinator: str,
    ceilometer: str,
    *,
    grant: str,
) -> status.Status | None:
    """What is still to be said about ceilometer-upgrade."""
    if decision.step is upgrade_decision.Step.ADVISE:
        return status.blocked(decision.reason, decision.remedy or remedies.run_upgrade(ceilometer))
    if record.running is not None:
        running = record.running
        if running.is_late(at):
            late = findings.of_run(running, at)
            return status.blocked(late.summary, late.remedy)
        text = (
            f"ceilometer-upgrade runs as task {running.task} on {running.application}; "
            "looked at again at the next update-status"
        )
        return status.Status(status.Level.MAINTENANCE, text, f"juju show-task {running.task}")
    failed = (
        record.failure
        if decision.step in (upgrade_decision.Step.WAIT, upgrade_decision.Step.RUN)
        else None
    )
    return _of_failure(failed, coordinator, grant) if failed is not None else None


def _of_failure(failure: upgrade_record.Failure, coordinator: str, grant: str) -> status.Status:
    """A run that failed, and will be tried again."""
    if "HTTP 403" in failure.cause:
        summary = "ceilometer-upgrade may not create resource types (HTTP 403)"
        return status.blocked(summary, grant)
    if failure.count >= upgrade_decision.FAILURES_TO_BLOCK:
        summary = f"ceilometer-upgrade failed {failure.count} times: {failure.cause}"
        return status.blocked(summary, remedies.run_upgrade(coordinator))
    count = f"{failure.count} of {upgrade_decision.FAILURES_TO_BLOCK}"
    retry = f"next try after {failure.retry_at:%H:%MZ}"
    summary = f"ceilometer-upgrade failed ({count}): {failure.cause}"
    return status.Status(status.Level.MAINTENANCE, summary, retry)


def _of_success(report: Report, record: upgrade_record.Record) -> status.Status:
    degraded = report.causes(Severity.DEGRADED)
    if degraded:
        first = degraded[0]
        summary = f"degraded: {first.summary}"
        others, following = len(degraded) - 1, report.following(first)
        return status.Status(
            status.Level.ACTIVE, summary, first.remedy, others, following, first.check
        )
    done = ""
    if record.success is not None:
        done = (
            f"ceilometer-upgrade done {record.success.at:%Y-%m-%dT%H:%MZ}"
            if record.success.ran
            else "resource types complete"
        )
    return status.Status(status.Level.ACTIVE, report.summary(), done)


def word_of(record: upgrade_record.Record, step: upgrade_decision.Step) -> str:
    """What became of ceilometer-upgrade, in one word for programs."""
    if record.running is not None:
        return "running"
    if step is upgrade_decision.Step.IMPOSSIBLE:
        return "unknown"
    if record.failure is not None:
        return "failed"
    if step in {upgrade_decision.Step.RUN, upgrade_decision.Step.ADVISE}:
        return "needed"
    return "done" if record.success is not None else "unknown"
