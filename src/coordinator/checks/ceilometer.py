"""Ceilometer: has no catalog entry; what proves its set-up is what it leaves in Gnocchi."""

from __future__ import annotations

from collections.abc import Mapping

from coordinator.blueprint import resource_types
from coordinator.checks.compute_hosts import hosts
from coordinator.checks.deep import DeepCheck
from coordinator.checks.measures import flow, metrics
from coordinator.checks.publishing import policies
from coordinator.report.finding import Cause, Finding, Severity

SERVICE = "telemetry"

INSPECTIONS: Mapping[str, DeepCheck] = {
    "policies": policies,
    "flow": flow,
    "hosts": hosts,
    "metrics": metrics,
}
"""Put to Gnocchi, all together in at most 104 requests, whatever the size of the cloud."""


def judge(
    comparison: resource_types.Comparison, release: str, severity: Severity, remedy: str
) -> tuple[Finding, ...]:
    """Whether ceilometer-upgrade did its work.

    Args:
        comparison: Gnocchi's resource types against those of the release.
        release: version of Ceilometer; empty when it is not known.
        severity: how bad it is when Gnocchi is behind.
        remedy: what to type then.
    """
    ceilometer = f"Ceilometer {release}" if release else "Ceilometer"
    if comparison.behind:
        proof = Finding(
            service=SERVICE,
            question="resource-types",
            severity=severity,
            summary=f"Gnocchi is behind {ceilometer} "
            f"({resource_types.phrased(comparison.behind)})",
            cause=Cause.MISSING_TYPES,
            remedy=remedy,
        )
    else:
        text = f"Gnocchi has the resource types of {ceilometer}"
        proof = Finding(SERVICE, "resource-types", Severity.OK, text)
    return (proof, *_notes(comparison))


def _notes(comparison: resource_types.Comparison) -> list[Finding]:
    """What is different without being a fault."""
    texts = {
        "customised": ("changes of an operator are respected", comparison.customised),
        "kept": ("ceilometer-upgrade cannot add", comparison.beyond_upgrade),
    }
    return [
        Finding(SERVICE, question, Severity.OK, f"{text}: {resource_types.phrased(differences)}")
        for question, (text, differences) in texts.items()
        if differences
    ]
