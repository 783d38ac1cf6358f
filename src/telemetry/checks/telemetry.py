"""Ceilometer: has no catalog entry; what proves its set-up is what it leaves in Gnocchi."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from telemetry import schema
from telemetry.checks.flow import flow, metrics
from telemetry.checks.publishing import policies
from telemetry.checks.silent_hosts import hosts
from telemetry.deep import Question
from telemetry.report import Cause, Finding, Severity
from telemetry.sight import Sight
from telemetry.trouble import Trouble
from telemetry.upgrade import Record, Running

SERVICE = "telemetry"

INSPECTIONS: Mapping[str, Question] = {
    "policies": policies,
    "flow": flow,
    "hosts": hosts,
    "metrics": metrics,
}
"""Put to Gnocchi, all together in at most 104 requests, whatever the size of the cloud."""


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


CHARM_CHECK = f"{SERVICE}.charm"


def of_charm(
    sight: Sight, record: Record, at: datetime.datetime, may_command: bool
) -> Finding | None:
    """What is to be said about ceilometer's own charm; None where there is nothing.

    Args:
        sight: its application, as it was seen.
        record: what is remembered.
        at: now.
        may_command: whether the command may be run in place of its action.
    """
    if record.running is not None and sight.task is None:
        return _out_of_sight(record.running, sight.application)
    if record.running is not None:
        return running(record.running, at)
    if sight.application is None:
        ran = may_command and record.success is not None and record.success.ran
        return _not_seen(sight.name) if ran else None
    if isinstance(sight.application, Trouble):
        return troubled(sight.application)
    if not sight.asks:
        return _charm(f"the charm of {sight.name} does not ask for ceilometer-upgrade")
    return Finding(
        service=SERVICE,
        question="charm",
        severity=Severity.DEGRADED,
        summary=f"the charm of {sight.name} asks for its action ceilometer-upgrade",
        cause=Cause.STILL_ASKS,
        remedy=f"juju run {sight.name}/leader ceilometer-upgrade",
    )


def running(run: Running, at: datetime.datetime) -> Finding:
    """A run of its action was begun; one that takes too long is for a person to end."""
    if not run.is_late(at):
        text = f"the charm of {run.application} runs ceilometer-upgrade as task {run.task}"
        return _charm(text, f"juju show-task {run.task}")
    return Finding(
        service=SERVICE,
        question="charm",
        severity=Severity.DEGRADED,
        summary=f"task {run.task} of {run.application} has not ended for over an hour",
        cause=Cause.LATE_TASK,
        remedy=f"juju cancel-task {run.task}",
    )


def _out_of_sight(run: Running, seen: object) -> Finding:
    """A run of its action was begun, and nobody can see how far it is."""
    text = f"task {run.task} of {run.application} is not seen"
    remedy = f"juju show-task {run.task}"
    if isinstance(seen, Trouble):
        return troubled(Trouble(seen.cause, f"{text}: {seen.summary}", seen.remedy))
    return Finding(SERVICE, "charm", Severity.DEGRADED, text, Cause.NO_ACCESS, remedy)


def troubled(trouble: Trouble) -> Finding:
    """Why the controller could not be asked, or would not."""
    return Finding(
        SERVICE, "charm", Severity.DEGRADED, trouble.summary, trouble.cause, trouble.remedy
    )


def _not_seen(application: str) -> Finding:
    """A note where the command was run, and ceilometer's charm cannot be seen."""
    text = f"the charm of {application} asks for its own action until that has run once"
    return _charm(text, f"juju run {application}/leader ceilometer-upgrade")


def _charm(summary: str, remedy: str = "") -> Finding:
    return Finding(SERVICE, "charm", Severity.OK, summary, remedy=remedy)
