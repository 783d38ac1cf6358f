"""Ceilometer: has no catalog entry; what proves its set-up is what it leaves in Gnocchi. Pure."""

from __future__ import annotations

from telemetry import schema
from telemetry.report import Cause, Finding, Severity

SERVICE = "telemetry"


def judge(
    comparison: schema.Comparison, release: str, severity: Severity, remedy: str
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
            summary=f"Gnocchi is behind {ceilometer} ({schema.phrased(comparison.behind)})",
            cause=Cause.MISSING_TYPES,
            remedy=remedy,
        )
    else:
        text = f"Gnocchi has the resource types of {ceilometer}"
        proof = Finding(SERVICE, "resource-types", Severity.OK, text)
    return (proof, *_notes(comparison))


def _notes(comparison: schema.Comparison) -> list[Finding]:
    """What is different without being a fault."""
    texts = {
        "customised": ("changes of an operator are respected", comparison.customised),
        "kept": ("ceilometer-upgrade cannot add", comparison.beyond_upgrade),
    }
    return [
        Finding(SERVICE, question, Severity.OK, f"{text}: {schema.phrased(differences)}")
        for question, (text, differences) in texts.items()
        if differences
    ]
