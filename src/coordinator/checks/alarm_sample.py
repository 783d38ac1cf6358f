"""What the alarms of a cloud tell about Aodh's evaluator: a few of them, however many.

Anybody in the cloud can make alarms. One whose rule cannot be looked at costs itself alone.
"""

from __future__ import annotations

import datetime
import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from coordinator.checks import base
from coordinator.checks.base import CheckContext, CheckResult
from coordinator.checks.canaries.alarm import MOMENT, UNKNOWN, evaluated_at, find, moment
from coordinator.checks.parallel import gather
from coordinator.openstack import errors
from coordinator.openstack.client import Service
from coordinator.openstack.errors import UnusableAnswerError
from coordinator.report.finding import Cause, Severity
from coordinator.report.kept import Json
from coordinator.text import counted, lasting, named, quoted

SAMPLE = 20
"""Alarms that are looked at for when they were evaluated."""

OF_A_TYPE = 5
"""Alarms of each type whose measures are looked for."""

FEWER = 4
"""Part of the alarms that are listed where the answer with all of them is too large."""

CYCLES = 3
"""Evaluations that may be missed."""

MOST_PERIODS = 1000
"""Periods of an alarm that are read at most; more would be a large answer."""

MOST_METRICS = 50
"""Metrics of an alarm that are asked for at most."""

LONGEST_QUERY = 10_000
"""Characters of the query in an alarm's rule at most."""

_Rule = Mapping[str, Any]


def inspect_alarms(context: CheckContext) -> CheckResult:
    """Tell whether existing alarms are evaluated, and get the measures that Gnocchi has.

    At most 4 lists and 30 requests to Gnocchi, in two rounds.
    """
    found = _list_all(context)
    sample = [one for one in found[""] if one.get("type") != "event"]
    if not sample:
        return CheckResult(Severity.OK, "has no alarms to evaluate")
    age = _age_of_evaluation(context.service, sample)
    seconds = context.request.thresholds.evaluation_interval
    interval = datetime.timedelta(seconds=seconds)
    if age is not None and age > CYCLES * interval:
        last = f"evaluated its alarms last {lasting(age)} ago"
        # Aodh may be configured otherwise than our option says: only a canary proves it
        text = (
            f"{last}: its evaluator does not work, or not every {seconds} s "
            "(alarm-evaluation-interval)"
        )
        return CheckResult(Severity.DEGRADED, text, Cause.NOT_EVALUATED)
    when = f"evaluated its alarms {lasting(age)} ago" if age is not None else "has alarms"
    gnocchi = context.services.get("metric")
    if gnocchi is None:
        return CheckResult(Severity.OK, when)
    return _judge_data(when, _look_for_data(context, gnocchi, found, 2 * interval))


def _list_all(context: CheckContext) -> dict[str, list[dict[str, Any]]]:
    """Enabled alarms of all projects, and by type those that say they lack data.

    Only an administrator may list those of others. Aodh takes the value `True` for a truth, and
    `true` for a text.

    Raises:
        UnusableAnswerError, or anything of the HTTP stack.
    """

    def some(limit: int, **conditions: str) -> list[dict[str, Any]]:
        try:
            return find(context.service, limit, enabled="True", all_projects="True", **conditions)
        except Exception as error:
            # one alarm may be as large as its maker likes
            if (
                errors.explain(error, context.service.url).cause is not Cause.TOO_LARGE
                or limit < 2
            ):
                raise
            return some(max(1, limit // FEWER), **conditions)

    jobs = {
        kind: functools.partial(some, OF_A_TYPE, state=UNKNOWN, type=kind) for kind in _MEASURES
    }
    jobs[""] = functools.partial(some, SAMPLE)
    found = gather(jobs, context.deadline)
    if "" not in found:
        raise UnusableAnswerError(Cause.TIMEOUT, "did not list its alarms in time")
    return found


def _age_of_evaluation(aodh: Service, sample: list[dict[str, Any]]) -> datetime.timedelta | None:
    """How long ago an alarm was evaluated: Aodh writes down when it takes one up.

    That is so unless its evaluators share their work through a coordination service (tooz): then
    the time stays that of the alarm's making, and nothing can be said. No charm configures that.
    Source: aodh/evaluator/__init__.py, `_evaluate_alarm`.
    """
    times = [at for one in sample if (at := _evaluated_since_made(one)) is not None]
    return aodh.now() - max(times) if times else None


class _Looked(msgspec.Struct, frozen=True):
    """What became of the alarms that say they lack data.

    Attributes:
        stuck: names of those that lack data that Gnocchi has.
        fine: how many lack what Gnocchi lacks, too.
        passed_over: how many have a rule that cannot be answered.
    """

    stuck: list[str]
    fine: int
    passed_over: int


def _look_for_data(
    context: CheckContext,
    gnocchi: Service,
    found: Mapping[str, list[dict[str, Any]]],
    since: datetime.timedelta,
) -> _Looked:
    """Look in Gnocchi for what alarms lack.

    An alarm whose measures were there some time ago, and are now, has no reason to say
    `insufficient data`. Types of alarms that Gnocchi has nothing to do with are passed over.
    """
    now = gnocchi.now()
    jobs: dict[tuple[str, int, int], Callable[[], bool | None]] = {}
    names: dict[tuple[str, int], str] = {}
    for kind, measures in _MEASURES.items():
        for number, alarm in enumerate(found.get(kind, ())):
            made_at = moment(alarm.get("timestamp"))
            if made_at is None or made_at > now - since or alarm.get("time_constraints"):
                continue
            names[kind, number] = quoted(str(alarm.get("name")), limit=40)
            for place, at in enumerate((now - since, now)):
                jobs[kind, number, place] = functools.partial(
                    _has_data, gnocchi, measures, alarm.get(f"{kind}_rule"), at
                )
    answers = gather(jobs, context.deadline)
    stuck: list[str] = []
    passed_over = 0
    for (kind, number), name in names.items():
        both = [answers.get((kind, number, place)) for place in range(2)]
        passed_over += None in both
        if all(both):
            stuck.append(name)
    return _Looked(stuck, len(names) - len(stuck) - passed_over, passed_over)


def _judge_data(when: str, looked: _Looked) -> CheckResult:
    if looked.stuck:
        text = f"lacks data that Gnocchi has, for alarm {named(looked.stuck, 1)}"
        return CheckResult(Severity.DEGRADED, text, Cause.NO_DATA)
    verb = "has" if looked.fine == 1 else "have"
    fine = f"{counted(looked.fine, 'sampled alarm')} {verb} no data in Gnocchi either"
    parts = [fine] if looked.fine else []
    parts += [f"{looked.passed_over} could not be looked at"] if looked.passed_over else []
    whole = ", ".join(parts) or "all have data"
    return CheckResult(Severity.OK, f"{when}, and they get what Gnocchi has ({whole})")


def _has_data(
    gnocchi: Service,
    measures: Callable[[Service, _Rule, dict[str, Any]], list[Any]],
    rule: Json,
    at: datetime.datetime,
) -> bool | None:
    """Whether an evaluation at this time has enough measures; None where that cannot be told.

    The rule is of whoever made the alarm: whatever it leads to is no fault of the cloud.
    """
    if not isinstance(rule, Mapping):
        return None
    try:
        return _has_enough(gnocchi, measures, rule, at)
    except Exception:  # noqa: BLE001 - the rule is somebody's, not the cloud's
        return None


def _evaluated_since_made(alarm: dict[str, Any]) -> datetime.datetime | None:
    made_at, at = moment(alarm.get("timestamp")), evaluated_at(alarm)
    if made_at is None or at is None or at - made_at < MOMENT:
        return None
    return at


def _has_enough(
    gnocchi: Service,
    measures: Callable[[Service, _Rule, dict[str, Any]], list[Any]],
    rule: _Rule,
    at: datetime.datetime,
) -> bool:
    """Whether an evaluation at this time has enough measures.

    Source: aodh/evaluator/threshold.py, `_bound_duration`, and gnocchi.py, `_sanitize`.
    """
    granularity = base.number(rule["granularity"], base.COARSEST)
    periods = int(base.number(rule["evaluation_periods"], MOST_PERIODS))
    if not granularity:
        raise ValueError("an alarm of no duration")
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
        _text(rule, "resource_id"),
        "metric",
        _text(rule, "metric"),
        "measures",
        aggregation=_text(rule, "aggregation_method"),
        **bounds,
    )


def _of_metrics(gnocchi: Service, rule: _Rule, bounds: dict[str, Any]) -> list[Any]:
    method = rule["aggregation_method"]
    if len(rule["metrics"]) > MOST_METRICS:
        raise ValueError("more metrics than are asked for")
    metrics = [["metric", metric, _plain_method(method)] for metric in rule["metrics"]]
    body = {"operations": ["aggregate", method, *metrics]}
    return _aggregated(gnocchi.search("/v1/aggregates", body, needed_overlap=0, **bounds))


def _of_resources(gnocchi: Service, rule: _Rule, bounds: dict[str, Any]) -> list[Any]:
    method = rule["aggregation_method"]
    if len(rule["query"]) > LONGEST_QUERY:
        raise ValueError("a longer query than is asked")
    body = {
        "operations": ["aggregate", method, ["metric", rule["metric"], _plain_method(method)]],
        "search": json.loads(rule["query"]),
        "resource_type": rule["resource_type"],
    }
    return _aggregated(gnocchi.search("/v1/aggregates", body, needed_overlap=0, **bounds))


def _text(rule: _Rule, key: str) -> str:
    value = rule[key]
    if not isinstance(value, str) or "/" in value:
        raise TypeError(f"{key} is no name")
    return value


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
