"""Answers to deeper questions that a real Gnocchi does not give on demand."""

from __future__ import annotations

import contextlib
import datetime
import json
import socket
from collections.abc import Generator
from typing import Any

import msgspec
import pytest

from coordinator.blueprint import loader
from coordinator.checks import base, ceilometer
from coordinator.checks import gnocchi as checks_gnocchi
from coordinator.checks.canaries import metric
from coordinator.checks.memory import BacklogTrend, CheckMemory, FlowTrend, HostsSeen
from coordinator.openstack import client, errors, http
from coordinator.openstack.errors import UnusableAnswerError
from coordinator.report import remedies
from coordinator.report.finding import Cause, Severity
from tests.unit import reports, servers, sessions

POLICY = {
    "name": "p",
    "aggregation_methods": ["mean"],
    "definition": [{"granularity": "1 day, 0:00:01"}, {"granularity": "0:05:00"}],
}
MADE = {"id": "r", "creator": "u:p", "metrics": {"canary": "m"}}
GOOD: dict[str, Any] = {
    "GET /v1/archive_policy": [POLICY],
    "POST /v1/resource/generic": MADE,
    "POST /v1/search/resource/generic": [],
    "POST /v1/metric/m/measures": None,
    "GET /v1/metric/m/measures": [["2026-11-22T10:00:00+00:00", 300.0, 3.0]],
    "DELETE /v1/resource/generic/r": None,
}


@contextlib.contextmanager
def gnocchi(answers: dict[str, Any]) -> Generator[tuple[base.CheckContext, servers.Server]]:
    """The scene of a question to a Gnocchi that gives these answers; a number is a status."""

    def answer(connection: socket.socket, head: bytes) -> None:
        method, path = head.decode().split()[:2]
        found = answers[f"{method} {path.partition('?')[0]}"]
        if callable(found):
            found(connection, head)
        elif isinstance(found, int):
            servers.http(found)(connection, head)
        else:
            servers.http(body="" if found is None else json.dumps(found))(connection, head)

    with servers.serving(answer) as server:
        deadline = http.Deadline.after(10)
        system = loader.load().services["metric"]
        names = remedies.Names("metric", "gnocchi", "keystone", "telemetry-coordinator")
        subject = base.Subject("metric", system, True, "internal", "", names)
        service = client.Service(sessions.cloud(10), server.url)
        yield base.CheckContext(subject, {"metric": service}, reports.REQUEST, deadline), server


def flow(scene: base.CheckContext) -> base.CheckResult:
    return ceilometer.CeilometerCheck().inspections["flow"](scene)


def metrics(scene: base.CheckContext) -> base.CheckResult:
    return ceilometer.CeilometerCheck().inspections["metrics"](scene)


def hosts(scene: base.CheckContext) -> base.CheckResult:
    return ceilometer.CeilometerCheck().inspections["hosts"](scene)


def requests(server: servers.Server) -> list[str]:
    return [" ".join(head.decode().split()[:2]) for head in server.requests]


def test_the_mean_of_what_was_sent_is_well():
    with gnocchi(GOOD) as (scene, _):
        assert checks_gnocchi.send_canary(scene).severity is Severity.OK


@pytest.mark.parametrize("values", [(4.0,), (3.0, 3.0)])
def test_another_value_than_the_mean_is_a_failure(values: tuple[float, ...]):
    found = [["2026-11-22T10:00:00+00:00", 300.0, value] for value in values]
    with gnocchi({**GOOD, "GET /v1/metric/m/measures": found}) as (scene, server):
        outcome = checks_gnocchi.send_canary(scene)
        assert (outcome.severity, outcome.cause) == (Severity.FAILED, Cause.WRONG_VALUE)
        assert requests(server)[-1] == "DELETE /v1/resource/generic/r"


@pytest.mark.parametrize(
    ("request_", "cause"),
    [
        ("POST /v1/metric/m/measures", Cause.NOT_STORED),
        ("GET /v1/metric/m/measures", Cause.SERVER_ERROR),
    ],
)
def test_a_canary_is_removed_when_a_step_fails(request_: str, cause: Cause):
    with gnocchi({**GOOD, request_: 503}) as (scene, server):
        with pytest.raises(Exception) as raised:  # noqa: PT011 - the fault is what counts
            checks_gnocchi.send_canary(scene)
        fault = errors.explain(raised.value, server.url)
        assert fault.cause is cause
        assert requests(server)[-1] == "DELETE /v1/resource/generic/r"


@pytest.mark.parametrize(
    "request_", ["POST /v1/search/resource/generic", "DELETE /v1/resource/generic/r"]
)
def test_a_canary_counts_when_only_tidying_up_fails(request_: str):
    with gnocchi({**GOOD, request_: 503}) as (scene, _):
        assert checks_gnocchi.send_canary(scene).severity is Severity.OK


@pytest.mark.parametrize("made", [{}, [], {**MADE, "metrics": {}}, {"id": "r"}])
def test_a_metric_that_is_no_metric_is_unexpected(made: Any):
    with gnocchi({**GOOD, "POST /v1/resource/generic": made}) as (scene, _):
        with pytest.raises(UnusableAnswerError) as raised:
            checks_gnocchi.send_canary(scene)
        assert raised.value.cause is Cause.UNEXPECTED


@pytest.mark.parametrize("definition", [[{"granularity": "soon"}], [{}], None])
def test_policies_that_are_none_are_unexpected(definition: Any):
    policies = [{**POLICY, "definition": definition}]
    with gnocchi({**GOOD, "GET /v1/archive_policy": policies}) as (scene, _):
        with pytest.raises(UnusableAnswerError) as raised:
            checks_gnocchi.send_canary(scene)
        assert raised.value.cause is Cause.UNEXPECTED


def test_the_policy_with_the_finest_aggregates_is_taken():
    fine = {**POLICY, "name": "fine", "definition": [{"granularity": "0:00:01"}]}
    finest = {"aggregation_methods": ["last"], "definition": [{"granularity": "0:00:00.5"}]}
    last = {**POLICY, "name": "last", **finest}
    with (
        gnocchi({**GOOD, "GET /v1/archive_policy": [POLICY, fine, last]}) as (scene, _),
        metric.canary_metric(scene.service, scene.request) as canary,
    ):
        assert canary.granularity == 1.0


def test_a_gnocchi_that_cannot_count_its_backlog_is_no_fault():
    with gnocchi({"GET /v1/status": 503}) as (scene, _):
        assert checks_gnocchi.inspect_backlog(scene).severity is Severity.SKIPPED


@pytest.mark.parametrize(
    "status", [{}, {"storage": {}}, {"storage": {"summary": {"measures": "x"}}}]
)
def test_a_status_without_a_backlog_is_unexpected(status: Any):
    with gnocchi({"GET /v1/status": status}) as (scene, _), pytest.raises(UnusableAnswerError):
        checks_gnocchi.inspect_backlog(scene)


@pytest.mark.parametrize("found", [{}, [1], [{"id": "i"}], [{"id": "i", "metrics": []}]])
def test_resources_that_are_none_are_unexpected(found: Any):
    with gnocchi({"POST /v1/search/resource/instance": found}) as (scene, _):
        with pytest.raises(UnusableAnswerError):
            metrics(scene)
        with pytest.raises(UnusableAnswerError):
            hosts(scene)


@pytest.mark.parametrize("found", [{"a": 1}, [1], [["soon", 300.0, 1.0]], [[1, 2, 3]]])
def test_measures_that_are_none_are_unexpected(found: Any):
    answers = {**silent(), "GET /v1/metric/m/measures": found}
    with gnocchi(answers) as (scene, _), pytest.raises(UnusableAnswerError):
        flow(scene)


@pytest.mark.parametrize(
    ("timeout", "remedy"),
    [
        (20, "juju config telemetry-coordinator verify-timeout=40"),
        (200, "juju config telemetry-coordinator verify-timeout=300"),
        (300, "juju status gnocchi"),
    ],
)
def test_without_time_nothing_is_asked_and_nobody_blamed(timeout: float, remedy: str):
    with gnocchi({}) as (scene, server):
        request = msgspec.structs.replace(scene.request, timeout=timeout)
        late = msgspec.structs.replace(scene, request=request, deadline=http.Deadline.after(0))
        for question in (flow, metrics, hosts):
            outcome = question(late)
            assert (outcome.severity, outcome.cause) == (Severity.SKIPPED, Cause.TIMEOUT)
            assert outcome.remedy == remedy
            assert outcome.memory is None  # what was remembered stays
        assert server.requests == []


def test_a_gnocchi_that_is_too_slow_is_not_taken_for_one_without_hosts():
    with gnocchi({**silent(), "GET /v1/metric/m/measures": servers.silence}) as (scene, _):
        outcome = hosts(msgspec.structs.replace(scene, deadline=http.Deadline.after(1.5)))
    assert (outcome.severity, outcome.cause) == (Severity.SKIPPED, Cause.TIMEOUT)
    assert outcome.text == "could not be checked: no time was left to ask Gnocchi"


def after(scene: base.CheckContext, flow: FlowTrend) -> base.CheckContext:
    """The scene of the next question, with what is remembered of the flow."""
    return msgspec.structs.replace(scene, memory=CheckMemory(flow=flow))


def measured(minutes: float) -> list[list[Any]]:
    """The measures of a metric whose newest is some minutes old."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return [[(now - datetime.timedelta(minutes=minutes)).isoformat(), 1.0, 3.0]]


def silent(host: str = "h", minutes: float | None = None) -> dict[str, Any]:
    """A Gnocchi with one instance, which has been silent for some minutes or for ever."""
    instance = {"id": "i", "host": host, "metrics": {"cpu": "m"}}
    return {
        "POST /v1/search/resource/instance": [instance],
        "POST /v1/search/resource/volume": 404,
        "POST /v1/search/resource/image": 404,
        "POST /v1/search/resource/network": 404,
        "GET /v1/metric/m/measures": [] if minutes is None else measured(minutes),
        "GET /v1/status": {"storage": {"measures_to_process": {}}},
    }


def severities(scene: base.CheckContext, trend: FlowTrend) -> list[Severity]:
    """How bad the flow is in five successive verifications."""
    severities: list[Severity] = []
    for _ in range(5):
        outcome = flow(after(scene, trend))
        assert isinstance(outcome.memory, FlowTrend)
        trend = outcome.memory
        severities.append(outcome.severity)
    return severities


@pytest.mark.parametrize(
    ("minutes", "trend"), [(120, FlowTrend()), (None, FlowTrend(0)), (120, FlowTrend(0))]
)
def test_a_flow_that_ended_fails_in_the_third_verification(
    minutes: float | None, trend: FlowTrend
):
    with gnocchi(silent(minutes=minutes)) as (scene, server):
        expected = [Severity.DEGRADED] * 2 + [Severity.FAILED] * 3
        assert severities(scene, trend) == expected
        assert any("sort=started_at" in request for request in requests(server))


def test_a_flow_that_was_never_seen_is_degraded_for_ever():
    with gnocchi(silent()) as (scene, _):
        assert severities(scene, FlowTrend()) == [Severity.DEGRADED] * 5


def test_what_was_fresh_last_is_asked_again_before_anybody_is_blamed():
    answers = {
        **silent(),
        "POST /v1/search/resource/thing": [{"id": "t", "metrics": {"cpu": "t"}}],
        "GET /v1/metric/t/measures": measured(1),
    }
    with gnocchi(answers) as (scene, _):
        outcome = flow(after(scene, FlowTrend(2, "thing/t")))
        assert outcome.severity is Severity.OK
        assert outcome.memory == FlowTrend(0, "thing/t")


def test_a_host_that_is_silent_for_more_than_a_week_is_no_fault():
    now = datetime.datetime.now(datetime.timezone.utc)
    week = datetime.timedelta(days=7)
    with gnocchi(silent()) as (scene, _):
        nearly = HostsSeen({"h": now - week + datetime.timedelta(minutes=5)})
        memory = CheckMemory(hosts=nearly)
        outcome = hosts(msgspec.structs.replace(scene, memory=memory))
        assert outcome.severity is Severity.DEGRADED
        gone = HostsSeen({"h": now - week - datetime.timedelta(minutes=5)})
        memory = CheckMemory(hosts=gone)
        outcome = hosts(msgspec.structs.replace(scene, memory=memory))
        assert outcome.severity is Severity.SKIPPED
        assert outcome.text == "has 1 compute host silent for more than a week in Gnocchi"
        assert outcome.memory
        assert outcome.figures["telemetry.hosts.silent:h"] > 7 * 24 * 60


def test_a_hostile_name_of_a_host_is_made_plain():
    host = "evil\n\0;$(curl x)\x1b[31m" + "x" * 100
    with gnocchi(silent(host)) as (scene, _):
        outcome = hosts(scene)
        assert outcome.text.isprintable()
        assert "from 'evil?????curl?x???31mxxx" in outcome.text
        assert not set(outcome.text) & set(';$`|&<>\\"')


def test_what_other_subjects_say_is_made_plain():
    with gnocchi({}) as (scene, _):
        found = scene.subject.finding("hosts", Severity.DEGRADED, "is silent at evil\n\0\x1b[31m")
    assert found.summary == "Gnocchi is silent at evil ??[31m"


# Hostile and broken answers


def short(value: object) -> str:
    """A name for a test."""
    return repr(value)[:16]


def cause_of(ask: base.Inspection, scene: base.CheckContext) -> Cause | None:
    """What is wrong, whether it is told as an answer or raised."""
    try:
        return ask(scene).cause
    except UnusableAnswerError as error:
        return error.cause


def status_of(waiting: Any, processors: Any = None) -> dict[str, Any]:
    """The answer of `/v1/status`."""
    storage = {"summary": {"measures": waiting}}
    return {"GET /v1/status": {"storage": storage, "metricd": {"processors": processors}}}


@pytest.mark.parametrize(
    "waiting", [10**400, 10**16, -1, True, 1.5e300, "12", None, [], {}], ids=short
)
def test_a_number_of_measures_that_cannot_be_is_a_clear_finding(waiting: Any):
    with gnocchi(status_of(waiting)) as (scene, server):
        with pytest.raises(UnusableAnswerError) as raised:
            checks_gnocchi.inspect_backlog(scene)
        fault = errors.explain(raised.value, server.url)
    assert fault.cause is Cause.UNEXPECTED
    assert fault.text == "returned an impossible number of waiting measures"


@pytest.mark.parametrize("value", [10**400, "x", None, []], ids=short)
def test_a_value_that_cannot_be_is_unexpected(value: Any):
    found = [["2026-11-22T10:00:00+00:00", 300.0, value]]
    with gnocchi({**GOOD, "GET /v1/metric/m/measures": found}) as (scene, _):
        cause = cause_of(checks_gnocchi.send_canary, scene)
    assert cause in {Cause.UNEXPECTED, Cause.WRONG_VALUE}


@pytest.mark.parametrize("granularity", [10**400, -1, 1e300, "1 year", None], ids=short)
def test_a_granularity_that_cannot_be_is_unexpected(granularity: Any):
    found = [["2026-11-22T10:00:00+00:00", granularity, 1.0]]
    answers = {**silent(), "GET /v1/metric/m/measures": found}
    with gnocchi(answers) as (scene, _):
        assert cause_of(flow, scene) is Cause.UNEXPECTED


@pytest.mark.parametrize(
    "span", ["9" * 400 + ":00:00", "9" * 400 + " days, 0:00:00", 5], ids=short
)
def test_a_span_of_time_that_cannot_be_is_unexpected(span: Any):
    policies = [{**POLICY, "definition": [{"granularity": span}]}]
    with gnocchi({**GOOD, "GET /v1/archive_policy": policies}) as (scene, _):
        with pytest.raises(UnusableAnswerError) as raised:
            checks_gnocchi.send_canary(scene)
        assert raised.value.cause is Cause.UNEXPECTED


def test_only_resources_of_the_services_own_project_are_asked_for():
    with gnocchi(silent()) as (scene, server):
        project = msgspec.structs.replace(scene.service.cloud, project="0123abcd")
        own = client.Service(project, server.url)
        hosts(msgspec.structs.replace(scene, services={"metric": own}))
        searches = [head for head in server.requests if b"/v1/search/resource" in head]
    assert searches
    assert all(b'{"like": {"creator": "%:0123abcd"}}' in head for head in searches)


# What waits for metricd


def backlog_after(before: BacklogTrend | None, answers: dict[str, Any]) -> base.CheckResult:
    """The answer about the backlog, after what is remembered."""
    with gnocchi(answers) as (scene, _):
        memory = CheckMemory(backlog=before)
        return checks_gnocchi.inspect_backlog(msgspec.structs.replace(scene, memory=memory))


def minutes_ago(minutes: float) -> datetime.datetime:
    now = datetime.datetime.now(datetime.timezone.utc)
    return now - datetime.timedelta(minutes=minutes)


def test_a_backlog_that_is_high_and_steady_is_told_as_short_capacity():
    before = BacklogTrend(20_500, minutes_ago(5), steady=2)
    result = backlog_after(before, status_of(20_000, ["a"]))
    assert (result.severity, result.cause) == (Severity.DEGRADED, Cause.BACKLOG)
    assert result.text == (
        "has 20000 measures waiting for metricd, about as many for 4 verifications: its capacity "
        "is short, raise worker-multiplier or add a unit"
    )
    assert result.remedy == "juju config gnocchi worker-multiplier"


def test_a_backlog_that_is_high_for_the_first_time_is_told_with_its_threshold():
    result = backlog_after(None, status_of(20_000, ["a"]))
    assert result.text == (
        "has 20000 measures waiting for metricd, more than 10000 (backlog-threshold)"
    )
    assert result.remedy == ""


def test_a_metricd_that_lost_its_coordinator_is_told_with_a_restart():
    trend: BacklogTrend | None = BacklogTrend(7, minutes_ago(5))
    results: list[base.CheckResult] = []
    for _ in range(2):
        results.append(backlog_after(trend, status_of(7, [])))
        assert isinstance(results[-1].memory, BacklogTrend)
        trend = msgspec.structs.replace(results[-1].memory, at=minutes_ago(5))
    assert [one.severity for one in results] == [Severity.OK, Severity.DEGRADED]
    assert results[-1].cause is Cause.NOT_PROCESSED
    assert results[-1].text == (
        "has 7 measures waiting for metricd; no metricd is registered with the coordination "
        "service (memcached)"
    )
    assert results[-1].remedy == "juju exec -a gnocchi -- systemctl restart gnocchi-metricd"


@pytest.mark.parametrize("processors", [None, ["a", "b"], {}])
def test_a_metricd_that_is_there_or_cannot_be_told_is_not_called_lost(processors: Any):
    before = BacklogTrend(7, minutes_ago(5), idle=9)
    assert backlog_after(before, status_of(7, processors)).severity is Severity.OK


def test_a_moment_later_is_no_other_verification():
    before = BacklogTrend(7, minutes_ago(0.1), growths=5)
    result = backlog_after(before, status_of(2000, ["a"]))
    assert result.severity is Severity.OK
    assert result.memory == before


def test_what_metricd_did_not_process_is_told_with_backlog_and_restart():
    answers = {**GOOD, "GET /v1/metric/m/measures": [], **status_of(3, [])}
    with gnocchi(answers) as (scene, _):
        soon = msgspec.structs.replace(scene, deadline=http.Deadline.after(6))
        result = checks_gnocchi.send_canary(soon)
    assert (result.severity, result.cause) == (Severity.FAILED, Cause.NOT_PROCESSED)
    assert result.text.startswith("has not processed test measures after ")
    assert "(backlog: 3); no metricd is registered" in result.text
    assert result.remedy == "juju exec -a gnocchi -- systemctl restart gnocchi-metricd"
