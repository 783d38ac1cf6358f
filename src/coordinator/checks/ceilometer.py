"""Ceilometer: has no catalog entry; what proves its set-up is what it leaves in Gnocchi."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping

from coordinator.blueprint import resource_types
from coordinator.checks import base
from coordinator.checks.base import CheckContext, CheckResult, Inspection
from coordinator.checks.compute_hosts import inspect_hosts
from coordinator.checks.measures import Sampling, inspect_flow, inspect_metrics
from coordinator.checks.memory import Unpublished
from coordinator.checks.parallel import Once
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.text import quoted

SERVICE = "telemetry"

PREFIX = "ceilometer-"
"""How the archive policies are called that Ceilometer's publisher makes before its first sample
(ceilometer/publisher/data/gnocchi_resources.yaml)."""

NAMED = 4
"""Archive policies that are named at most."""

GRACE = 60
"""Minutes after which at least one sample must have come: a cloud has images, if nothing else."""


class CeilometerCheck(base.Check):
    """Looks for what Ceilometer publishes, in Gnocchi."""

    @property
    def inspections(self) -> Mapping[str, Inspection]:
        """Put to Gnocchi, all together in at most 100 requests, whatever the cloud's size."""
        shared: Once[Sampling] = Once()

        def with_sampling(
            inspect: Callable[[CheckContext, Sampling], CheckResult],
        ) -> Inspection:
            return lambda context: inspect(context, shared.get(lambda: Sampling(context)))

        return {
            "policies": inspect_policies,
            "flow": with_sampling(inspect_flow),
            "hosts": with_sampling(inspect_hosts),
            "metrics": with_sampling(inspect_metrics),
        }


def inspect_policies(context: CheckContext) -> CheckResult:
    """Tell whether Ceilometer has ever published: its archive policies are there; one request.

    It is too early to tell in the first hour: nothing is polled at once, and the set-up of
    Ceilometer may just have been completed.
    """
    answer = context.services["metric"].get("/v1/archive_policy")
    names = [str(p.get("name")) for p in base.records(answer, "archive policies")]
    made = [name for name in names if name.startswith(PREFIX)]
    if made:
        some = ", ".join(quoted(name) for name in sorted(made)[:NAMED])
        text = f"has published to Gnocchi ({some})"
        return CheckResult(Severity.OK, text, memory=Unpublished())
    now = datetime.datetime.now(datetime.timezone.utc)
    since = context.memory.unpublished.since or now
    minutes = (now - since).total_seconds() / 60
    if minutes < GRACE:
        text = "has not published anything to Gnocchi yet"
        return CheckResult(Severity.SKIPPED, text, memory=Unpublished(since))
    text = f"has published nothing to Gnocchi for {minutes / 60:.0f} h"
    return CheckResult(Severity.DEGRADED, text, Cause.NO_POLICIES, memory=Unpublished(since))


def judge(
    comparison: resource_types.Comparison, release: str, severity: Severity, remedy: str
) -> tuple[Finding, ...]:
    """Tell whether ceilometer-upgrade did its work.

    Args:
        comparison: Gnocchi's resource types against those of the release.
        release: version of Ceilometer; empty when it is not known.
        severity: how bad it is when types are missing.
        remedy: what to type then.
    """
    ceilometer = f"Ceilometer {release}" if release else "Ceilometer"
    if comparison.behind:
        proof = Finding(
            service=SERVICE,
            question="resource-types",
            severity=severity,
            summary=f"Gnocchi lacks resource types of {ceilometer} "
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
