"""How many measures wait for Gnocchi's metricd, and whether they become ever more."""

from __future__ import annotations

import datetime

from coordinator.checks import reading
from coordinator.checks.deep import CheckContext, CheckResult
from coordinator.openstack import errors
from coordinator.openstack.client import Service
from coordinator.openstack.errors import UnusableAnswerError
from coordinator.report import figures
from coordinator.report.finding import Cause, Severity
from coordinator.report.report import Report

GROWTHS = 6
"""Successive reports with more each time that are a trend; fewer happen by chance."""

APART = datetime.timedelta(minutes=1)
"""Reports closer together than this do not count as two."""

SHARE = 0.1
"""Part of the threshold below which a backlog that grows is no fault."""

_GROWTHS = "metric.backlog.growths"


def waiting(gnocchi: Service) -> int:
    """How many measures wait for metricd; what is sent in one request counts once.

    Without details: these name every metric that waits. Source: Gnocchi's REST API, "Status".

    Raises:
        Exception: anything of the HTTP stack; `faults.explain` tells what it means.
    """
    storage = reading.field(gnocchi.get("/v1/status", details="false"), "storage", "status")
    summary = reading.field(storage, "summary", "status")
    number = reading.field(summary, "measures", "status")
    if not isinstance(number, int):
        raise UnusableAnswerError(Cause.UNEXPECTED, "answers no number of waiting measures")
    return number


def backlog(scene: CheckContext) -> CheckResult:
    """Whether more measures wait than the threshold, or a tenth of it and more each time.

    One request. Gnocchi answers 503 when counting takes it too long: that is no fault.
    """
    try:
        now = waiting(scene.service)
    except Exception as error:
        fault = errors.explain(error, scene.service.url)
        if fault.cause is not Cause.SERVER_ERROR:
            raise
        return CheckResult(Severity.SKIPPED, f"cannot tell its backlog: {fault.text}", fault.cause)
    threshold = scene.request.thresholds.backlog
    growths = _growths(now, scene.request.earlier)
    numbers: dict[str, float] = {figures.BACKLOG: now, _GROWTHS: growths}
    text = f"has {reading.count(now, 'measure')} waiting for metricd"
    if now > threshold:
        text = f"{text}, more than {threshold}"
    elif growths >= GROWTHS and now > threshold * SHARE:
        text = f"{text}, more in each of {growths} reports"
    else:
        return CheckResult(Severity.OK, text, figures=numbers)
    return CheckResult(Severity.DEGRADED, text, Cause.BACKLOG, figures=numbers)


def _growths(now: int, earlier: Report | None) -> float:
    """In how many reports there were more than in the one before, without a break."""
    if earlier is None or now <= earlier.figures.get(figures.BACKLOG, now):
        return 0
    apart = datetime.datetime.now(datetime.timezone.utc) - earlier.taken_at >= APART
    return earlier.figures.get(_GROWTHS, 0) + apart
