"""Ceilometer: has no catalog entry; what proves its set-up is what it leaves in Gnocchi. Pure."""

from __future__ import annotations

from telemetry import schema
from telemetry.report import Cause, Finding, Severity

SERVICE = "telemetry"


def judge(resource_types: frozenset[str], remedy: str) -> Finding:
    """Whether ceilometer-upgrade did its work.

    Args:
        resource_types: names of the resource types in Gnocchi.
        remedy: what to type when it did not.
    """
    missing = schema.lacking(resource_types)
    if not missing:
        text = f"Gnocchi has the resource types of Ceilometer ({len(resource_types)} in all)"
        return Finding(SERVICE, "resource-types", Severity.OK, text)
    names = "all of them" if len(missing) == len(schema.BASELINE) else ", ".join(missing)
    return Finding(
        service=SERVICE,
        question="resource-types",
        severity=Severity.FAILED,
        summary=f"Gnocchi lacks resource types of Ceilometer ({names})",
        cause=Cause.MISSING_TYPES,
        remedy=remedy,
    )
