"""The Juju model as one readout of `juju status --format json` tells it, as typed values. Pure.

Source of the form: juju/juju, `cmd/juju/status/formatted.go`, and jubilant, `statustypes.py`. It
is the same for Juju 3.6 and 4.0; before 3.0 integrations were lists of names.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Iterator, Mapping
from typing import Any, cast

from coordinator.text import plain

_Tree = Mapping[str, Any]

_TIMES = ("%d %b %Y %H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z")
"""Forms of a time: as the client writes it, and with its option for ISO times."""


class Level(enum.Enum):
    """What a status can be; the values are Juju's words (juju/juju, `core/status/status.go`)."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    WAITING = "waiting"
    MAINTENANCE = "maintenance"
    ERROR = "error"
    UNKNOWN = "unknown"
    TERMINATED = "terminated"
    IDLE = "idle"
    EXECUTING = "executing"
    ALLOCATING = "allocating"
    REBOOTING = "rebooting"
    FAILED = "failed"
    LOST = "lost"
    OTHER = ""


@dataclasses.dataclass(frozen=True)
class CharmStatus:
    """A status of an application, of a workload or of an agent.

    Attributes:
        message: on one line.
        since: when it was set, None where that is not told.
    """

    level: Level = Level.OTHER
    message: str = ""
    since: datetime.datetime | None = None


@dataclasses.dataclass(frozen=True)
class Unit:
    """A unit.

    Attributes:
        workload: what its charm says of itself; an `error` is that of a hook.
        agent: what Juju says of its agent; `lost` when that is not connected.
        machine: number of its machine; empty while it has none, and for subordinates.
        principal: name of the unit that it is beside; empty when it is a principal itself.
        subordinates: names of the units beside it.
    """

    name: str
    workload: CharmStatus = CharmStatus()
    agent: CharmStatus = CharmStatus()
    machine: str = ""
    leader: bool = False
    principal: str = ""
    subordinates: tuple[str, ...] = ()

    @property
    def application(self) -> str:
        """Name of its application."""
        return application_of(self.name)


@dataclasses.dataclass(frozen=True)
class Integration:
    """An integration of an application, as seen from it.

    Attributes:
        endpoint: the application's own endpoint.
        application: name of the other application; it may be a remote one.
        other: the other's endpoint; empty where it is not clear which.
        interface: of both; empty where the client is too old to tell.
    """

    endpoint: str
    application: str
    other: str = ""
    interface: str = ""


@dataclasses.dataclass(frozen=True)
class Application:
    """An application.

    Attributes:
        charm: name of its charm, whatever the application is called.
        channel: where its charm comes from, such as `2023.2/stable`; empty for a local charm.
        version: of the workload, as the charm tells it.
        life: `dying` or `dead`; empty while it is alive.
        units: also of a subordinate, which Juju lists below its principals.
        subordinate_to: applications that it is beside; empty for a principal.
        integrations: with other applications; peers are left out.
    """

    name: str
    charm: str
    channel: str = ""
    version: str = ""
    life: str = ""
    status: CharmStatus = CharmStatus()
    units: tuple[Unit, ...] = ()
    subordinate_to: tuple[str, ...] = ()
    integrations: tuple[Integration, ...] = ()

    def integrated(self, endpoint: str) -> tuple[Integration, ...]:
        """What one of its endpoints is integrated with."""
        return tuple(found for found in self.integrations if found.endpoint == endpoint)


@dataclasses.dataclass(frozen=True)
class Model:
    """What a readout shows of a model: all of it, or the applications that were asked for.

    Attributes:
        applications: by name.
        remote: names of applications of other models (consumed offers) that it knows.
    """

    applications: Mapping[str, Application] = dataclasses.field(
        default_factory=dict[str, Application]
    )
    remote: frozenset[str] = frozenset()

    def of_charm(self, *charms: str) -> tuple[Application, ...]:
        """The applications of these charms, whatever their names."""
        return tuple(app for app in self.applications.values() if app.charm in charms)


def application_of(unit: str) -> str:
    """Name of a unit's application."""
    return unit.partition("/")[0]


def parse(status: object) -> Model:
    """Read the output of `juju status --format json`.

    What an application or a unit could not be asked for (`status-error`) is read as its status.

    Raises:
        ValueError: it is no such output.
    """
    try:
        tree = cast("_Tree", status)
        entries = cast("dict[str, _Tree]", tree["applications"] or {})
        units = _all_units(entries)
        endpoints = {name: _integrated(entry) for name, entry in entries.items()}
        remote = cast("_Tree", tree.get("application-endpoints") or {})
        return Model(
            {
                name: _application(name, entry, tuple(units.get(name, ())), endpoints)
                for name, entry in entries.items()
            },
            frozenset(remote),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not the output of juju status") from error


_Endpoints = dict[str, list[tuple[str, str, str]]]
"""Application → (endpoint, other application, interface) of its integrations."""


def _application(
    name: str, entry: _Tree, units: tuple[Unit, ...], endpoints: _Endpoints
) -> Application:
    return Application(
        name=name,
        charm=str(entry.get("charm-name") or ""),
        channel=str(entry.get("charm-channel") or ""),
        version=plain(str(entry.get("version") or ""), 40),
        life=str(entry.get("life") or ""),
        status=_status(entry.get("application-status") or entry),
        units=units,
        subordinate_to=tuple(map(str, entry.get("subordinate-to") or ())),
        integrations=tuple(
            Integration(
                own, other, _other_end(name, interface, endpoints.get(other, [])), interface
            )
            for own, other, interface in endpoints[name]
            if other != name
        ),
    )


def _integrated(entry: _Tree) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    relations = cast("dict[str, list[_Tree | str]]", entry.get("relations") or {})
    for endpoint, others in relations.items():
        for other in others:
            if isinstance(other, str):
                found.append((endpoint, other, ""))
            else:
                interface = str(other.get("interface") or "")
                found.append((endpoint, str(other["related-application"]), interface))
    return found


def _other_end(name: str, interface: str, ends: list[tuple[str, str, str]]) -> str:
    """The endpoint of the other application that leads back here, where only one can be it."""
    back = {own for own, other, kind in ends if other == name and kind == interface}
    return back.pop() if len(back) == 1 else ""


def _all_units(entries: Mapping[str, _Tree]) -> dict[str, list[Unit]]:
    """The units of each application, subordinates among them."""
    found: dict[str, list[Unit]] = {}
    for entry in entries.values():
        for unit in _units(cast("dict[str, _Tree]", entry.get("units") or {})):
            found.setdefault(unit.application, []).append(unit)
    return found


def _units(entries: Mapping[str, _Tree], principal: str = "") -> Iterator[Unit]:
    for name, entry in entries.items():
        beside = cast("dict[str, _Tree]", entry.get("subordinates") or {})
        yield Unit(
            name=name,
            workload=_status(entry.get("workload-status") or entry),
            agent=_status(entry.get("juju-status") or entry),
            machine=str(entry.get("machine") or ""),
            leader=bool(entry.get("leader")),
            principal=principal,
            subordinates=tuple(beside),
        )
        yield from _units(beside, name)


def _status(entry: _Tree) -> CharmStatus:
    if "status-error" in entry:
        return CharmStatus(Level.OTHER, plain(str(entry["status-error"]), 200))
    return CharmStatus(
        _level(str(entry.get("current") or "")),
        plain(str(entry.get("message") or ""), 200),
        _time(str(entry.get("since") or "")),
    )


def _level(word: str) -> Level:
    try:
        return Level(word)
    except ValueError:
        return Level.OTHER


def _time(text: str) -> datetime.datetime | None:
    for form in _TIMES:
        try:
            return datetime.datetime.strptime(text, form)  # noqa: DTZ007 - the forms have it
        except ValueError:
            continue
    return None
