"""Gnocchi: the resource types come from its indexer, so its database answers too."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Mapping

from coordinator.blueprint import resource_types
from coordinator.checks import reading
from coordinator.checks.backlog import backlog, waiting
from coordinator.checks.canaries.metric import canary_metric
from coordinator.checks.deep import CheckContext, CheckResult, DeepCheck
from coordinator.openstack.client import Service
from coordinator.openstack.errors import UnusableAnswerError
from coordinator.report.finding import Cause, Severity
from coordinator.text import plain

MEASURES = (1.0, 2.0, 6.0)
"""What the canary sends: their mean is none of them, so it was computed."""


def read(service: Service) -> reading.Reading:
    """List the resource types; they are also the proof that ceilometer-upgrade ran.

    The root, /healthcheck and even /v1/status answer 200 when the database is down; this does not.
    Source: Gnocchi's REST API, "Resource types" and "Version".
    """
    answer = service.get("/v1/resource_type")
    try:
        types = resource_types.parse(answer)
    except ValueError as error:
        raise UnusableAnswerError(
            Cause.UNEXPECTED, f"answers no list of resource types: {error}"
        ) from None
    build = plain(str(reading.optional(service.describe(), "build")), limit=40)
    summary = f"lists {reading.count(len(types), 'resource type')}"
    return reading.Reading(summary, build, resource_types=types)


INSPECTIONS: Mapping[str, DeepCheck] = {"backlog": backlog}


def canary(scene: CheckContext) -> CheckResult:
    """Send measures and read their aggregate back, as metricd made it."""
    begun = time.monotonic()
    seconds = scene.request.thresholds.canary_timeout
    with canary_metric(scene.service, scene.request.coordinator, seconds) as metric:
        metric.post(*MEASURES)
        values = metric.wait(scene.patience)
        took = time.monotonic() - begun
        if not values:
            wait = _backlog(scene.service)
            text = f"took measures that its metricd did not process in {took:.0f} s{wait}"
            return CheckResult(Severity.FAILED, text, Cause.NOT_PROCESSED)
    expected = sum(MEASURES) / len(MEASURES)
    if len(values) != 1 or not math.isclose(values[0], expected):
        text = f"made {', '.join(f'{value:g}' for value in values)} of a mean of {expected:g}"
        return CheckResult(Severity.FAILED, text, Cause.WRONG_VALUE)
    return CheckResult(Severity.OK, f"processed the measures of a canary in {took:.1f} s")


def _backlog(gnocchi: Service) -> str:
    """How many measures wait, for people; nothing where that cannot be told."""
    with contextlib.suppress(Exception):
        return f" (backlog: {waiting(gnocchi)})"
    return ""
