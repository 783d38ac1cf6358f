"""What alarms tell about Aodh's evaluator; the functional tests ask a real one."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any, cast

import pytest

from coordinator.blueprint import loader
from coordinator.checks import alarm_sample, base
from coordinator.openstack import client, http
from coordinator.report import remedies
from coordinator.report.finding import Cause, Severity
from coordinator.request import Thresholds
from tests.unit import reports

NOW = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.timezone.utc)


class Aodh:
    """Stands for Aodh, with one alarm that was evaluated some time ago."""

    def __init__(self, seconds: float) -> None:
        at = NOW - datetime.timedelta(seconds=seconds)
        self._alarm = {
            "name": "cpu-high",
            "timestamp": "2026-03-01T12:00:00",
            "evaluate_timestamp": at.replace(tzinfo=None).isoformat(),
        }

    def get(self, *_args: Any, **_query: Any) -> list[dict[str, Any]]:
        return [self._alarm]

    def now(self) -> datetime.datetime:
        return NOW


def asked(seconds: float, *, interval: int) -> base.CheckResult:
    system = loader.load().services["alarming"]
    names = remedies.Subject("alarming", "aodh", "keystone", "telemetry-coordinator")
    subject = base.Subject("alarming", system, True, "internal", "RegionOne", names)
    request = dataclasses.replace(
        reports.REQUEST, thresholds=Thresholds(evaluation_interval=interval)
    )
    services = {"alarming": cast("client.Service", Aodh(seconds))}
    return alarm_sample.inspect_alarms(
        base.CheckContext(subject, services, request, http.Deadline.after(5))
    )


@pytest.mark.parametrize(("seconds", "interval"), [(170, 60), (300, 300), (899, 300)])
def test_alarms_that_are_evaluated_in_time_are_well(seconds: float, interval: int):
    assert asked(seconds, interval=interval).severity is Severity.OK


def test_an_evaluator_that_may_be_slow_by_intent_is_no_failure():
    found = asked(299, interval=60)
    assert (found.severity, found.cause) == (Severity.DEGRADED, Cause.NOT_EVALUATED)
    assert found.text == (
        "evaluated its alarms last 4 min ago: its evaluator does not work, or not every 60 s "
        "(alarm-evaluation-interval)"
    )
