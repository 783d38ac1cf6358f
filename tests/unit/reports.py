"""Reports and turns of the loop, built by hand."""

from __future__ import annotations

import datetime

from coordinator import reconcile
from coordinator.checks import runner
from coordinator.juju.sight import Sight
from coordinator.openstack.credentials import Credentials
from coordinator.openstack.proxies import Proxies
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.report import Report
from coordinator.request import Request
from coordinator.text import Secret
from coordinator.upgrade import command, decision
from coordinator.upgrade import record as upgrade_record
from coordinator.upgrade.run import Situation

NOW = datetime.datetime(2026, 11, 22, 10, 0, tzinfo=datetime.timezone.utc)

CREDENTIALS = Credentials(
    auth_url="http://192.0.2.20:5000/v3",
    username="telemetry-coordinator",
    password=Secret("correct-horse"),
    project="services",
    user_domain="service_domain",
    project_domain="service_domain",
    regions=("RegionOne",),
)

REQUEST = Request(
    credentials=(CREDENTIALS,),
    required=("metric", "alarming", "key-manager"),
    optional=("infra-optim",),
    interface="internal",
    region="",
    timeout=2,
    certificates={},
    proxies=Proxies(),
    applications={},
    coordinator="telemetry-coordinator",
)

FINGERPRINT = upgrade_record.Fingerprint(
    "http://192.0.2.30:8041", "internal/RegionOne", build="4.6.0"
)

TYPES = frozenset({"generic", "identity", "image", "instance", "network", "volume"})


def good(service: str, question: str = "read") -> Finding:
    return Finding(service, question, Severity.OK, f"{service} lists things")


def bad(
    service: str,
    question: str = "endpoint",
    severity: Severity = Severity.FAILED,
    cause: Cause = Cause.REFUSED,
) -> Finding:
    text = f"{service} refused the connection at http://192.0.2.30:8041"
    return Finding(service, question, severity, text, cause, f"juju status {service}")


BEHIND = (
    "identity missing",
    "image missing",
    "instance missing",
    "network missing",
    "volume missing",
)
"""What a fresh Gnocchi lacks for a Ceilometer whose version is not known."""

VERIFIED = (
    good("identity", "token"),
    good("metric"),
    good("alarming"),
    good("key-manager"),
    good("telemetry", "resource-types"),
)

LACKING = Finding(
    "telemetry",
    "resource-types",
    Severity.FAILED,
    "Gnocchi lacks resource types (identity missing; image missing; instance missing; 2 more)",
    Cause.MISSING_TYPES,
    "juju run telemetry-coordinator/leader ceilometer-upgrade",
)


def report(*findings: Finding, types: frozenset[str] | None = TYPES) -> Report:
    """A report of these findings, or of a stack that is well."""
    return Report(
        taken_at=NOW,
        interface="internal",
        region="RegionOne",
        findings=findings or VERIFIED,
        endpoints={"metric": "http://192.0.2.30:8041"},
        builds={"metric": "4.6.0"},
        resource_types=types,
    )


def turn(
    *findings: Finding,
    record: upgrade_record.Record | None = None,
    step: decision.Step = decision.Step.NOTHING,
    reason: str = "",
    run: command.RunResult | None = None,
    before: frozenset[str] = frozenset(),
) -> reconcile.Turn:
    """A turn of the loop that ended so."""
    if record is None:
        record = upgrade_record.Record().succeeded(NOW, FINGERPRINT)
    seen = report(*findings)
    situation = Situation(
        verification=runner.Verification(seen, CREDENTIALS),
        sight=Sight(),
        record=record,
        decision=decision.Decision(step, reason),
        run=run,
    )
    return reconcile.Turn(situation, seen, before)
