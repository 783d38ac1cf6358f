"""Gnocchi: its indexer lists resource types, and metricd processes measures."""

from __future__ import annotations

import contextlib
import datetime
import math
import time
from collections.abc import Mapping

import msgspec

from coordinator.blueprint import resource_types
from coordinator.checks import base
from coordinator.checks.base import CheckContext, CheckResult, Inspection, Reading
from coordinator.checks.canaries.metric import canary_metric
from coordinator.checks.memory import LARGEST, BacklogTrend
from coordinator.openstack import errors
from coordinator.openstack.client import Service
from coordinator.openstack.errors import ApiError, UnusableAnswerError
from coordinator.report import figures as figures_of
from coordinator.report.finding import Cause, Severity
from coordinator.text import counted

MEASURES = (1.0, 2.0, 6.0)
"""Sent by the canary: their mean is none of them, so it was computed."""

MOST_SHOWN = 3

GROWTHS = 6
"""Successive verifications with more each time that are a trend; fewer happen by chance."""

APART = datetime.timedelta(minutes=1)
"""Verifications closer together than this do not count as two."""

IDLE = 2
"""Successive verifications with work and no metricd that are a fault; it may just restart."""

STEADY = 3
"""Successive verifications with about as many as before that are a steady backlog."""

SAME = 0.2
"""Part by which a steady backlog may change."""

UNREGISTERED = "no metricd is registered with the coordination service (memcached)"
"""Said where metricd is down, or runs and has lost its coordinator: both look alike from here."""

SHARE = 0.1
"""Part of the threshold below which a backlog that grows is no fault."""


class GnocchiCheck(base.Check):
    """Lists resource types, counts what waits for metricd, and sends measures through it."""

    name = "metric"

    def read(self, service: Service) -> Reading:
        """List the resource types; they are also the proof that ceilometer-upgrade ran.

        The root, /healthcheck and even /v1/status answer 200 when the database is down; this does
        not. Source: Gnocchi's REST API, "Resource types".
        """
        answer = service.get("/v1/resource_type")
        try:
            types = resource_types.parse(answer)
        except ValueError as error:
            raise UnusableAnswerError(
                Cause.UNEXPECTED, f"answers no list of resource types: {error}"
            ) from None
        return Reading(f"lists {counted(len(types), 'resource type')}", resource_types=types)

    @property
    def inspections(self) -> Mapping[str, Inspection]:
        """The backlog of metricd."""
        return {"backlog": inspect_backlog}

    @property
    def canary(self) -> Inspection:
        """Measures, and their aggregate."""
        return send_canary


def send_canary(context: CheckContext) -> CheckResult:
    """Send measures and read back the aggregate that metricd made of them."""
    begun = time.monotonic()
    with canary_metric(context.service, context.request) as metric:
        metric.post(*MEASURES)
        values = metric.wait(context.patience)
        took = time.monotonic() - begun
        if not values:
            return _unprocessed(context, took)
    expected = sum(MEASURES) / len(MEASURES)
    if len(values) != 1 or not math.isclose(values[0], expected):
        told = ", ".join(f"{value:g}" for value in values[:MOST_SHOWN])
        text = f"returned {told} for the mean of test measures, expected {expected:g}"
        return CheckResult(Severity.FAILED, text, Cause.WRONG_VALUE)
    return CheckResult(Severity.OK, f"processed test measures in {took:.1f} s")


def _unprocessed(context: CheckContext, took: float) -> CheckResult:
    text, remedy = f"has not processed test measures after {took:.0f} s", ""
    with contextlib.suppress(Exception):  # what was found is told without it
        waiting, processors = read_backlog(context.service)
        text = f"{text} (backlog: {waiting})"
        if processors == 0:
            text, remedy = f"{text}; {UNREGISTERED}", _restart(context)
    return CheckResult(Severity.FAILED, text, Cause.NOT_PROCESSED, remedy)


def _restart(context: CheckContext) -> str:
    """The remedy for a metricd that is down, or must join its group again."""
    application = context.subject.names.application
    return f"juju exec -a {application} -- systemctl restart gnocchi-metricd"


def read_backlog(gnocchi: Service) -> tuple[int, int | None]:
    """Ask how many measures wait for metricd, and how many of it are in the group for the work.

    Measures that were sent together count once. The group is kept in the coordination service;
    None where that cannot tell. Without details: these name every metric that waits. Source:
    Gnocchi's REST API, "Status"; gnocchi/rest/api.py, `StatusController`.
    """
    status = gnocchi.get("/v1/status", details="false")
    summary = base.field(base.field(status, "storage", "status"), "summary", "status")
    try:
        waiting = int(base.number(base.field(summary, "measures", "status"), LARGEST))
    except ValueError:
        text = "returned an impossible number of waiting measures"
        raise UnusableAnswerError(Cause.UNEXPECTED, text) from None
    return waiting, base.length(base.optional(status, "metricd"), "processors")


def inspect_backlog(context: CheckContext) -> CheckResult:
    """Tell if metricd keeps up; one request.

    It does not where more waits than the threshold, where a tenth of it waits and becomes more
    each time, and where something waits and no metricd is there. Gnocchi answers 503 when counting
    takes it too long: that is no fault.
    """
    try:
        waiting, processors = read_backlog(context.service)
    except ApiError as error:
        if error.cause is not Cause.SERVER_ERROR:
            raise
        reason = errors.explain(error, context.service.url).text
        return CheckResult(Severity.SKIPPED, f"cannot tell its backlog: {reason}", error.cause)
    trend = _trend(context.memory.backlog, waiting, processors)
    threshold = context.request.thresholds.backlog
    figures = {figures_of.BACKLOG: waiting}
    cause, remedy = Cause.BACKLOG, ""
    text = f"has {counted(waiting, 'measure')} waiting for metricd"
    if trend.idle >= IDLE:
        text, cause, remedy = f"{text}; {UNREGISTERED}", Cause.NOT_PROCESSED, _restart(context)
    elif waiting > threshold and trend.steady >= STEADY:
        text = (
            f"{text}, about as many for {trend.steady + 1} verifications: its capacity is short, "
            "raise worker-multiplier or add a unit"
        )
        remedy = f"juju config {context.subject.names.application} worker-multiplier"
    elif waiting > threshold:
        text = f"{text}, more than {threshold} (backlog-threshold)"
    elif trend.growths >= GROWTHS and waiting > threshold * SHARE:
        text = f"{text}, more in each of {trend.growths} verifications"
    else:
        return CheckResult(Severity.OK, text, figures=figures, memory=trend)
    return CheckResult(Severity.DEGRADED, text, cause, remedy, figures=figures, memory=trend)


def _trend(before: BacklogTrend | None, waiting: int, processors: int | None) -> BacklogTrend:
    now = datetime.datetime.now(datetime.timezone.utc)
    if before is None:
        return BacklogTrend(waiting, now)
    grows = waiting > before.waiting
    if datetime.timedelta() <= now - before.at < APART:
        # a moment later: neither one more nor the end of a trend
        return msgspec.structs.replace(before, growths=before.growths if grows else 0)
    is_steady = before.waiting * (1 - SAME) <= waiting <= before.waiting * (1 + SAME)
    is_idle = processors == 0 and 0 < before.waiting <= waiting
    return BacklogTrend(
        waiting,
        now,
        growths=before.growths + 1 if grows else 0,
        steady=before.steady + 1 if is_steady else 0,
        idle=before.idle + 1 if is_idle else 0,
    )
