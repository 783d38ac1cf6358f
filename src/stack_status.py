"""What other charms are told: the status of the stack on the relation telemetry-stack."""

from __future__ import annotations

from charms.telemetry_coordinator.v0 import telemetry_stack
from coordinator import status
from coordinator.report.report import Report
from coordinator.upgrade.decision import Step
from coordinator.upgrade.record import Record


def of_report(
    report: Report, record: Record, step: Step, told: status.Status
) -> telemetry_stack.Stack:
    """What is told after a verification.

    The stack is ready when nothing that is required failed: a ceilometer-upgrade that is still to
    be run matters as far as resource types are missing, which is a failure of its own.

    Args:
        report: the last verification.
        record: what is remembered about ceilometer-upgrade.
        step: what is still to be done about it.
        told: the status as other units are told it.
    """
    looked_for = {f.service for f in report.findings if f.question == "catalog"} | {"identity"}
    services = {
        service: telemetry_stack.Service(
            report.state_of(service).value, report.endpoints.get(service, "")
        )
        for service in report.services
        if service in report.endpoints or service in looked_for
    }
    return telemetry_stack.Stack(
        ready=report.verified,
        message=told.text,
        since=report.taken_at,
        services=services,
        upgrade=_upgrade(record, step),
    )


def _upgrade(record: Record, step: Step) -> str:
    """What became of ceilometer-upgrade, in one word of the interface."""
    if record.running is not None:
        return "running"
    if step is Step.IMPOSSIBLE:
        return "unknown"
    if record.failure is not None:
        return "failed"
    if step in {Step.RUN, Step.ADVISE}:
        return "needed"
    return "done" if record.success is not None else "unknown"
