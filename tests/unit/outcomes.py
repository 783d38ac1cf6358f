"""Outcomes of verifications for tests of metrics, built by hand."""

from __future__ import annotations

import msgspec

from coordinator.juju.status import Application, CharmStatus, JujuLevel, Model
from coordinator.report import figures
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.report import Canaries
from coordinator.upgrade.decision import Step
from coordinator.upgrade.record import Record
from monitoring.samples import Outcome
from tests.unit import reports
from tests.unit.reports import bad, good

FIGURES = {
    figures.VERIFICATION_SECONDS: 1.25,
    f"{figures.ENDPOINT_SECONDS}metric": 0.125,
    f"{figures.CERTIFICATE_ENDS}metric": 1800000000.0,
    f"{figures.CANARY_SECONDS}metric": 31.5,
    figures.BACKLOG: 12.0,
    f"{figures.SILENT_HOSTS}compute-7": 45.0,
    f"{figures.SILENT_HOSTS}taken-away": figures.GONE + 1.0,
    "telemetry.hosts.after:compute-7": 0.0,
}

MODEL = Model(
    {
        "gnocchi": Application("gnocchi", "gnocchi", status=CharmStatus(JujuLevel.ACTIVE)),
        "vault-eu": Application("vault-eu", "vault", status=CharmStatus(JujuLevel.BLOCKED)),
    }
)


def outcome(*findings: Finding, step: Step = Step.NOTHING, model: Model | None = None) -> Outcome:
    """The outcome of a verification with these findings, or of one that found all well."""
    record = Record().succeeded(reports.NOW, reports.FINGERPRINT)
    return Outcome(reports.report(*findings), record, step, model)


def full() -> Outcome:
    """An outcome that has something for each metric."""
    silent = bad("telemetry", "hosts", Severity.DEGRADED, Cause.SILENT_HOSTS)
    known = outcome(good("metric"), silent, model=MODEL)
    report = msgspec.structs.replace(
        known.report, figures=FIGURES, canaries=Canaries(reports.NOW, "[{}, {}]")
    )
    return msgspec.structs.replace(known, report=report)
