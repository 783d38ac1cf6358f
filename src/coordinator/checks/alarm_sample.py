"""What the alarms of a cloud tell about Aodh's evaluator: a few of them, however many."""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from coordinator.checks.canaries.alarm import MOMENT, UNKNOWN, evaluated_at, find, moment
from coordinator.checks.deep import CheckContext, CheckResult
from coordinator.openstack import errors
from coordinator.openstack.client import Service
from coordinator.report.finding import Cause, Severity
from coordinator.text import plain

SAMPLE = 20
"""Alarms that are looked at for when they were evaluated."""

OF_A_TYPE = 5
"""Alarms of each type whose measures are looked for."""

CYCLES = 3
"""Evaluations that may be missed."""

_UNANSWERED = (KeyError, TypeError, ValueError, errors.StatusError, errors.UnusableAnswerError)
"""What an alarm leads to whose rule Gnocchi cannot answer, such as a resource that is gone."""

_Rule = Mapping[str, Any]


def alarms(scene: CheckContext) -> CheckResult:
    """Whether the alarms that there are are evaluated, and get the measures that Gnocchi has."""
    sample = [one for one in _find(scene, SAMPLE) if one.get("type") != "event"]
    if not sample:
        return CheckResult(Severity.OK, "has no alarms to evaluate")
    age = _age_of_evaluation(scene.service, sample)
    seconds = scene.request.thresholds.evaluation_interval
    interval = datetime.timedelta(seconds=seconds)
    if age is not None and age > CYCLES * interval:
        last = f"evaluated its alarms last {_ago(age)}"
        # Aodh may be configured otherwise than our option says: only a canary proves it
        text = (
            f"{last}: its evaluator does not work, or not every {seconds} s "
            "(alarm-evaluation-interval)"
        )
        return CheckResult(Severity.DEGRADED, text, Cause.NOT_EVALUATED)
    when = f"evaluated its alarms {_ago(age)}" if age is not None else "has alarms"
    gnocchi = scene.services.get("metric")
    if gnocchi is None:
        return CheckResult(Severity.OK, when)
    stuck, looked_at = _without_data(scene, gnocchi, 2 * interval)
    if not stuck:
        counted = f"{looked_at} without data looked at" if looked_at else "all have data"
        return CheckResult(Severity.OK, f"{when}, and they get what Gnocchi has ({counted})")
    more = f" and {len(stuck) - 1} more" if len(stuck) > 1 else ""
    text = f"has an alarm without data that Gnocchi has: {stuck[0]}{more}"
    return CheckResult(Severity.DEGRADED, text, Cause.NO_DATA)


def _age_of_evaluation(aodh: Service, sample: list[dict[str, Any]]) -> datetime.timedelta | None:
    """How long ago an alarm was evaluated: Aodh writes down when it takes one up.

    That is so unless its evaluators share their work through a coordination service (tooz): then
    the time stays that of the alarm's making, and nothing can be said. No charm configures that.
    Source: aodh/evaluator/__init__.py, `_evaluate_alarm`.
    """
    times = [at for one in sample if (at := _evaluated_since_made(one)) is not None]
    return aodh.now() - max(times) if times else None


def _without_data(
    scene: CheckContext, gnocchi: Service, since: datetime.timedelta
) -> tuple[list[str], int]:
    """Names of alarms that lack data that Gnocchi has, and how many were looked at.

    An alarm whose measures were there some time ago, and are now, has no reason to say
    `insufficient data`. Whatever cannot be looked at is passed over, as are types of alarms that
    Gnocchi has nothing to do with.
    """
    now = gnocchi.now()
    looked_at = 0
    stuck: list[str] = []
    for kind, measures in _MEASURES.items():
        for alarm in _find(scene, OF_A_TYPE, state=UNKNOWN, type=kind):
            made_at = moment(alarm.get("timestamp"))
            if made_at is None or made_at > now - since or alarm.get("time_constraints"):
                continue
            looked_at += 1
            rule = cast("_Rule", alarm.get(f"{kind}_rule") or {})
            with contextlib.suppress(*_UNANSWERED):
                if all(_has_enough(gnocchi, measures, rule, at) for at in (now - since, now)):
                    stuck.append(plain(str(alarm.get("name")), limit=40))
    return stuck, looked_at


def _find(scene: CheckContext, limit: int, **conditions: str) -> list[dict[str, Any]]:
    """Enabled alarms of all projects, which only an administrator may list.

    Aodh takes the value `True` for a truth, and `true` for a text.
    """
    return find(scene.service, limit, enabled="True", all_projects="True", **conditions)


def _evaluated_since_made(alarm: dict[str, Any]) -> datetime.datetime | None:
    made_at, at = moment(alarm.get("timestamp")), evaluated_at(alarm)
    if made_at is None or at is None or at - made_at < MOMENT:
        return None
    return at


def _ago(age: datetime.timedelta) -> str:
    seconds = max(0, round(age.total_seconds()))
    return f"{seconds} s ago" if seconds < 120 else f"{seconds // 60} min ago"


def _has_enough(
    gnocchi: Service,
    measures: Callable[[Service, _Rule, dict[str, Any]], list[Any]],
    rule: _Rule,
    at: datetime.datetime,
) -> bool:
    """Whether an evaluation at this time has enough measures.

    Source: aodh/evaluator/threshold.py, `_bound_duration`, and gnocchi.py, `_sanitize`.
    """
    granularity, periods = float(rule["granularity"]), int(rule["evaluation_periods"])
    window = datetime.timedelta(seconds=granularity * (periods + 1))
    bounds = {
        "granularity": f"{granularity:g}",
        "start": (at - window).isoformat(),
        "stop": at.isoformat(),
    }
    found = measures(gnocchi, rule, bounds)
    return sum(size == granularity for _, size, _ in found) >= periods


def _of_resource(gnocchi: Service, rule: _Rule, bounds: dict[str, Any]) -> list[Any]:
    return gnocchi.get(
        "/v1/resource/generic",
        rule["resource_id"],
        "metric",
        rule["metric"],
        "measures",
        aggregation=rule["aggregation_method"],
        **bounds,
    )


def _of_metrics(gnocchi: Service, rule: _Rule, bounds: dict[str, Any]) -> list[Any]:
    method = rule["aggregation_method"]
    metrics = [["metric", metric, _plain_method(method)] for metric in rule["metrics"]]
    body = {"operations": ["aggregate", method, *metrics]}
    return _aggregated(gnocchi.search("/v1/aggregates", body, needed_overlap=0, **bounds))


def _of_resources(gnocchi: Service, rule: _Rule, bounds: dict[str, Any]) -> list[Any]:
    method = rule["aggregation_method"]
    body = {
        "operations": ["aggregate", method, ["metric", rule["metric"], _plain_method(method)]],
        "search": json.loads(rule["query"]),
        "resource_type": rule["resource_type"],
    }
    return _aggregated(gnocchi.search("/v1/aggregates", body, needed_overlap=0, **bounds))


def _plain_method(method: str) -> str:
    """The method of the aggregates that a rate is made from."""
    return method.removeprefix("rate:")


def _aggregated(answer: Any) -> list[Any]:
    return answer["measures"]["aggregated"]


_MEASURES = {
    "gnocchi_resources_threshold": _of_resource,
    "gnocchi_aggregation_by_metrics_threshold": _of_metrics,
    "gnocchi_aggregation_by_resources_threshold": _of_resources,
}
"""How Aodh's evaluator asks for the measures of an alarm, by its type.

Source: aodh/evaluator/gnocchi.py. The type `generic` finds resources of any type.
"""
