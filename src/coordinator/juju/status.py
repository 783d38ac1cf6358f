"""The Juju model as one `juju status --format json` tells it, as typed values. Pure.

Source of the form: recordings of Juju 4.0.14 (tests/support/juju/recordings), and juju/juju,
`cmd/juju/status/formatted.go`, for 3.6. The two differ little: 4.0 tells the life of what is
alive, too, and names what a remote application is integrated with without details.
"""

from __future__ import annotations

import datetime
import enum
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from coordinator.juju import foreign
from coordinator.juju.foreign import Entry
from coordinator.report.kept import Json
from coordinator.text import plain

LONGEST = 500
"""Characters of a message that are kept."""

_TIMES = ("%d %b %Y %H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z")
"""Forms of a time: as the client writes it, and with its option for ISO times."""


class Level(enum.Enum):
    """What a status can be; the values are Juju's words (juju/juju, `core/status/status.go`).

    The last ones are those of machines. `UNREADABLE` is Juju's own failure to tell a status.
    """

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
    PENDING = "pending"
    STARTED = "started"
    STOPPED = "stopped"
    RUNNING = "running"
    DOWN = "down"
    PROVISIONING_ERROR = "provisioning error"
    UNREADABLE = "status-error"
    OTHER = ""


class CharmStatus(msgspec.Struct, frozen=True):
    """A status of an application, of a workload, of an agent or of a machine.

    Attributes:
        message: on one line. Of `UNREADABLE`, why Juju could not tell.
        since: when it was last set, which a charm may do every few minutes with the same words
            (patience.py knows more). None where that is not told, and for an error: Juju tells
            when the status before it was set.
    """

    level: Level = Level.OTHER
    message: str = ""
    since: datetime.datetime | None = None


class Base(msgspec.Struct, frozen=True):
    """An operating system, such as `ubuntu` `22.04`; empty where it is not told."""

    name: str = ""
    channel: str = ""

    def __str__(self) -> str:
        return f"{self.name}@{self.channel}" if self.name else ""


class Machine(msgspec.Struct, frozen=True):
    """A machine or a container.

    Attributes:
        name: its number, such as `3` or `3/lxd/0`.
        agent: what Juju says of its agent: `started`, `pending`, or `down`, which is also said
            while it is not provisioned.
        instance: what the cloud says of it: `running`, `allocating`, `provisioning error`.
    """

    name: str
    agent: CharmStatus = CharmStatus()
    instance: CharmStatus = CharmStatus()
    base: Base = Base()

    @property
    def is_down(self) -> bool:
        """Whether its agent does not answer; of a machine that never came, too."""
        return self.agent.level is Level.DOWN


class Unit(msgspec.Struct, frozen=True):
    """A unit.

    Attributes:
        workload: what its charm says of itself; an `error` is that of a hook.
        agent: what Juju says of its agent; `lost` when that is not connected.
        machine: number of its machine, for a subordinate that of its principal; empty while it
            has none.
        principal: name of the unit that it is beside; empty when it is a principal itself.
        subordinates: names of the units beside it.
        lost: its agent is gone. Juju hides that behind an error of a hook; then the machine tells.
    """

    name: str
    workload: CharmStatus = CharmStatus()
    agent: CharmStatus = CharmStatus()
    machine: str = ""
    principal: str = ""
    subordinates: tuple[str, ...] = ()
    lost: bool = False
    unreadable: bool = False

    @property
    def application(self) -> str:
        """Name of its application."""
        return application_of(self.name)


class Integration(msgspec.Struct, frozen=True):
    """An integration of an application, as seen from it.

    Attributes:
        endpoint: the application's own endpoint.
        application: name of the other application; it may be a remote one.
        other: the other's endpoint; empty where it is not clear which.
        interface: of both; empty where the client does not tell.
    """

    endpoint: str
    application: str
    other: str = ""
    interface: str = ""


class Application(msgspec.Struct, frozen=True):
    """An application.

    Attributes:
        charm: name of its charm, whatever the application is called.
        channel: where its charm comes from, such as `2023.2/stable`; empty for a local charm.
        version: of the workload, as the charm tells it; empty while one unit has not told it.
        life: `dying` or `dead`; empty while it is alive.
        units: also of a subordinate, which Juju lists below its principals.
        subordinate_to: applications that it is beside; empty for a principal, and for a
            subordinate that is beside none.
        integrations: with other applications; peers are left out.
        unreadable: Juju could not tell about it; often, not even its charm is known then.
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
    base: Base = Base()
    unreadable: bool = False

    @property
    def is_leaving(self) -> bool:
        """Whether it is being removed."""
        return bool(self.life)

    def integrated(self, endpoint: str) -> tuple[Integration, ...]:
        """What one of its endpoints is integrated with."""
        return tuple(found for found in self.integrations if found.endpoint == endpoint)


class RemoteApplication(msgspec.Struct, frozen=True):
    """An application of another model (a consumed offer, SAAS), as this model knows it.

    Attributes:
        url: of the offer, such as `admin/other.keystone`.
        endpoints: interface of each endpoint that is offered.
        integrations: with applications of this model.
    """

    name: str
    url: str = ""
    life: str = ""
    status: CharmStatus = CharmStatus()
    endpoints: Mapping[str, str] = {}
    integrations: tuple[Integration, ...] = ()
    unreadable: bool = False


class Model(msgspec.Struct, frozen=True):
    """A model.

    Attributes:
        remote: applications of other models that it knows (consumed offers), by name.
        machines: with their containers, by number.
        seen_since: when we first saw each unit as it is now (patience.py); empty where nobody
            remembers.
        retried: units whose hook failed and is being tried again at this moment (patience.py).
        is_kubernetes: it has no machines.
    """

    applications: Mapping[str, Application] = {}
    remote: Mapping[str, RemoteApplication] = {}
    machines: Mapping[str, Machine] = {}
    seen_since: Mapping[str, datetime.datetime] = {}
    retried: frozenset[str] = frozenset()
    is_kubernetes: bool = False

    def of_charm(self, *charms: str) -> tuple[Application, ...]:
        """The applications of these charms, whatever their names."""
        return tuple(app for app in self.applications.values() if app.charm in charms)

    @property
    def units(self) -> Iterator[Unit]:
        """All units, subordinates among them."""
        return (unit for app in self.applications.values() for unit in app.units)


def host_of(machine: str) -> str:
    """The machine that a container is on; of a machine, itself."""
    return machine.partition("/")[0]


def application_of(unit: str) -> str:
    """Name of a unit's application."""
    return unit.partition("/")[0]


def parse(document: Json) -> Model:
    """Read the output of `juju status --format json`."""
    tree = Entry(document, "status")
    if "applications" not in tree:
        raise foreign.NotUnderstoodError("status: no applications")
    entries = dict(tree.entries("applications", foreign.APPLICATION))
    others = dict(tree.entries("application-endpoints", foreign.APPLICATION))
    machines = {found.name: found for found in _machines(tree, "machines")}
    units = _all_units(entries, machines)
    ends = {name: list(_ends(entry)) for name, entry in {**others, **entries}.items()}
    return Model(
        {
            name: _application(name, entry, tuple(units.get(name, ())), ends)
            for name, entry in entries.items()
        },
        {name: _remote(name, entry, ends) for name, entry in others.items()},
        machines,
        is_kubernetes=tree.entry("model").text("type") == "caas",
    )


class _End(NamedTuple):
    """An integration, as one of its applications tells it."""

    endpoint: str
    other: str
    interface: str


_Ends = Mapping[str, list[_End]]
"""Integrations of each application."""

_ERROR = "status-error"
"""In place of what Juju could not tell (juju/juju, `cmd/juju/status/formatted.go`)."""


def _application(name: str, entry: Entry, units: tuple[Unit, ...], ends: _Ends) -> Application:
    said = _status(entry, "application-status")
    return Application(
        name=name,
        charm=entry.name("charm-name", foreign.APPLICATION),
        channel=plain(entry.text("charm-channel"), 100),
        version=plain(entry.text("version"), 40),
        life=_life(entry),
        status=said,
        units=units,
        subordinate_to=entry.names("subordinate-to", foreign.APPLICATION),
        integrations=_integrations(name, ends),
        base=_base(entry),
        unreadable=said.level is Level.UNREADABLE,
    )


def _remote(name: str, entry: Entry, ends: _Ends) -> RemoteApplication:
    said = _status(entry, "application-status")
    return RemoteApplication(
        name=name,
        url=plain(entry.text("url"), 200),
        life=_life(entry),
        status=said,
        endpoints=_interfaces(entry),
        integrations=_integrations(name, ends),
        unreadable=said.level is Level.UNREADABLE,
    )


def _interfaces(entry: Entry) -> dict[str, str]:
    return {
        endpoint: plain(found.text("interface"), 100)
        for endpoint, found in entry.entries("endpoints", foreign.ENDPOINT)
    }


def _ends(entry: Entry) -> Iterator[_End]:
    """What an application is integrated with: names, or mappings with details."""
    interfaces = _interfaces(entry)
    for endpoint, others in entry.lists("relations", foreign.ENDPOINT):
        for other in others:
            if isinstance(other, str):
                found = foreign.name(other, foreign.APPLICATION, "relations")
                yield _End(endpoint, found, interfaces.get(endpoint, ""))
                continue
            detail = Entry(other, "relations")
            found = detail.name("related-application", foreign.APPLICATION)
            if not found:
                raise foreign.NotUnderstoodError("relations: no name")
            yield _End(endpoint, found, plain(detail.text("interface"), 100))


def _integrations(name: str, ends: _Ends) -> tuple[Integration, ...]:
    """Those with others: what an application has with itself are its peers."""
    return tuple(
        Integration(own, other, _other_end(name, interface, ends.get(other, [])), interface)
        for own, other, interface in ends[name]
        if other != name
    )


def _other_end(name: str, interface: str, ends: list[_End]) -> str:
    """The endpoint of the other application that leads back here, where only one can be it."""
    back = {end.endpoint for end in ends if end.other == name and end.interface == interface}
    return back.pop() if len(back) == 1 else ""


def _machines(entry: Entry, key: str) -> Iterator[Machine]:
    for name, found in entry.entries(key, foreign.MACHINE):
        yield Machine(
            name=name,
            agent=_status(found, "juju-status"),
            instance=_status(found, "machine-status"),
            base=_base(found),
        )
        yield from _machines(found, "containers")


def _all_units(
    entries: Mapping[str, Entry], machines: Mapping[str, Machine]
) -> dict[str, list[Unit]]:
    """The units of each application, subordinates among them."""
    found: dict[str, list[Unit]] = {}
    for application, entry in entries.items():
        for name, unit in entry.entries("units", foreign.UNIT):
            if application_of(name) != application:
                raise foreign.NotUnderstoodError("units: a unit of another application")
            place = unit.name("machine", foreign.MACHINE)
            beside = dict(unit.entries("subordinates", foreign.UNIT))
            principal = msgspec.structs.replace(
                _unit(name, unit, machines, place), subordinates=tuple(beside)
            )
            found.setdefault(principal.application, []).append(principal)
            for title, shown in beside.items():
                other = msgspec.structs.replace(
                    _unit(title, shown, machines, place), principal=name
                )
                found.setdefault(other.application, []).append(other)
    return found


def _unit(name: str, entry: Entry, machines: Mapping[str, Machine], place: str) -> Unit:
    workload, agent = _status(entry, "workload-status"), _status(entry, "juju-status")
    machine = machines.get(place)
    return Unit(
        name=name,
        workload=workload,
        agent=agent,
        machine=place,
        lost=agent.level is Level.LOST or (machine is not None and _is_gone(agent, machine)),
        unreadable=workload.level is Level.UNREADABLE,
    )


def _is_gone(agent: CharmStatus, machine: Machine) -> bool:
    """Whether the agent was there and is not any more; one that is allocating never was."""
    return machine.is_down and agent.level not in {Level.ALLOCATING, Level.UNREADABLE}


def _base(entry: Entry) -> Base:
    found = entry.entry("base")
    return Base(plain(found.text("name"), 40), plain(found.text("channel"), 40))


def _life(entry: Entry) -> str:
    """`dying` or `dead`; 4.0 also tells `alive`, which 3.6 leaves out."""
    life = plain(entry.text("life"), 40)
    return "" if life == "alive" else life


def _status(entry: Entry, key: str) -> CharmStatus:
    """A status; what Juju could not tell of it, or of all that it belongs to."""
    found = entry if _ERROR in entry else entry.entry(key)
    if _ERROR in found:
        return CharmStatus(Level.UNREADABLE, plain(found.text(_ERROR), LONGEST))
    level = _level(found.text("current"))
    return CharmStatus(
        level,
        plain(found.text("message"), LONGEST),
        None if level is Level.ERROR else _time(found.text("since")),
    )


def _level(word: str) -> Level:
    try:
        return Level(word)
    except ValueError:
        return Level.OTHER


def _time(text: str) -> datetime.datetime | None:
    if not text or len(text) > 40 or not text.isascii():
        return None
    for form in _TIMES:
        try:
            return datetime.datetime.strptime(text, form)  # noqa: DTZ007 - the forms have it
        except (ValueError, OverflowError):
            continue
    return None
