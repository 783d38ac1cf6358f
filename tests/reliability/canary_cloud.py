"""A cloud whose services take canaries and keep them: a metric, an alarm and a secret."""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
import socket
import threading
import uuid
from typing import Any

from coordinator.checks import gnocchi
from tests.reliability.site import UpgradedCloud
from tests.unit import servers

SERVICES = {"metric": "gnocchi", "alarming": "aodh", "key-manager": "barbican"}

USER = "0123456789abcdef"

MOMENT = datetime.timedelta(seconds=0.25)
"""How long metricd and the evaluator take."""

SPAN = 300.0

MEAN = sum(gnocchi.MEASURES) / len(gnocchi.MEASURES)


@dataclasses.dataclass
class Thing:
    """Something that was made in a service, as that tells it."""

    path: str
    told: dict[str, Any]
    made_at: datetime.datetime

    @property
    def is_old(self) -> bool:
        """Whether metricd and the evaluator have seen it."""
        return _now() - self.made_at > MOMENT


@dataclasses.dataclass
class CanaryCloud(UpgradedCloud):
    """Nothing is lacking; what is made is kept until it is removed.

    Attributes:
        things: by id: what is there now.
        made: how many there ever were.
        refused: the HTTP status of an answer by what its path begins with.
    """

    things: dict[str, Thing] = dataclasses.field(default_factory=dict[str, Thing])
    made: int = 0
    refused: dict[str, int] = dataclasses.field(default_factory=dict[str, int])
    _lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def age(self) -> None:
        """An hour goes by for all that is there."""
        with self._lock:
            for thing in self.things.values():
                thing.made_at -= datetime.timedelta(hours=1)

    def answer(self, connection: socket.socket, head: bytes) -> None:
        """Answer one request."""
        method, address = head.decode(errors="replace").split()[:2]
        path, _, query = address.partition("?")
        if path.startswith("/v3"):
            super().answer(connection, head)
            return
        refused = next((self.refused[one] for one in self.refused if path.startswith(one)), 0)
        if refused:
            servers.http(refused)(connection, head)
            return
        body = _body(connection, head)
        _, service, rest = path.split("/", 2)
        with self._lock:
            status, content = self._content(service, method, rest, query, body)
        kind = "text/plain" if rest.endswith("/payload") else "application/json"
        text = content if isinstance(content, str) else json.dumps(content)
        servers.http(status, text, kind)(connection, head)

    def _token(self) -> dict[str, Any]:
        def endpoint(type_: str) -> dict[str, str]:
            url = f"http://127.0.0.1:{self.port}/{type_}"
            return {"interface": "internal", "region": self.region, "url": url}

        catalog = [
            {"type": type_, "name": name, "endpoints": [endpoint(type_)]}
            for type_, name in SERVICES.items()
        ]
        return {
            "catalog": catalog,
            "expires_at": "2100-01-01T00:00:00Z",
            "methods": [],
            "project": {"id": "abcdef0123456789"},
        }

    def _content(
        self, service: str, method: str, path: str, query: str, body: Any
    ) -> tuple[int, Any]:
        collection, _, id_ = path.rpartition("/")
        if method == "DELETE":
            return (204, "") if self.things.pop(id_, None) else (404, {})
        if method == "POST" and path in {"v1/resource/generic", "v2/alarms", "v1/secrets"}:
            return 201, self._made(service, path, body)
        if id_ in self.things:
            return 200, self._told(self.things[id_])
        parent = collection.rpartition("/")[2]
        if id_ == "payload" and parent in self.things:
            return 200, self.things[parent].told["payload"]
        if id_ == "measures":
            thing = next((t for t in self.things.values() if parent in str(t.told)), None)
            seen = thing is not None and thing.is_old
            return (202, {}) if method == "POST" else (200, _measures() if seen else [])
        return 200, self._listed(service, path, query)

    def _made(self, service: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        id_, now = str(uuid.uuid4()), _now()
        told = {
            "metric": {
                "id": id_,
                "original_resource_id": body.get("id"),
                "metrics": {"canary": str(uuid.uuid4())},
                "creator": USER,
            },
            "alarming": {**body, "alarm_id": id_, "user_id": USER},
            "key-manager": {**body, "secret_ref": f"/v1/secrets/{id_}", "creator_id": USER},
        }[service]
        self.things[id_] = thing = Thing(path, told, now)
        self.made += 1
        return self._told(thing)

    def _told(self, thing: Thing) -> dict[str, Any]:
        """A thing with what changes by time."""
        at = thing.made_at.replace(tzinfo=None).isoformat()
        seen = thing.made_at + (MOMENT if thing.is_old else datetime.timedelta())
        alarm = {
            "state": "ok" if thing.is_old else "insufficient data",
            "timestamp": at,
            "evaluate_timestamp": seen.replace(tzinfo=None).isoformat(),
        }
        secret = {"created": at}
        more = {"v2/alarms": alarm, "v1/secrets": secret}
        return {**thing.told, **more.get(thing.path, {})}

    def _listed(self, service: str, path: str, query: str) -> Any:
        found = [t for t in self.things.values() if t.path == path]
        if path == "v2/alarms":
            return [self._told(thing) for thing in found]
        if path == "v1/secrets":
            before = re.search(r"created=lt%3A([^&]+)", query)
            limit = before and before[1].replace("%3A", ":")[:26]
            told = [self._told(thing) for thing in found]
            return {"secrets": [one for one in told if not limit or one["created"] < limit]}
        if path == "v1/search/resource/generic":
            old = _now() - datetime.timedelta(minutes=30)
            return [
                t.told for t in self.things.values() if "creator" in t.told and t.made_at < old
            ]
        answers = {
            "v1/resource_type": [{"name": name} for name in self.types or ()],
            "v1/status": {"storage": {"summary": {"measures": 0}}},
            "v1/archive_policy": [_policy()],
        }
        version = "v2.0" if service == "alarming" else "v1.0"
        root = {
            "build": self.build,
            "versions": [{"id": version, "status": "CURRENT", "links": []}],
        }
        return answers.get(path, [] if "search" in path else root)


def _policy() -> dict[str, Any]:
    definition = [{"granularity": "0:05:00"}]
    return {"name": "low", "aggregation_methods": ["mean"], "definition": definition}


def _measures() -> list[Any]:
    return [[_now().isoformat(), SPAN, MEAN]]


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def _body(connection: socket.socket, head: bytes) -> Any:
    """The JSON that a request brings, as far as it has a body."""
    first, _, rest = head.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", first)
    while length and len(rest) < int(length[1]):
        rest += connection.recv(65536)
    return json.loads(rest) if rest else {}
