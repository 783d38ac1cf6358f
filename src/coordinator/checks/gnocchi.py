"""Gnocchi: the resource types come from its indexer, so its database answers too.

Its canary takes metricd; its backlog tells whether metricd keeps up.
"""

from __future__ import annotations

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
from coordinator.openstack.errors import UnusableAnswerError
from coordinator.report import figures as figures_of
from coordinator.report.finding import Cause, Severity
from coordinator.text import counted

MEASURES = (1.0, 2.0, 6.0)
"""What the canary sends: their mean is none of them, so it was computed."""

GROWTHS = 6
"""Successive verifications with more each time that are a trend; fewer happen by chance."""

APART = datetime.timedelta(minutes=1)
"""Verifications closer together than this do not count as two."""

IDLE = 2
"""Successive verifications with something to do and nobody to do it that are a fault: one that
restarts is away for a moment."""

STEADY = 3
"""Successive verifications with about as many as before that are a steady backlog."""

SAME = 0.2
"""Part by which a steady backlog may change."""

SHOWN = 3
"""Values that are shown at most."""

UNREGISTERED = "no metricd is registered with the coordination service (memcached)"
"""Said where metricd is down, or runs and has lost its coordinator: both look alike from here."""

SHARE = 0.1
"""Part of the threshold below which a backlog that grows is no fault."""


class GnocchiCheck(base.Check):
    """Lists resource types, counts what waits for metricd, and sends measures through it."""

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
    """Send measures and read their aggregate back, as metricd made it."""
    begun = time.monotonic()
    seconds = context.request.thresholds.canary_timeout
    with canary_metric(context.service, context.request.coordinator, seconds) as metric:
        metric.post(*MEASURES)
        values = metric.wait(context.patience)
        took = time.monotonic() - begun
        if not values:
            return _unprocessed(context, took)
    expected = sum(MEASURES) / len(MEASURES)
    if len(values) != 1 or not math.isclose(values[0], expected):
        told = ", ".join(f"{value:g}" for value in values[:SHOWN])
        text = f"returned {told} for the mean of test measures, expected {expected:g}"
        return CheckResult(Severity.FAILED, text, Cause.WRONG_VALUE)
    return CheckResult(Severity.OK, f"processed test measures in {took:.1f} s")


def _unprocessed(context: CheckContext, took: float) -> CheckResult:
    """What is to be said when metricd did not process what the canary sent."""
    text = f"has not processed test measures after {took:.0f} s"
    try:
        backlog = read_backlog(context.service)
    except Exception:  # noqa: BLE001 - what was found is told without it
        return CheckResult(Severity.FAILED, text, Cause.NOT_PROCESSED)
    text = f"{text} (backlog: {backlog.waiting})"
    if backlog.processors == 0:
        text = f"{text}; {UNREGISTERED}"
        return CheckResult(Severity.FAILED, text, Cause.NOT_PROCESSED, _restart(context))
    return CheckResult(Severity.FAILED, text, Cause.NOT_PROCESSED)


def _restart(context: CheckContext) -> str:
    """What starts a metricd that is down, and lets one that is cut off join its group again."""
    application = context.subject.names.application
    return f"juju exec -a {application} -- systemctl restart gnocchi-metricd"


class Backlog(msgspec.Struct, frozen=True):
    """What Gnocchi tells of its metricd.

    Attributes:
        waiting: measures that wait for it; what is sent in one request counts once.
        processors: metricd processes in the group that shares the work; None where the
            coordination service cannot tell.
    """

    waiting: int
    processors: int | None


def read_backlog(gnocchi: Service) -> Backlog:
    """Ask what waits for metricd, and how many of it there are.

    Without details: these name every metric that waits. Source: Gnocchi's REST API, "Status";
    gnocchi/rest/api.py, `StatusController`: the group is kept in the coordination service.

    Raises:
        Exception: anything of the HTTP stack; `errors.explain` tells what it means.
    """
    status = gnocchi.get("/v1/status", details="false")
    summary = base.field(base.field(status, "storage", "status"), "summary", "status")
    try:
        waiting = int(base.number(base.field(summary, "measures", "status"), LARGEST))
    except ValueError:
        text = "returned an impossible number of waiting measures"
        raise UnusableAnswerError(Cause.UNEXPECTED, text) from None
    return Backlog(waiting, base.length(base.optional(status, "metricd"), "processors"))


def inspect_backlog(context: CheckContext) -> CheckResult:
    """Tell whether metricd keeps up: what waits for it, and how that changed.

    It does not where more waits than the threshold, where a tenth of it waits and becomes more
    each time, and where something waits and no metricd is there. One request. Gnocchi answers 503
    when counting takes it too long: that is no fault.
    """
    try:
        backlog = read_backlog(context.service)
    except Exception as error:
        fault = errors.explain(error, context.service.url)
        if fault.cause is not Cause.SERVER_ERROR:
            raise
        return CheckResult(Severity.SKIPPED, f"cannot tell its backlog: {fault.text}", fault.cause)
    now, threshold = backlog.waiting, context.request.thresholds.backlog
    trend = _trend(backlog, context.memory.backlog)
    figures = {figures_of.BACKLOG: now}
    cause, remedy = Cause.BACKLOG, ""
    text = f"has {counted(now, 'measure')} waiting for metricd"
    if trend.idle >= IDLE:
        text, cause, remedy = f"{text}; {UNREGISTERED}", Cause.NOT_PROCESSED, _restart(context)
    elif now > threshold and trend.steady >= STEADY:
        text = (
            f"{text}, about as many for {trend.steady + 1} verifications: its capacity is short, "
            "raise worker-multiplier or add a unit"
        )
        remedy = f"juju config {context.subject.names.application} worker-multiplier"
    elif now > threshold:
        text = f"{text}, more than {threshold} (backlog-threshold)"
    elif trend.growths >= GROWTHS and now > threshold * SHARE:
        text = f"{text}, more in each of {trend.growths} verifications"
    else:
        return CheckResult(Severity.OK, text, figures=figures, memory=trend)
    return CheckResult(Severity.DEGRADED, text, cause, remedy, figures=figures, memory=trend)


def _trend(backlog: Backlog, before: BacklogTrend | None) -> BacklogTrend:
    """The trend with the number of now."""
    now = datetime.datetime.now(datetime.timezone.utc)
    start = BacklogTrend(backlog.waiting, now)
    if before is None:
        return start
    if datetime.timedelta() <= now - before.at < APART:
        # a moment later: neither one more nor the end of a trend
        grows = backlog.waiting > before.waiting
        return msgspec.structs.replace(before, growths=before.growths if grows else 0)
    more, less = before.waiting * (1 + SAME), before.waiting * (1 - SAME)
    lost = backlog.processors == 0 and 0 < before.waiting <= backlog.waiting
    return msgspec.structs.replace(
        start,
        growths=before.growths + 1 if backlog.waiting > before.waiting else 0,
        steady=before.steady + 1 if less <= backlog.waiting <= more else 0,
        idle=before.idle + 1 if lost else 0,
    )
