"""A canary alarm in Aodh: made on a canary metric, watched, and removed.

It has no actions, so nobody is notified.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Generator, Iterator
from typing import Any

from coordinator.checks import base
from coordinator.checks.canaries import lifecycle
from coordinator.checks.canaries.metric import AGGREGATION, NAME, CanaryMetric
from coordinator.openstack.client import Service
from coordinator.openstack.errors import UnusableAnswerError
from coordinator.report.finding import Cause
from coordinator.request import Request

UNKNOWN = "insufficient data"
"""The state of an alarm that was never evaluated, or for which there were no measures."""

MOMENT = datetime.timedelta(seconds=0.2)
"""Between the two times of an alarm that was just made. It is evaluated later than that: the
evaluator leaves it alone for half an interval (aodh/evaluator/__init__.py, `_assigned_alarms`)."""

_YEARS = range(2001, 3000)
"""Years in which Aodh's times are: others cannot be reckoned with."""

_PATH = "/v2/alarms"


@contextlib.contextmanager
def canary_alarm(aodh: Service, metric: CanaryMetric, request: Request) -> Generator[str]:
    """Make a canary alarm, give its id, and remove it at the end with those of crashed runs.

    At most 3 requests of its own, and one more for each left-over. Source: Aodh's API reference,
    "Alarms".

    Args:
        aodh: the service; some time must be left of its deadline when the block ends.
        metric: what the alarm is about.
        request: tells whose the canary is, and how long it lives.

    Raises:
        UnusableAnswerError: it cannot be made.
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
        made = aodh.post(_PATH, {"name": name, "type": kind, f"{kind}_rule": rule})
    made_at = moment(base.field(made, "timestamp", "alarm"))
    if made_at is None:
        raise UnusableAnswerError(Cause.UNEXPECTED, "answers no alarm when one is made")
    id_ = str(base.field(made, "alarm_id", "alarm"))
    owner = str(base.field(made, "user_id", "alarm"))
    left_overs = _left_overs(aodh, name, owner, made_at - lifecycle.longest_life(request))
    with lifecycle.removing(aodh, _PATH, id_, left_overs):
        yield id_


def find(
    aodh: Service, limit: int, sort: str = "timestamp:desc", **conditions: str
) -> list[dict[str, Any]]:
    """Find alarms that meet conditions, those that were changed last first.

    Source: Aodh's API reference, "Alarms", and its `Query` type.
    """
    query = {
        "q.field": list(conditions),
        "q.op": ["eq"] * len(conditions),
        "q.value": list(conditions.values()),
    }
    return base.records(aodh.get(_PATH, limit=limit, sort=sort, **query), "alarms")


def has_state(alarm: dict[str, Any]) -> bool:
    """Tell if the alarm was evaluated with success."""
    return alarm.get("state") != UNKNOWN


def evaluated_at(alarm: dict[str, Any]) -> datetime.datetime | None:
    """The time at which the evaluator last took the alarm up, whatever came of that.

    None where it has not done so since the alarm was made, or Aodh does not tell.
    """
    made_at, at = moment(alarm.get("timestamp")), moment(alarm.get("evaluate_timestamp"))
    return at if made_at and at and at - made_at >= MOMENT else None


def moment(text: Any) -> datetime.datetime | None:
    """A time as Aodh writes it, in UTC without a zone; None where it is none."""
    try:
        at = datetime.datetime.fromisoformat(str(text)).replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        return None
    return at if at.year in _YEARS else None


def _left_overs(aodh: Service, name: str, owner: str, before: datetime.datetime) -> Iterator[str]:
    limit = lifecycle.MOST_LEFT_OVERS
    for one in find(aodh, limit, "timestamp:asc", name=name, user_id=owner):
        made_at = moment(one.get("timestamp"))
        if made_at is not None and made_at < before:
            yield str(one.get("alarm_id"))
