"""Gnocchi: the resource types come from its indexer, so its database answers too.

Its canary takes metricd; its backlog tells whether metricd keeps up.
"""

from __future__ import annotations

import contextlib
import datetime
import math
import time
from collections.abc import Mapping

from coordinator.blueprint import resource_types
from coordinator.checks import base
from coordinator.checks.base import CheckContext, CheckResult, Inspection, Reading
from coordinator.checks.canaries.metric import canary_metric
from coordinator.checks.memory import BacklogTrend
from coordinator.openstack import errors
from coordinator.openstack.client import Service
from coordinator.openstack.errors import UnusableAnswerError
from coordinator.report.finding import Cause, Severity
from coordinator.text import plain

MEASURES = (1.0, 2.0, 6.0)
"""What the canary sends: their mean is none of them, so it was computed."""

GROWTHS = 6
"""Successive verifications with more each time that are a trend; fewer happen by chance."""

APART = datetime.timedelta(minutes=1)
"""Verifications closer together than this do not count as two."""

SHARE = 0.1
"""Part of the threshold below which a backlog that grows is no fault."""


class GnocchiCheck(base.Check):
    """Lists resource types, counts what waits for metricd, and sends measures through it."""

    name = "metric"

    def read(self, service: Service) -> Reading:
        """List the resource types; they are also the proof that ceilometer-upgrade ran.

        The root, /healthcheck and even /v1/status answer 200 when the database is down; this does
        not. Source: Gnocchi's REST API, "Resource types" and "Version".
        """
        answer = service.get("/v1/resource_type")
        try:
            types = resource_types.parse(answer)
        except ValueError as error:
            raise UnusableAnswerError(
                Cause.UNEXPECTED, f"answers no list of resource types: {error}"
            ) from None
        build = plain(str(base.optional(service.get("/"), "build")), limit=40)
        summary = f"lists {base.count(len(types), 'resource type')}"
        return Reading(summary, build, resource_types=types)

    @property
    def inspections(self) -> Mapping[str, Inspection]:
        """The backlog of metricd."""
        return {"backlog": inspect_backlog}

    @property
    def canary(self) -> Inspection:
        """Measures, and their aggregate."""
        return send_canary


def send_canary(context: CheckContext) -> CheckResult:
    """Send measures and read their aggregate back, as metricd made it."""
    begun = time.monotonic()
    seconds = context.request.thresholds.canary_timeout
    with canary_metric(context.service, context.request.coordinator, seconds) as metric:
        metric.post(*MEASURES)
        values = metric.wait(context.patience)
        took = time.monotonic() - begun
        if not values:
            wait = _waiting_now(context.service)
            text = f"took measures that its metricd did not process in {took:.0f} s{wait}"
            return CheckResult(Severity.FAILED, text, Cause.NOT_PROCESSED)
    expected = sum(MEASURES) / len(MEASURES)
    if len(values) != 1 or not math.isclose(values[0], expected):
        text = f"made {', '.join(f'{value:g}' for value in values)} of a mean of {expected:g}"
        return CheckResult(Severity.FAILED, text, Cause.WRONG_VALUE)
    return CheckResult(Severity.OK, f"processed the measures of a canary in {took:.1f} s")


def _waiting_now(gnocchi: Service) -> str:
    """How many measures wait, for people; nothing where that cannot be told."""
    with contextlib.suppress(Exception):
        return f" (backlog: {count_waiting(gnocchi)})"
    return ""


def count_waiting(gnocchi: Service) -> int:
    """How many measures wait for metricd; what is sent in one request counts once.

    Without details: these name every metric that waits. Source: Gnocchi's REST API, "Status".

    Raises:
        Exception: anything of the HTTP stack; `errors.explain` tells what it means.
    """
    storage = base.field(gnocchi.get("/v1/status", details="false"), "storage", "status")
    summary = base.field(storage, "summary", "status")
    number = base.field(summary, "measures", "status")
    if not isinstance(number, int):
        raise UnusableAnswerError(Cause.UNEXPECTED, "answers no number of waiting measures")
    return number


def inspect_backlog(context: CheckContext) -> CheckResult:
    """Tell whether more measures wait than the threshold, or a tenth of it and more each time.

    One request. Gnocchi answers 503 when counting takes it too long: that is no fault.
    """
    try:
        now = count_waiting(context.service)
    except Exception as error:
        fault = errors.explain(error, context.service.url)
        if fault.cause is not Cause.SERVER_ERROR:
            raise
        return CheckResult(Severity.SKIPPED, f"cannot tell its backlog: {fault.text}", fault.cause)
    threshold = context.request.thresholds.backlog
    trend = _trend(now, context.memory.backlog)
    figures: dict[str, float] = {"metric.backlog": now, "metric.backlog.growths": trend.growths}
    text = f"has {base.count(now, 'measure')} waiting for metricd"
    if now > threshold:
        text = f"{text}, more than {threshold}"
    elif trend.growths >= GROWTHS and now > threshold * SHARE:
        text = f"{text}, more in each of {trend.growths} verifications"
    else:
        return CheckResult(Severity.OK, text, figures=figures, memory=trend)
    return CheckResult(Severity.DEGRADED, text, Cause.BACKLOG, figures=figures, memory=trend)


def _trend(waiting: int, before: BacklogTrend | None) -> BacklogTrend:
    """The trend with the number of now."""
    now = datetime.datetime.now(datetime.timezone.utc)
    if before is None or waiting <= before.waiting:
        return BacklogTrend(waiting, now)
    return BacklogTrend(waiting, now, before.growths + (now - before.at >= APART))
