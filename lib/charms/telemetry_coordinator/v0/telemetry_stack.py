"""Wait for a verified telemetry stack: both sides of the interface `telemetry_stack`.

The telemetry coordinator publishes one status of the telemetry stack of an OpenStack cloud: is
it ready, since when, which services does it have and in which state, and what became of
`ceilometer-upgrade`. There are no secrets in it. A charm that needs metrics, alarms or secrets of
that cloud can wait for it instead of trying by itself.

## A charm that waits

It names the endpoint in its metadata:

```yaml
requires:
  telemetry:
    interface: telemetry_stack
    limit: 1
```

and observes three events:

```python
import ops
from charms.telemetry_coordinator.v0 import telemetry_stack


class MyCharm(ops.CharmBase):
    def __init__(self, framework: ops.Framework):
        super().__init__(framework)
        self.telemetry = telemetry_stack.TelemetryStackRequirer(self, "telemetry")
        framework.observe(self.telemetry.on.ready, self._on_ready)
        framework.observe(self.telemetry.on.degraded, self._on_degraded)
        framework.observe(self.telemetry.on.gone, self._on_gone)

    def _on_ready(self, event: telemetry_stack.ReadyEvent):
        metric = self.telemetry.stack.services.get("metric")
        if metric is not None:
            self.unit.status = ops.ActiveStatus(f"metrics from {metric.endpoint}")

    def _on_degraded(self, event: telemetry_stack.DegradedEvent):
        self.unit.status = ops.WaitingStatus(self.telemetry.stack.message)

    def _on_gone(self, event: telemetry_stack.GoneEvent):
        self.unit.status = ops.BlockedStatus("missing relation telemetry")


if __name__ == "__main__":
    ops.main(MyCharm)
```

`ready` says that all that is required was verified; `degraded`, that something of it is missing or
does not work. A service that works but not well leaves the stack ready: its `state` is then
`degraded`. Both events come with every new status, not only with a change from one to the other:
handle them as often as they come. Between them, `stack` and `is_ready` tell the last status.

Readers pass over fields that they do not know; what an older coordinator does not write has its
default. A status of a version that is newer than this library, or that cannot be read, is as good
as none: the stack is then not ready, and the message says why.

## A charm that publishes

That is the coordinator, whose leader tells every related charm the same:

```yaml
provides:
  telemetry-stack:
    interface: telemetry_stack
```

```python
import datetime

import ops
from charms.telemetry_coordinator.v0 import telemetry_stack


class MyCoordinator(ops.CharmBase):
    def __init__(self, framework: ops.Framework):
        super().__init__(framework)
        self.provider = telemetry_stack.TelemetryStackProvider(self, "telemetry-stack")
        framework.observe(self.on.update_status, self._on_event)
        framework.observe(self.on["telemetry-stack"].relation_created, self._on_event)

    def _on_event(self, event: ops.EventBase):
        if not self.unit.is_leader():
            return
        metric = telemetry_stack.Service("ok", "http://192.0.2.30:8041")
        stack = telemetry_stack.Stack(
            ready=True,
            message="metric verified",
            since=datetime.datetime.now(datetime.timezone.utc),
            services={"metric": metric},
            upgrade="done",
        )
        self.provider.publish(stack)


if __name__ == "__main__":
    ops.main(MyCoordinator)
```

`publish` keeps the time since when the stack is (not) ready, as long as that does not change.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Mapping
from typing import Any, cast

import ops

LIBID = "17da559122b04d2c929bda907e0c40ae"
LIBAPI = 0
LIBPATCH = 2
PYDEPS: list[str] = []

VERSION = 1
"""Version of the databag's form; raised when readers of the old one would misread the new."""

KEY = "stack"
"""Key in the coordinator's application databag."""

_UNREADABLE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,  # a version without end
    RecursionError,  # JSON without end
)
"""What data of a wrong form raises."""


@dataclasses.dataclass(frozen=True)
class Service:
    """One service of the stack.

    Attributes:
        state: `ok`, `skipped` (not asked, or not allowed to), `degraded` or `failed`.
        endpoint: its URL in the service catalog, or empty.
    """

    state: str
    endpoint: str = ""


@dataclasses.dataclass(frozen=True)
class Stack:
    """The status of the telemetry stack.

    Attributes:
        ready: whether all that is required was verified.
        message: the status in one line, for people.
        since: since when it is (not) ready; None when that is not known.
        services: by catalog type, such as `metric`.
        upgrade: of `ceilometer-upgrade`: `done`, `needed`, `running`, `failed` or `unknown`.
    """

    ready: bool
    message: str = ""
    since: datetime.datetime | None = None
    services: Mapping[str, Service] = dataclasses.field(default_factory=dict[str, Service])
    upgrade: str = "unknown"

    def to_json(self) -> str:
        """The status as JSON, equal ones as equal texts."""
        data = {
            "version": VERSION,
            "ready": self.ready,
            "message": self.message,
            "since": self.since.isoformat() if self.since else "",
            "services": {
                name: dataclasses.asdict(service) for name, service in self.services.items()
            },
            "upgrade": self.upgrade,
        }
        return json.dumps(data, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Stack | None:
        """Read a status; None when there is none yet.

        What cannot be read is a stack that is not ready, with the reason as its message.
        """
        if not text:
            return None
        try:
            data = cast("dict[str, Any]", json.loads(text))
            version = int(data["version"])
            if version > VERSION:
                return cls(False, f"the coordinator speaks version {version} of telemetry_stack")
            return cls(
                ready=data["ready"] is True,
                message=str(data.get("message", "")),
                since=_time(str(data.get("since", ""))),
                services=_services(data.get("services", {})),
                upgrade=str(data.get("upgrade", "unknown")),
            )
        except _UNREADABLE:
            return cls(False, "the coordinator's status cannot be read")


def _time(text: str) -> datetime.datetime | None:
    """The time; Python 3.10 does not know `Z`. One without a zone is in UTC."""
    if not text:
        return None
    time = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return time if time.tzinfo else time.replace(tzinfo=datetime.timezone.utc)


def _services(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Service]:
    return {
        str(name): Service(str(entry["state"]), str(entry.get("endpoint", "")))
        for name, entry in entries.items()
    }


class ReadyEvent(ops.RelationEvent):
    """The stack is verified."""


class DegradedEvent(ops.RelationEvent):
    """The stack is not verified: something that is required is missing or does not work."""


class GoneEvent(ops.RelationEvent):
    """There is no coordinator any more, so nothing is known about the stack."""


class TelemetryStackEvents(ops.ObjectEvents):
    """Events of the charm that waits."""

    ready = ops.EventSource(ReadyEvent)
    degraded = ops.EventSource(DegradedEvent)
    gone = ops.EventSource(GoneEvent)


class TelemetryStackRequirer(ops.Object):
    """The side of a charm that waits for a verified stack."""

    on = TelemetryStackEvents()

    def __init__(self, charm: ops.CharmBase, endpoint: str) -> None:
        """Watch an endpoint of the interface `telemetry_stack`."""
        super().__init__(charm, f"telemetry-stack-{endpoint}")
        self._endpoint = endpoint
        events = charm.on[endpoint]
        self.framework.observe(events.relation_changed, self._on_changed)
        self.framework.observe(events.relation_broken, self._on_broken)

    @property
    def stack(self) -> Stack:
        """The last status; one that is not ready where there is none."""
        for relation in self.model.relations[self._endpoint]:
            if relation.active and relation.app:
                known = Stack.from_json(relation.data[relation.app].get(KEY, ""))
                if known is not None:
                    return known
        return Stack(False, "the telemetry coordinator has not published a status yet")

    @property
    def is_ready(self) -> bool:
        """Whether the stack is verified."""
        return self.stack.ready

    def _on_changed(self, event: ops.RelationChangedEvent) -> None:
        if not event.app or not event.relation.data[event.app].get(KEY):
            return
        kind = self.on.ready if self.stack.ready else self.on.degraded
        kind.emit(event.relation, event.app)

    def _on_broken(self, event: ops.RelationBrokenEvent) -> None:
        self.on.gone.emit(event.relation, event.app)


class TelemetryStackProvider(ops.Object):
    """The coordinator's side."""

    def __init__(self, charm: ops.CharmBase, endpoint: str) -> None:
        """Publish on an endpoint of the interface `telemetry_stack`."""
        super().__init__(charm, f"telemetry-stack-{endpoint}")
        self._endpoint = endpoint

    def publish(self, stack: Stack) -> None:
        """Tell every related charm the same; the leader alone may.

        A status that is as ready as the one before keeps the time since when it is so, also for a
        charm that was related later.
        """
        active = [r for r in self.model.relations[self._endpoint] if r.active]
        databags = [relation.data[self.model.app] for relation in active]
        told = [Stack.from_json(databag.get(KEY, "")) for databag in databags]
        lasting = [t.since for t in told if t and t.ready == stack.ready and t.since]
        text = dataclasses.replace(stack, since=min(lasting, default=stack.since)).to_json()
        for databag in databags:
            if databag.get(KEY, "") != text:
                databag[KEY] = text
