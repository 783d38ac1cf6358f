"""A canary alarm in Aodh: made on a canary metric, watched, and removed whatever happens.

Its name tells whose it is. What a crashed run left behind is found by name, owner and age, all as
Aodh itself tells them. It has no actions, so nobody is notified.
"""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Generator, Iterator
from typing import Any

import msgspec

from coordinator.checks import base
from coordinator.checks.canaries import cleanup
from coordinator.checks.canaries.metric import AGGREGATION, CanaryMetric
from coordinator.openstack import errors, http
from coordinator.openstack.client import Service
from coordinator.openstack.errors import UnusableAnswerError
from coordinator.report.finding import Cause

UNKNOWN = "insufficient data"
"""The state of an alarm that was never evaluated, or for want of measures not with success."""

MOMENT = datetime.timedelta(seconds=0.2)
"""Between the two times of an alarm that was just made. It is evaluated later than that: the
evaluator leaves it alone for half an interval (aodh/evaluator/__init__.py, `_assigned_alarms`)."""


_SINCE, _UNTIL = 2000, 3000
"""Years between which Aodh's times are: others cannot be reckoned with."""


class CanaryAlarm(msgspec.Struct, frozen=True):
    """An alarm of the coordinator's own, as long as `canary_alarm` is open.

    Attributes:
        aodh: where it is.
        id: as Aodh names it.
        made_at: when, by Aodh's clock.
        owner: the user that made it.
    """

    aodh: Service
    id: str
    made_at: datetime.datetime
    owner: str

    def wait(self, patience: http.Deadline) -> dict[str, Any]:
        """The alarm, as soon as it has another state; as it is when patience ended before.

        Raises:
            Exception: anything of the HTTP stack; `errors.explain` tells what it means.
        """
        pause = 0.2
        while (alarm := self.aodh.get("/v2/alarms", self.id)) and is_unknown(alarm):
            if patience.passed:
                break
            time.sleep(min(pause, patience.left))
            pause = min(2.0, pause * 1.5)
        return alarm

    def was_looked_at(self, alarm: dict[str, Any]) -> bool:
        """Whether the evaluator tried to evaluate it, whatever came of that."""
        at = evaluated_at(alarm)
        return at is not None and at - self.made_at > MOMENT


@contextlib.contextmanager
def canary_alarm(
    aodh: Service, metric: CanaryMetric, coordinator: str, seconds: float
) -> Generator[CanaryAlarm]:
    """Make a canary alarm, remove what crashed runs left behind, and remove it at the end.

    At most 3 requests of its own, and one more for each left-over. Source: Aodh's API reference,
    "Alarms".

    Args:
        aodh: the service; some time must be left of its deadline when the block ends.
        metric: what the alarm is about.
        coordinator: name of the coordinator's own application.
        seconds: how long a canary lives at most: older ones are left-overs.

    Raises:
        UnusableAnswerError: it cannot be made.
    """
    name = f"telemetry-coordinator:{coordinator}:canary"
    rule = {
        "resource_type": "generic",
        "resource_id": metric.resource,
        "metric": metric.name,
        "aggregation_method": AGGREGATION,
        "granularity": max(1, round(metric.policy.granularity)),
        "evaluation_periods": 1,
        "comparison_operator": "gt",
        "threshold": 1e9,  # never reached
    }
    kind = "gnocchi_resources_threshold"
    try:
        made = aodh.post("/v2/alarms", {"name": name, "type": kind, f"{kind}_rule": rule})
        alarm = _parsed(aodh, made)
    except Exception as error:
        fault = errors.explain(error, aodh.url)
        raise UnusableAnswerError(
            fault.cause, f"cannot make a test alarm: {fault.text}"
        ) from error
    try:
        age = seconds + cleanup.MARGIN
        cleanup.sweep(aodh, "/v2/alarms", lambda: _left_overs(alarm, name, age))
        yield alarm
    finally:
        cleanup.remove(aodh, "/v2/alarms", alarm.id)


def find(
    aodh: Service, limit: int, sort: str = "timestamp:desc", **conditions: str
) -> list[dict[str, Any]]:
    """Alarms that meet conditions, those that were changed last first.

    Source: Aodh's API reference, "Alarms", and its `Query` type.

    Raises:
        Exception: anything of the HTTP stack; `errors.explain` tells what it means.
    """
    query = {
        "q.field": list(conditions),
        "q.op": ["eq"] * len(conditions),
        "q.value": list(conditions.values()),
    }
    return base.records(aodh.get("/v2/alarms", limit=limit, sort=sort, **query), "alarms")


def is_unknown(alarm: dict[str, Any]) -> bool:
    """Whether the alarm has the state of one that was not evaluated."""
    return alarm.get("state") == UNKNOWN


def evaluated_at(alarm: dict[str, Any]) -> datetime.datetime | None:
    """When the evaluator last took the alarm up; None where Aodh does not tell."""
    return moment(alarm.get("evaluate_timestamp"))


def moment(text: Any) -> datetime.datetime | None:
    """A time as Aodh writes it, in UTC without a zone; None where it is none."""
    try:
        at = datetime.datetime.fromisoformat(str(text)).replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        return None
    return at if _SINCE < at.year < _UNTIL else None


def _parsed(aodh: Service, alarm: Any) -> CanaryAlarm:
    made_at = moment(base.field(alarm, "timestamp", "alarm"))
    if made_at is None:
        raise UnusableAnswerError(Cause.UNEXPECTED, "answers no alarm when one is made")
    owner = str(base.field(alarm, "user_id", "alarm"))
    return CanaryAlarm(aodh, str(base.field(alarm, "alarm_id", "alarm")), made_at, owner)


def _left_overs(canary: CanaryAlarm, name: str, age: float) -> Iterator[str]:
    """Ids of what is ours, and too old for a canary that another unit sends right now."""
    before = canary.made_at - datetime.timedelta(seconds=age)
    most = cleanup.MOST
    for one in find(canary.aodh, most, "timestamp:asc", name=name, user_id=canary.owner):
        made_at = moment(one.get("timestamp"))
        if made_at is not None and made_at < before:
            yield str(one.get("alarm_id"))
