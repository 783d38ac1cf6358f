"""Ceilometer: has no catalog entry; what it leaves in Gnocchi proves its set-up."""

from __future__ import annotations

import datetime
import functools
import math
from collections.abc import Mapping

from coordinator.blueprint import resource_types
from coordinator.checks import base
from coordinator.checks.base import CheckContext, CheckResult, Inspection
from coordinator.checks.compute_hosts import inspect_hosts
from coordinator.checks.measures import (
    OutOfTimeError,
    Sampling,
    inspect_flow,
    inspect_metrics,
)
from coordinator.checks.memory import Unpublished
from coordinator.checks.parallel import Once
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.request import VERIFY_TIMEOUTS
from coordinator.text import quoted

SERVICE = "telemetry"

PREFIX = "ceilometer-"
"""Begin of the names of archive policies that Ceilometer's publisher makes before its first sample
(ceilometer/publisher/data/gnocchi_resources.yaml)."""

MOST_NAMED = 4

GRACE = 60
"""Minutes after which at least one sample must have come: a cloud has images, if nothing else."""


_SAMPLED = {"flow": inspect_flow, "hosts": inspect_hosts, "metrics": inspect_metrics}
"""Inspections that share what they ask of Gnocchi."""


class CeilometerCheck(base.Check):
    """Looks for what Ceilometer publishes, in Gnocchi."""

    @property
    def inspections(self) -> Mapping[str, Inspection]:
        """Questions to Gnocchi: at most 100 requests, whatever the size of the cloud."""
        shared: Once[Sampling] = Once()
        sampled = {name: functools.partial(_ask, shared, name) for name in _SAMPLED}
        return {"policies": inspect_policies, **sampled}


def _ask(shared: Once[Sampling], name: str, context: CheckContext) -> CheckResult:
    """Make one of these inspections; that time runs out says nothing against Ceilometer."""
    try:
        return _SAMPLED[name](context, shared.get(lambda: Sampling(context)))
    except OutOfTimeError as error:
        request = context.request
        larger = min(VERIFY_TIMEOUTS[-1], math.ceil(2 * request.timeout))
        remedy = f"juju config {request.coordinator} verify-timeout={larger}"
        if larger <= request.timeout:  # Gnocchi is too slow
            remedy = f"juju status {request.applications.get('metric', 'gnocchi')}"
        return CheckResult(Severity.SKIPPED, error.phrase, error.cause, remedy)


def inspect_policies(context: CheckContext) -> CheckResult:
    """Tell if Ceilometer has ever published: its archive policies are there; one request.

    It is too early to tell in the first hour: nothing is polled at once, and the set-up of
    Ceilometer may just have been completed.
    """
    answer = context.services["metric"].get("/v1/archive_policy")
    names = [str(p.get("name")) for p in base.records(answer, "archive policies")]
    made = [name for name in names if name.startswith(PREFIX)]
    if made:
        some = ", ".join(quoted(name) for name in sorted(made)[:MOST_NAMED])
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
    """Tell if ceilometer-upgrade did its work, and what is different without being a fault.

    The release is empty when it is not known; severity and remedy are for types that are missing.
    """
    ceilometer = f"Ceilometer {release}" if release else "Ceilometer"
    proof = _good("resource-types", f"Gnocchi has the resource types of {ceilometer}")
    if comparison.behind:
        missing = resource_types.phrased(comparison.behind)
        text = f"Gnocchi lacks resource types of {ceilometer} ({missing})"
        proof = Finding(SERVICE, "resource-types", severity, text, Cause.MISSING_TYPES, remedy)
    findings = [proof]
    if comparison.customised:
        changes = resource_types.phrased(comparison.customised)
        findings.append(_good("customised", f"changes of an operator are respected: {changes}"))
    if comparison.beyond_upgrade:
        missing = resource_types.phrased(comparison.beyond_upgrade)
        findings.append(_good("kept", f"ceilometer-upgrade cannot add: {missing}"))
    return tuple(findings)


def _good(question: str, text: str) -> Finding:
    return Finding(SERVICE, question, Severity.OK, text)
