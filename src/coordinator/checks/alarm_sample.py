"""The state of Aodh's evaluator, as a few of the alarms in the cloud tell it.

Anybody in the cloud can make alarms. One whose rule cannot be looked at costs itself alone.
"""

from __future__ import annotations

import datetime
import functools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from coordinator.checks import base
from coordinator.checks.base import CheckContext, CheckResult
from coordinator.checks.parallel import gather
from coordinator.openstack.client import Service
from coordinator.openstack.errors import ApiError, UnusableAnswerError
from coordinator.report.finding import Cause, Severity
from coordinator.text import counted, lasting, named, quoted

SAMPLE = 20
"""Alarms that are looked at for when they were evaluated."""

OF_A_TYPE = 5
"""Alarms of each type whose measures are looked for."""

MISSED = 3
"""Evaluations that may be missed."""

MOST_PERIODS = 1000
MOST_METRICS = 50
LONGEST_QUERY = 10_000
"""Characters; for an alarm with a longer one, more metrics or periods, Gnocchi is not asked."""

UNKNOWN = "insufficient data"
"""The state of an alarm that was never evaluated, or for which there were no measures."""

MOMENT = datetime.timedelta(seconds=0.2)
"""Between the two times of an alarm that was just made. It is evaluated later than that: the
evaluator leaves it alone for half an interval (aodh/evaluator/__init__.py, `_assigned_alarms`)."""

_YEARS = range(2001, 3000)
"""Years in which Aodh's times are: others cannot be reckoned with."""

PATH = "/v2/alarms"

_Alarms = list[dict[str, Any]]
_Rule = Mapping[str, Any]


def find(
    aodh: Service, limit: int, sort: str = "timestamp:desc", **conditions: str
) -> list[dict[str, Any]]:
    """Find alarms that meet conditions; fewer where the answer with all of them is too large.

    Source: Aodh's API reference, "Alarms", and its `Query` type.
    """
    query = {
        "q.field": list(conditions),
        "q.op": ["eq"] * len(conditions),
        "q.value": list(conditions.values()),
    }
    try:
        return base.records(aodh.get(PATH, limit=limit, sort=sort, **query), "alarms")
    except ApiError as error:
        if error.cause is not Cause.TOO_LARGE or limit == 1:
            raise
    return find(aodh, max(1, limit // 4), sort, **conditions)


def evaluated_at(alarm: dict[str, Any]) -> datetime.datetime | None:
    """The time at which the evaluator last took the alarm up, whatever came of that.

    None where it has not done so since the alarm was made, or shares its work through tooz, which
    no charm configures. Source: aodh/evaluator/__init__.py, `_evaluate_alarm`.
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


def inspect_alarms(context: CheckContext) -> CheckResult:
    """Tell if existing alarms are evaluated, and get the measures that Gnocchi has.

    At most 4 lists, and 30 requests to Gnocchi: two for each of 15 alarms.
    """
    sample, unknown = _list(context)
    sample = [one for one in sample if one.get("type") != "event"]
    if not sample:
        return CheckResult(Severity.OK, "has no alarms to evaluate")
    times = [at for one in sample if (at := evaluated_at(one))]
    age = context.service.now() - max(times) if times else None
    seconds = context.request.thresholds.evaluation_interval
    interval = datetime.timedelta(seconds=seconds)
    if age is not None and age > MISSED * interval:
        # Aodh may be configured otherwise than our option says: only a canary proves it
        text = (
            f"evaluated its alarms last {lasting(age)} ago: its evaluator does not work, or not "
            f"every {seconds} s (alarm-evaluation-interval)"
        )
        return CheckResult(Severity.DEGRADED, text, Cause.NOT_EVALUATED)
    when = f"evaluated its alarms {lasting(age)} ago" if age is not None else "has alarms"
    gnocchi = context.services.get("metric")
    if gnocchi is None:
        return CheckResult(Severity.OK, when)
    return _look_for_data(context, gnocchi, unknown, when, 2 * interval)


def _list(context: CheckContext) -> tuple[_Alarms, _Alarms]:
    """List some enabled alarms of all projects, and some that say they lack measures.

    Only an administrator may list those of other projects. Aodh takes the value `True` for a
    truth, and `true` for a text.
    """
    enabled = functools.partial(find, context.service, enabled="True", all_projects="True")
    jobs = {
        kind: functools.partial(enabled, OF_A_TYPE, state=UNKNOWN, type=kind) for kind in _MEASURES
    }
    jobs["any"] = functools.partial(enabled, SAMPLE)
    found = gather(jobs, context.deadline)
    if "any" not in found:
        raise UnusableAnswerError(Cause.TIMEOUT, "did not list its alarms in time")
    return found.pop("any"), [one for alarms in found.values() for one in alarms]


def _look_for_data(
    context: CheckContext, gnocchi: Service, alarms: _Alarms, when: str, span: datetime.timedelta
) -> CheckResult:
    """Look in Gnocchi for the measures that alarms lack.

    One whose measures were there some time ago, and are now, has no reason to lack them.
    """
    now = gnocchi.now()
    times = (now - span, now)
    old = [one for one in alarms if _could_be_evaluated(one, times[0])]
    jobs = {n: functools.partial(_has_data, gnocchi, one, times) for n, one in enumerate(old)}
    answers = gather(jobs, context.deadline)
    stuck = [str(old[n].get("name")) for n, has_data in answers.items() if has_data]
    if stuck:
        names = [quoted(name, limit=40) for name in stuck]
        text = f"lacks data that Gnocchi has, for alarm {named(names, 1)}"
        return CheckResult(Severity.DEGRADED, text, Cause.NO_DATA)
    parts: list[str] = []
    if fine := list(answers.values()).count(False):
        verb = "has" if fine == 1 else "have"
        parts.append(f"{counted(fine, 'sampled alarm')} {verb} no data in Gnocchi either")
    if unknown := len(old) - fine:
        parts.append(f"{unknown} could not be looked at")
    whole = ", ".join(parts) or "all have data"
    return CheckResult(Severity.OK, f"{when}, and they get what Gnocchi has ({whole})")


def _could_be_evaluated(alarm: Mapping[str, Any], at: datetime.datetime) -> bool:
    """True if the alarm was there at that time, and is evaluated at all hours."""
    made_at = moment(alarm.get("timestamp"))
    return made_at is not None and made_at <= at and not alarm.get("time_constraints")


def _has_data(
    gnocchi: Service, alarm: Mapping[str, Any], times: Sequence[datetime.datetime]
) -> bool | None:
    """Tell if evaluations at these times have enough measures; None where that cannot be told.

    The rule is of whoever made the alarm: whatever it leads to is no fault of the cloud.
    Source: aodh/evaluator/threshold.py, `_bound_duration`, and gnocchi.py, `_sanitize`.
    """
    try:
        kind = alarm["type"]
        rule = alarm[f"{kind}_rule"]
        granularity = base.number(rule["granularity"], base.COARSEST)
        periods = int(base.number(rule["evaluation_periods"], MOST_PERIODS))
        if not granularity:
            return None
        window = datetime.timedelta(seconds=granularity * (periods + 1))
        for at in times:
            bounds = {
                "granularity": f"{granularity:g}",
                "start": (at - window).isoformat(),
                "stop": at.isoformat(),
            }
            found = _MEASURES[kind](gnocchi, rule, bounds)
            if sum(size == granularity for _, size, _ in found) < periods:
                return False
    except Exception:  # noqa: BLE001 - the rule is somebody's, not the cloud's
        return None
    return True


def _of_resource(gnocchi: Service, rule: _Rule, bounds: dict[str, Any]) -> list[Any]:
    resource, metric = rule["resource_id"], rule["metric"]
    if "/" in resource + metric:
        raise ValueError("a name with a slash")
    method = rule["aggregation_method"]
    path = ("/v1/resource/generic", resource, "metric", metric, "measures")
    return gnocchi.get(*path, aggregation=method, **bounds)


def _of_metrics(gnocchi: Service, rule: _Rule, bounds: dict[str, Any]) -> list[Any]:
    if len(rule["metrics"]) > MOST_METRICS:
        raise ValueError("more metrics than are asked for")
    return _aggregates(gnocchi, rule, rule["metrics"], bounds)


def _of_resources(gnocchi: Service, rule: _Rule, bounds: dict[str, Any]) -> list[Any]:
    if len(rule["query"]) > LONGEST_QUERY:
        raise ValueError("a longer query than is asked")
    search = {"search": json.loads(rule["query"]), "resource_type": rule["resource_type"]}
    return _aggregates(gnocchi, rule, [rule["metric"]], bounds, search)


def _aggregates(
    gnocchi: Service,
    rule: _Rule,
    metrics: Sequence[str],
    bounds: dict[str, Any],
    search: Mapping[str, Any] | None = None,
) -> list[Any]:
    method = rule["aggregation_method"]
    plain = method.removeprefix("rate:")  # the method of the aggregates that a rate is made from
    operations = ["aggregate", method, *(["metric", metric, plain] for metric in metrics)]
    body = {"operations": operations, **(search or {})}
    answer = gnocchi.search("/v1/aggregates", body, needed_overlap=0, **bounds)
    return answer["measures"]["aggregated"]


_MEASURES: Mapping[str, Callable[[Service, _Rule, dict[str, Any]], list[Any]]] = {
    "gnocchi_resources_threshold": _of_resource,
    "gnocchi_aggregation_by_metrics_threshold": _of_metrics,
    "gnocchi_aggregation_by_resources_threshold": _of_resources,
}
"""The ways in which Aodh's evaluator asks for the measures of an alarm, by its type.

Source: aodh/evaluator/gnocchi.py. The type `generic` finds resources of any type.
"""
