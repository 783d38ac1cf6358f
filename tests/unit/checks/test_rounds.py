"""How many answers one verification waits for one after the other, whatever their number."""

from __future__ import annotations

import datetime
import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from coordinator.checks import runner
from coordinator.checks.memory import NOTHING, CheckMemory
from coordinator.report.finding import Severity
from coordinator.request import Depth
from tests.unit import reports, servers

LATENCY = 0.15
"""Seconds that every answer takes; requests that are sent together arrive well within them."""

SERVICES = {
    "metric": ("gnocchi", "v1"),
    "alarming": ("aodh", "v2"),
    "key-manager": ("barbican", "v1"),
    "infra-optim": ("watcher", "v1"),
}
HOSTS = 30


class DistantCloud:
    """A healthy cloud whose answers take their time, and which counts rounds.

    A request belongs to the round after the last one that was answered before it came.

    Attributes:
        asked: method and path of each request.
        rounds: how many answers were waited for one after the other.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.rounds = 0
        self.port = 0
        self._answered = 0
        self._lock = threading.Lock()

    def answer(self, connection: socket.socket, head: bytes) -> None:
        method, path = head.decode().split()[:2]
        with self._lock:
            number = self._answered + 1
            self.rounds = max(self.rounds, number)
            self.asked.append(f"{method} {path.partition('?')[0]}")
        body = _body(connection, head)
        time.sleep(LATENCY)
        with self._lock:
            self._answered = max(self._answered, number)
        content = json.dumps(self._content(path.partition("?")[0], body))
        headers = {"X_Subject_Token": "t"} if method == "POST" else {}
        servers.http(201 if "tokens" in path else 200, content, **headers)(connection, head)

    def _content(self, path: str, body: Any) -> Any:
        if path == "/v3/auth/tokens":
            return {"token": self._token()}
        _, service, rest = path.split("/", 2)
        version = SERVICES[service][1]
        now = datetime.datetime.now(datetime.timezone.utc)
        answers = {
            "v1/resource_type": [{"name": name} for name in sorted(reports.TYPES)],
            "v1/status": {"storage": {"summary": {"measures": 0}}},
            "v1/archive_policy": [{"name": "ceilometer-low"}],
            "v1/secrets": {"secrets": []},
            "v1/services": {"services": []},
            "v1/goals": {"goals": [{}]},
            "v1/services/detail": {
                "services": [
                    {"name": name, "status": "ACTIVE"}
                    for name in ("watcher-decision-engine", "watcher-applier")
                ]
            },
            "v2/alarms": [_alarm(now)],
        }
        if rest in answers:
            return answers[rest]
        if rest.startswith("v1/search/resource"):
            return _found(rest.rpartition("/")[2], body)
        if rest.endswith("/measures"):
            return [[(now - datetime.timedelta(minutes=6)).isoformat(), 300.0, 1.0]]
        return {"versions": [{"id": f"{version}.0", "status": "CURRENT", "links": []}]}

    def _token(self) -> dict[str, Any]:
        catalog = [
            {
                "type": type_,
                "name": name,
                "endpoints": [
                    {
                        "interface": "internal",
                        "region": "RegionOne",
                        "url": f"http://127.0.0.1:{self.port}/{type_}",
                    }
                ],
            }
            for type_, (name, _) in SERVICES.items()
        ]
        return {
            "catalog": catalog,
            "expires_at": "2100-01-01T00:00:00Z",
            "project": {"id": "0123abcd"},
        }


def _body(connection: socket.socket, head: bytes) -> Any:
    """The JSON that a request brings, as far as it has a body."""
    first, _, rest = head.partition(b"\r\n\r\n")
    lengths = [line for line in first.splitlines() if line.lower().startswith(b"content-length:")]
    length = int(lengths[0].split(b":")[1]) if lengths else 0
    while len(rest) < length:
        rest += connection.recv(65536)
    return json.loads(rest) if rest else None


def _alarm(now: datetime.datetime) -> dict[str, Any]:
    """An alarm that is evaluated and lacks data that Gnocchi has."""
    kind = "gnocchi_resources_threshold"
    rule = {"resource_id": "r", "metric": "m", "aggregation_method": "mean", "granularity": 300.0}
    return {
        "name": "hot",
        "type": kind,
        "timestamp": "2026-01-01T00:00:00",
        "evaluate_timestamp": now.replace(tzinfo=None).isoformat(),
        f"{kind}_rule": {**rule, "evaluation_periods": 2},
    }


def _found(type_: str, body: Any) -> list[dict[str, Any]]:
    """Two instances on each of many hosts, and one resource of each other type."""
    if type_ != "instance":
        return [{"id": type_, "host": None, "metrics": {"image.size": type_}}]
    instances = [
        {
            "id": f"{n}-{host}",
            "host": f"host-{host:02}",
            "metrics": {"cpu": "c", "memory.usage": "m"},
        }
        for host in range(HOSTS)
        for n in range(2)
    ]
    for condition in body["and"]:
        for sign, about in condition.items():
            if "host" in about:
                wanted = about["host"]
                instances = [
                    one
                    for one in instances
                    if (one["host"] > wanted if sign == ">" else one["host"] == wanted)
                ]
    if any("id" in about for condition in body["and"] for about in condition.values()):
        random.shuffle(instances)
    return instances[:20]


@pytest.fixture
def cloud() -> Iterator[DistantCloud]:
    made = DistantCloud()
    with servers.serving(made.answer) as server:
        made.port = server.port
        yield made


def verify(
    cloud: DistantCloud, depth: Depth, memory: CheckMemory = NOTHING
) -> runner.Verification:
    credentials = msgspec.structs.replace(
        reports.CREDENTIALS, auth_url=f"http://127.0.0.1:{cloud.port}/v3"
    )
    request = msgspec.structs.replace(
        reports.REQUEST, credentials=(credentials,), depth=depth, timeout=30
    )
    return runner.verify(request, memory)


def test_reads_take_a_token_and_one_round(cloud: DistantCloud):
    report = verify(cloud, Depth.SHALLOW).report
    assert report.severity is Severity.OK, report.summary()
    assert cloud.rounds == 2


def test_inspections_of_a_healthy_cloud_take_at_most_six_rounds(cloud: DistantCloud):
    verified = verify(cloud, Depth.READS)
    bad = [f for f in verified.report.findings if f.severity is Severity.FAILED]
    assert not bad
    assert cloud.rounds <= 6


def test_nothing_is_asked_twice(cloud: DistantCloud):
    verify(cloud, Depth.READS)
    whole = [line for line in cloud.asked if line.startswith("GET") and "measures" not in line]
    own = [line for line in whole if not line.endswith(("v2/alarms", "v3/auth/tokens"))]
    assert len(own) == len(set(own))


def test_all_hosts_are_looked_at_in_turn(cloud: DistantCloud):
    memory, after = NOTHING, [""]
    while len(after) < 2 or after[-1] > after[-2]:
        memory = verify(cloud, Depth.READS, memory).memory
        after.append(memory.hosts.after)
        assert len(after) < 10
    assert after[-2] >= "host-22"  # then from the first again
