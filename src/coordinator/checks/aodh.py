"""Aodh: alarms come from its database, read with a token that Aodh has keystone validate."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Mapping

from coordinator.checks import base
from coordinator.checks.alarm_sample import inspect_alarms
from coordinator.checks.base import CheckContext, CheckResult, Inspection, Reading
from coordinator.checks.canaries import lifecycle
from coordinator.checks.canaries.alarm import canary_alarm, evaluated_at, has_state
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

LONGEST_TIMEOUT = 900
"""Seconds that the option canary-timeout may have."""


class AodhCheck(base.Check):
    """Lists alarms, looks when they were evaluated, and makes one that must be."""

    name = "alarming"

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
    thresholds = context.request.thresholds
    if thresholds.canary_timeout < ENOUGH * thresholds.evaluation_interval:
        return _contradiction(context)
    with contextlib.ExitStack() as made:
        try:
            metric = made.enter_context(
                canary_metric(gnocchi, context.request, thresholds.canary_timeout)
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


def _contradiction(context: CheckContext) -> CheckResult:
    """The answer where a dead evaluator could not be told from one that has no time yet."""
    thresholds, us = context.request.thresholds, context.request.coordinator
    interval = thresholds.evaluation_interval
    needed = math.ceil(EVALUATIONS * interval + PROCESSING)
    text = (
        f"cannot be sent a test alarm: alarm-evaluation-interval ({interval} s) is too long for "
        f"canary-timeout ({thresholds.canary_timeout} s)"
    )
    if needed > LONGEST_TIMEOUT:
        return CheckResult(Severity.SKIPPED, text, Cause.TIMEOUT, f"juju config {us}")
    remedy = f"juju config {us} canary-timeout={needed}"
    return CheckResult(Severity.DEGRADED, text, Cause.TIMEOUT, remedy)


def _watch(context: CheckContext, metric: CanaryMetric) -> CheckResult:
    """Make the alarm, and wait until it is evaluated."""
    patience, thresholds = context.patience, context.request.thresholds
    interval = thresholds.evaluation_interval
    # the metric is removed after the alarm, and wants some time, too
    aodh = context.service.until(http.Deadline((patience.at + context.deadline.at) / 2))
    with canary_alarm(aodh, metric, context.request) as id_:
        begun = time.monotonic()
        due = http.Deadline(min(begun + EVALUATIONS * interval, patience.at))
        alarm = lifecycle.wait(lambda: aodh.get("/v2/alarms", id_), has_state, due)
        took = time.monotonic() - begun
    if has_state(alarm):
        return CheckResult(Severity.OK, f"evaluated a test alarm in {took:.1f} s")
    if evaluated_at(alarm):
        text = "runs its evaluator, which cannot read measures that Gnocchi has"
        return CheckResult(Severity.FAILED, text, Cause.NO_DATA)
    if took >= ENOUGH * interval:
        what = f"has not evaluated a test alarm after {took:.0f} s"
        every = f"every {interval} s (alarm-evaluation-interval)"
        text = f"{what}: its evaluator does not work, or not {every}"
        return CheckResult(Severity.FAILED, text, Cause.NOT_EVALUATED)
    text = f"had no time to evaluate a test alarm ({took:.0f} s were left)"
    needed = min(thresholds.canary_timeout + EVALUATIONS * interval, LONGEST_TIMEOUT)
    remedy = f"juju config {context.request.coordinator} canary-timeout={needed}"
    return CheckResult(Severity.SKIPPED, text, Cause.TIMEOUT, remedy)
