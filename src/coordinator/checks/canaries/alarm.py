"""A canary alarm in Aodh: made on a canary metric, watched, and removed.

It has no actions, so nobody is notified.
"""

from __future__ import annotations

import contextlib
import datetime
import math
import time
from collections.abc import Generator, Iterator
from typing import Any

from coordinator.checks import base
from coordinator.checks.alarm_sample import PATH, UNKNOWN, evaluated_at, find, moment
from coordinator.checks.base import CheckContext, CheckResult
from coordinator.checks.canaries import lifecycle
from coordinator.checks.canaries.metric import AGGREGATION, NAME, CanaryMetric, canary_metric
from coordinator.openstack import errors, http
from coordinator.openstack.client import Service
from coordinator.openstack.errors import UnusableAnswerError
from coordinator.report.finding import Cause, Severity
from coordinator.request import CANARY_TIMEOUTS, Request

EVALUATIONS = 2
"""Intervals within which the canary alarm must be evaluated."""

ENOUGH = 1.5
"""Intervals after which it should have been; the half is for the length of the evaluation."""

PROCESSING = 60
"""Seconds within which Gnocchi processes the measures that the alarm is about."""


def send_canary(context: CheckContext) -> CheckResult:
    """Make an alarm on a canary metric, and tell if it is evaluated.

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
    """The answer where the options leave an evaluator that works no time to show it."""
    thresholds, us = context.request.thresholds, context.request.coordinator
    interval = thresholds.evaluation_interval
    needed = math.ceil(EVALUATIONS * interval + PROCESSING)
    text = (
        f"cannot be sent a test alarm: alarm-evaluation-interval ({interval} s) is too long for "
        f"canary-timeout ({thresholds.canary_timeout} s)"
    )
    if needed > CANARY_TIMEOUTS[-1]:
        return CheckResult(Severity.SKIPPED, text, Cause.TIMEOUT, f"juju config {us}")
    remedy = f"juju config {us} canary-timeout={needed}"
    return CheckResult(Severity.DEGRADED, text, Cause.TIMEOUT, remedy)


def _watch(context: CheckContext, metric: CanaryMetric) -> CheckResult:
    """Make the alarm, and wait until it is evaluated."""
    patience, thresholds = context.patience, context.request.thresholds
    interval = thresholds.evaluation_interval
    # the metric is removed after the alarm, and wants some time, too
    aodh = context.service.until(http.Deadline((patience.at + context.deadline.at) / 2))
    with _canary_alarm(aodh, metric, context.request) as id_:
        begun = time.monotonic()
        due = http.Deadline(min(begun + EVALUATIONS * interval, patience.at))
        alarm = lifecycle.wait(lambda: aodh.get(PATH, id_), _has_state, due)
        took = time.monotonic() - begun
    if _has_state(alarm):
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
    needed = min(thresholds.canary_timeout + EVALUATIONS * interval, CANARY_TIMEOUTS[-1])
    remedy = f"juju config {context.request.coordinator} canary-timeout={needed}"
    return CheckResult(Severity.SKIPPED, text, Cause.TIMEOUT, remedy)


@contextlib.contextmanager
def _canary_alarm(aodh: Service, metric: CanaryMetric, request: Request) -> Generator[str]:
    """Make the canary alarm, give its id, and remove it at the end with those of crashed runs.

    At most 3 requests of its own, and one more for each left-over. Source: Aodh's API reference,
    "Alarms".
    """
    name, kind = lifecycle.name_of(request), "gnocchi_resources_threshold"
    rule = {
        "resource_type": "generic",
        "resource_id": metric.resource,
        "metric": NAME,
        "aggregation_method": AGGREGATION,
        "granularity": max(1, round(metric.granularity)),
        "evaluation_periods": 1,
        "comparison_operator": "gt",
        "threshold": 1e9,  # never reached
    }
    with lifecycle.told_as("cannot make a test alarm", aodh):
        made = aodh.post(PATH, {"name": name, "type": kind, f"{kind}_rule": rule})
    made_at = moment(base.field(made, "timestamp", "alarm"))
    if made_at is None:
        raise UnusableAnswerError(Cause.UNEXPECTED, "answers no alarm when one is made")
    id_ = str(base.field(made, "alarm_id", "alarm"))
    owner = str(base.field(made, "user_id", "alarm"))
    left_overs = _left_overs(aodh, name, owner, made_at - lifecycle.longest_life(request))
    with lifecycle.removing(aodh, PATH, id_, left_overs):
        yield id_


def _has_state(alarm: dict[str, Any]) -> bool:
    """Tell if the alarm was evaluated with success."""
    return alarm.get("state") != UNKNOWN


def _left_overs(aodh: Service, name: str, owner: str, before: datetime.datetime) -> Iterator[str]:
    limit = lifecycle.MOST_LEFT_OVERS
    for one in find(aodh, limit, "timestamp:asc", name=name, user_id=owner):
        made_at = moment(one.get("timestamp"))
        if made_at is not None and made_at < before:
            yield str(one.get("alarm_id"))
