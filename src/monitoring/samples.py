"""Samples of metrics of one verification."""

from __future__ import annotations

import collections
from collections.abc import Iterator

import msgspec

from coordinator.juju.status import Model
from coordinator.report import figures
from coordinator.report.finding import Severity
from coordinator.report.metrics import Metric, Sample
from coordinator.report.report import Report
from coordinator.upgrade.decision import Step
from coordinator.upgrade.record import Record

FINDINGS = 200
"""Series of findings at most, the worst first; a stack that is well has about 60."""

HOSTS = 20
"""Silent hosts that have series of their own."""

SERVICES = 40
"""Services that have series of their own; a stack has six."""

APPLICATIONS = 100
"""Applications that have series of their own; a stack has about 25."""

_BY_SERVICE = {
    Metric.ENDPOINT_TOOK: figures.ENDPOINT_SECONDS,
    Metric.CERTIFICATE_ENDS: figures.CERTIFICATE_ENDS,
    Metric.CANARY_TOOK: figures.CANARY_SECONDS,
}
"""Metrics of each service, and their figures in a report."""

_NEEDED = {Step.RUN, Step.WAIT, Step.ADVISE, Step.POLL}
_LOOKED_AT = {Severity.OK, Severity.DEGRADED, Severity.FAILED}


class Outcome(msgspec.Struct, frozen=True):
    """The outcome of a verification.

    Attributes:
        record: of ceilometer-upgrade.
        step: what is still to be done about it.
        model: the stack's applications; None when they were not seen.
    """

    report: Report
    record: Record
    step: Step
    model: Model | None = None


def of_outcome(outcome: Outcome) -> Iterator[Sample]:
    """All samples: at most a few hundred, whatever the cloud is like."""
    report, numbers = outcome.report, outcome.report.figures
    single = {
        Metric.VERIFIED: report.verified,
        Metric.TAKEN_AT: report.taken_at.timestamp(),
        Metric.TOOK: numbers.get(figures.VERIFICATION_SECONDS),
        Metric.CANARY_SENT_AT: report.canaries.sent_at.timestamp() if report.canaries else None,
        Metric.BACKLOG: numbers.get(figures.BACKLOG),
    }
    yield from (Sample(metric, value) for metric, value in single.items() if value is not None)
    for metric, name in _BY_SERVICE.items():
        known = sorted(figures.about(numbers, name).items())
        yield from (Sample(metric, value, (service,)) for service, value in known[:SERVICES])
    yield from _findings(report)
    yield from _upgrade(outcome.record, outcome.step)
    yield from _hosts(report)
    yield from _applications(outcome.model)


def _findings(report: Report) -> Iterator[Sample]:
    """The number of findings of each kind, the worst kinds first."""
    counted = collections.Counter(
        (
            finding.service,
            finding.check,
            finding.cause.value if finding.cause else "",
            finding.severity.value,
            finding.because,
        )
        for finding in report.worst_first()
        if finding.severity is not Severity.SKIPPED
    )
    kinds = list(counted.items())
    yield from (Sample(Metric.FINDING, number, kind) for kind, number in kinds[:FINDINGS])
    rest = sum(number for _, number in kinds[FINDINGS:])
    yield Sample(Metric.LEFT_OUT, rest + report.left_out)


def _upgrade(record: Record, step: Step) -> Iterator[Sample]:
    if step is not Step.IMPOSSIBLE:
        yield Sample(Metric.UPGRADE_NEEDED, step in _NEEDED)
    if record.success is not None:
        yield Sample(Metric.UPGRADED_AT, record.success.at.timestamp())
    yield Sample(Metric.UPGRADE_FAILURES, record.failure.count if record.failure else 0)


def _hosts(report: Report) -> Iterator[Sample]:
    """The silent hosts, where hosts were looked at; those that are gone are no fault."""
    answers = (finding for finding in report.findings if finding.check == figures.HOSTS_CHECK)
    if not any(finding.severity in _LOOKED_AT for finding in answers):
        return
    silent = {
        host: minutes * 60
        for host, minutes in figures.about(report.figures, figures.SILENT_HOSTS).items()
        if minutes <= figures.GONE
    }
    longest = sorted(silent.items(), key=lambda one: (-one[1], one[0]))
    yield Sample(Metric.SILENT_HOSTS, len(silent))
    yield from (Sample(Metric.HOST_SILENCE, value, (host,)) for host, value in longest[:HOSTS])


def _applications(model: Model | None) -> Iterator[Sample]:
    known = sorted(model.applications.values(), key=lambda app: app.name) if model else []
    for app in known[:APPLICATIONS]:
        status = app.status.level.value or "other"
        yield Sample(Metric.APPLICATION, 1, (app.name, app.charm, status))
