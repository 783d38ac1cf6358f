"""Ceilometer: has no catalog entry; what proves its set-up is what it leaves in Gnocchi. Pure."""

from __future__ import annotations

from telemetry import schema
from telemetry.juju_model import Application
from telemetry.report import Cause, Finding, Severity
from telemetry.trouble import Trouble

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


def seen_in_model(target: Application | Trouble) -> Finding:
    """What ceilometer's own charm says about its action, or why it could not be asked."""
    if isinstance(target, Trouble):
        return troubled(target)
    if not target.asks:
        text = f"the charm of {target.name} does not ask for ceilometer-upgrade"
        return Finding(SERVICE, "charm", Severity.OK, text)
    return Finding(
        service=SERVICE,
        question="charm",
        severity=Severity.DEGRADED,
        summary=f"the charm of {target.name} asks for its action ceilometer-upgrade",
        cause=Cause.STILL_ASKS,
        remedy=f"juju run {target.name}/leader ceilometer-upgrade",
    )


def troubled(trouble: Trouble) -> Finding:
    """Why the controller could not be asked, or would not."""
    return Finding(
        SERVICE, "charm", Severity.DEGRADED, trouble.summary, trouble.cause, trouble.remedy
    )


def not_seen(application: str) -> Finding:
    """A note where the command was run, and ceilometer's charm cannot be seen."""
    return Finding(
        service=SERVICE,
        question="charm",
        severity=Severity.OK,
        summary=f"the charm of {application} asks for its own action until that has run once",
        remedy=f"juju run {application}/leader ceilometer-upgrade",
    )
