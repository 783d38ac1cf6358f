"""Answers to deeper questions that a real Gnocchi does not give on demand."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Generator
from typing import Any

import keystoneauth1.session
import pytest

from telemetry import blueprint, cloud, deep, faults, remedies, transport
from telemetry.checks import backlog, canary_metric, flow, metric, probe, silent_hosts
from telemetry.faults import Unusable
from telemetry.report import Cause, Severity
from tests.unit import reports, servers

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
def gnocchi(answers: dict[str, Any]) -> Generator[tuple[deep.Scene, servers.Server]]:
    """The scene of a question to a Gnocchi that gives these answers; a number is a status."""

    def answer(connection: socket.socket, head: bytes) -> None:
        method, path = head.decode().split()[:2]
        found = answers[f"{method} {path.partition('?')[0]}"]
        if isinstance(found, int):
            servers.http(found)(connection, head)
        else:
            servers.http(body="" if found is None else json.dumps(found))(connection, head)

    with servers.serving(answer) as server:
        deadline = transport.Deadline.after(10)
        session = keystoneauth1.session.Session(
            session=transport.open_session(deadline, reports.ORDER.proxies)
        )
        system = blueprint.load().services["metric"]
        names = remedies.Subject("metric", "gnocchi", "keystone", "telemetry-coordinator")
        subject = probe.Subject("metric", system, True, "internal", "", names)
        service = cloud.Service(cloud.Cloud(session, ()), server.url)
        yield deep.Scene(subject, {"metric": service}, reports.ORDER, deadline), server


def requests(server: servers.Server) -> list[str]:
    return [" ".join(head.decode().split()[:2]) for head in server.requests]


def test_the_mean_of_what_was_sent_is_well():
    with gnocchi(GOOD) as (scene, _):
        assert metric.canary(scene).severity is Severity.OK


@pytest.mark.parametrize("values", [(4.0,), (3.0, 3.0)])
def test_another_value_than_the_mean_is_a_failure(values: tuple[float, ...]):
    measures = [["2026-11-22T10:00:00+00:00", 300.0, value] for value in values]
    with gnocchi({**GOOD, "GET /v1/metric/m/measures": measures}) as (scene, server):
        outcome = metric.canary(scene)
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
            metric.canary(scene)
        fault = faults.explain(raised.value, server.url)
        assert fault.cause is cause
        assert requests(server)[-1] == "DELETE /v1/resource/generic/r"


@pytest.mark.parametrize(
    "request_", ["POST /v1/search/resource/generic", "DELETE /v1/resource/generic/r"]
)
def test_a_canary_counts_when_only_tidying_up_fails(request_: str):
    with gnocchi({**GOOD, request_: 503}) as (scene, _):
        assert metric.canary(scene).severity is Severity.OK


@pytest.mark.parametrize("made", [{}, [], {**MADE, "metrics": {}}, {"id": "r"}])
def test_a_metric_that_is_no_metric_is_unexpected(made: Any):
    with gnocchi({**GOOD, "POST /v1/resource/generic": made}) as (scene, _):
        with pytest.raises(Unusable) as raised:
            metric.canary(scene)
        assert raised.value.fault.cause is Cause.UNEXPECTED


@pytest.mark.parametrize("definition", [[], [{"granularity": "soon"}], [{}], None])
def test_policies_that_are_none_are_unexpected(definition: Any):
    policies = [{**POLICY, "definition": definition}]
    with gnocchi({**GOOD, "GET /v1/archive_policy": policies}) as (scene, _):
        with pytest.raises(Unusable) as raised:
            metric.canary(scene)
        assert raised.value.fault.cause is Cause.UNEXPECTED


def test_the_policy_with_the_finest_aggregates_is_taken():
    fine = {**POLICY, "name": "fine", "definition": [{"granularity": "0:00:01"}]}
    last = {**fine, "name": "last", "aggregation_methods": ["last"]}
    with (
        gnocchi({**GOOD, "GET /v1/archive_policy": [POLICY, fine, last]}) as (scene, _),
        canary_metric.canary_metric(scene.service, "us", 60) as canary,
    ):
        assert canary.policy == canary_metric.Policy("fine", 1.0)


def test_a_gnocchi_that_cannot_count_its_backlog_is_no_fault():
    with gnocchi({"GET /v1/status": 503}) as (scene, _):
        assert backlog.backlog(scene).severity is Severity.SKIPPED


@pytest.mark.parametrize(
    "status", [{}, {"storage": {}}, {"storage": {"summary": {"measures": "x"}}}]
)
def test_a_status_without_a_backlog_is_unexpected(status: Any):
    with gnocchi({"GET /v1/status": status}) as (scene, _), pytest.raises(Unusable):
        backlog.backlog(scene)


@pytest.mark.parametrize("found", [{}, [1], [{"id": "i"}], [{"id": "i", "metrics": []}]])
def test_resources_that_are_none_are_unexpected(found: Any):
    with gnocchi({"POST /v1/search/resource/instance": found}) as (scene, _):
        with pytest.raises(Unusable):
            flow.metrics(scene)
        with pytest.raises(Unusable):
            silent_hosts.hosts(scene)


@pytest.mark.parametrize("measures", [{"a": 1}, [1], [["soon", 300.0, 1.0]], [[1, 2, 3]]])
def test_measures_that_are_none_are_unexpected(measures: Any):
    instance = {"id": "i", "host": "h", "metrics": {"cpu": "m"}}
    answers = {
        "POST /v1/search/resource/instance": [instance],
        "GET /v1/metric/m/measures": measures,
    }
    with gnocchi(answers) as (scene, _), pytest.raises(Unusable):
        flow.flow(scene)


def test_without_time_nothing_is_asked():
    with gnocchi({}) as (scene, server):
        late = deep.Scene(scene.subject, scene.services, scene.order, transport.Deadline.after(0))
        for question in (flow.flow, flow.metrics, silent_hosts.hosts):
            with pytest.raises(flow.OutOfTime):
                question(late)
        assert server.requests == []
