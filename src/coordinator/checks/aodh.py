"""Aodh: alarms come from its database, read with a token that Aodh has keystone validate."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Mapping

from coordinator.checks import base
from coordinator.checks.alarm_sample import inspect_alarms
from coordinator.checks.base import CheckContext, CheckResult, Inspection, Reading
from coordinator.checks.canaries.alarm import canary_alarm, is_unknown
from coordinator.checks.canaries.metric import CanaryMetric, canary_metric
from coordinator.openstack import errors, http
from coordinator.openstack.client import Service
from coordinator.report.finding import Cause, Severity

EVALUATIONS = 2
"""Intervals within which the canary alarm must be evaluated."""

ENOUGH = 1.5
"""Intervals after which it should have been: the half is for the evaluation's own length."""

PROCESSING = 60
"""Seconds within which Gnocchi processes the measures that the alarm is about."""

MOST = 900
"""Seconds that canary-timeout allows."""


class AodhCheck(base.Check):
    """Lists alarms, sees whether they are evaluated, and makes one that must be."""

    def read(self, service: Service) -> Reading:
        """List one alarm at most. Source: Aodh's API reference, `GET /v2/alarms`."""
        base.records(service.get("/v2/alarms", limit=1), "alarms")
        return Reading("lists alarms")

    @property
    def inspections(self) -> Mapping[str, Inspection]:
        """The alarms that there are."""
        return {"alarms": inspect_alarms}

    @property
    def canary(self) -> Inspection:
        """An alarm on a metric of its own."""
        return send_canary


def send_canary(context: CheckContext) -> CheckResult:
    """Make an alarm on a canary metric and see whether it is evaluated.

    What is wrong with the metric is Gnocchi's fault, and told by Gnocchi's own canary.
    """
    gnocchi = context.services.get("metric")
    if gnocchi is None:
        return _not_sent("Gnocchi does not answer")
    if contradiction := _contradiction(context):
        return contradiction
    seconds = context.request.thresholds.canary_timeout
    with contextlib.ExitStack() as made:
        try:
            metric = made.enter_context(
                canary_metric(gnocchi, context.request.coordinator, seconds, span=seconds)
            )
            metric.post(1.0)
            processed = metric.wait(context.patience)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is not Aodh's
            return _not_sent(f"Gnocchi {errors.explain(error, gnocchi.url).text}")
        if not processed:
            return _not_sent("Gnocchi did not process its measures in time")
        return _watch(context, metric)


def _not_sent(reason: str) -> CheckResult:
    return CheckResult(Severity.SKIPPED, f"was sent no test alarm: {reason}", Cause.NOT_ASKED)


def _contradiction(context: CheckContext) -> CheckResult | None:
    """What to say where a dead evaluator could not be told from one that has no time yet."""
    thresholds, us = context.request.thresholds, context.request.coordinator
    interval, seconds = thresholds.evaluation_interval, thresholds.canary_timeout
    if seconds >= ENOUGH * interval:
        return None
    needed = math.ceil(EVALUATIONS * interval + PROCESSING)
    text = (
        f"cannot be sent a test alarm: alarm-evaluation-interval ({interval} s) is too long for "
        f"canary-timeout ({seconds} s)"
    )
    if needed > MOST:
        return CheckResult(Severity.SKIPPED, text, Cause.TIMEOUT, f"juju config {us}")
    remedy = f"juju config {us} canary-timeout={needed}"
    return CheckResult(Severity.DEGRADED, text, Cause.TIMEOUT, remedy)


def _watch(context: CheckContext, metric: CanaryMetric) -> CheckResult:
    """Make the alarm, and wait until it is evaluated."""
    patience, thresholds = context.patience, context.request.thresholds
    # the metric is removed after the alarm, and wants some time, too
    aodh = context.service.until(http.Deadline((patience.at + context.deadline.at) / 2))
    seconds = thresholds.canary_timeout
    with canary_alarm(aodh, metric, context.request.coordinator, seconds) as canary:
        begun = time.monotonic()
        due = http.Deadline(begun + EVALUATIONS * thresholds.evaluation_interval)
        alarm = canary.wait(min(due, patience, key=lambda deadline: deadline.at))
        took = time.monotonic() - begun
    if not is_unknown(alarm):
        return CheckResult(Severity.OK, f"evaluated a test alarm in {took:.1f} s")
    if canary.was_looked_at(alarm):
        text = "runs its evaluator, which cannot read measures that Gnocchi has"
        return CheckResult(Severity.FAILED, text, Cause.NO_DATA)
    if took >= ENOUGH * thresholds.evaluation_interval:
        what = f"has not evaluated a test alarm after {took:.0f} s"
        every = f"every {thresholds.evaluation_interval} s (alarm-evaluation-interval)"
        text = f"{what}: its evaluator does not work, or not {every}"
        return CheckResult(Severity.FAILED, text, Cause.NOT_EVALUATED)
    text = f"had no time to evaluate a test alarm ({took:.0f} s were left)"
    needed = seconds + EVALUATIONS * thresholds.evaluation_interval
    remedy = f"juju config {context.request.coordinator} canary-timeout={min(needed, MOST)}"
    return CheckResult(Severity.SKIPPED, text, Cause.TIMEOUT, remedy)
