"""The Juju model as `juju status --format json` shows it, as typed values.

Source of the form: recordings of Juju 4.0.14 (tests/support/juju/recordings), and juju/juju,
`cmd/juju/status/formatted.go`, for 3.6. The two differ little: 4.0 tells the life of what is
alive, too, and names what a remote application is integrated with without details.
"""

from __future__ import annotations

import contextlib
import datetime
import enum
from collections.abc import Iterator, Mapping

import msgspec

from coordinator.juju import foreign
from coordinator.juju.foreign import Node
from coordinator.report.kept import Json
from coordinator.text import plain

LONGEST = 500
"""Characters of a message that are kept."""

_TIMES = ("%d %b %Y %H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z")
"""Forms of a time: as the client writes it, and with its option for ISO times."""

_ERROR = "status-error"
"""In place of what Juju could not tell (juju/juju, `cmd/juju/status/formatted.go`)."""


class JujuLevel(enum.Enum):
    """Juju's words for a status (juju/juju, `core/status/status.go`)."""

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
    PENDING = "pending"  # from here on, of machines
    STARTED = "started"
    STOPPED = "stopped"
    RUNNING = "running"
    DOWN = "down"
    PROVISIONING_ERROR = "provisioning error"
    UNREADABLE = "status-error"  # Juju could not tell
    OTHER = ""


_LEVELS = {level.value: level for level in JujuLevel}


class CharmStatus(msgspec.Struct, frozen=True):
    """A status of an application, of a workload, of an agent or of a machine.

    Attributes:
        message: one line; of `UNREADABLE`, why Juju could not tell.
        since: when it was last set, perhaps to the same words (sightings.py knows more). None
            where that is not told, and for an error: Juju tells that of the status before.
    """

    level: JujuLevel = JujuLevel.OTHER
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
        agent: `started`, `pending`, or `down`, which is also said while it is not provisioned.
        instance: what the cloud says: `running`, `allocating`, `provisioning error`.
    """

    name: str
    agent: CharmStatus = CharmStatus()
    instance: CharmStatus = CharmStatus()
    base: Base = Base()

    @property
    def is_down(self) -> bool:
        """True if its agent does not answer, or never came."""
        return self.agent.level is JujuLevel.DOWN


class Unit(msgspec.Struct, frozen=True):
    """A unit.

    Attributes:
        workload: what its charm says of itself; an `error` is that of a hook.
        machine: number of its machine, for a subordinate that of its principal; empty while it
            has none.
        principal: name of the unit that it is beside; empty for a principal.
        lost: its agent is gone. Juju hides that behind an error of a hook; then the machine tells.
        unreadable: Juju could not tell about it.
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


class JujuIntegration(msgspec.Struct, frozen=True):
    """An integration of an application, as seen from it.

    Attributes:
        application: name of the other one, which may be remote.
        other: the other's endpoint; empty where it is not clear which.
        interface: of both; empty where it is not told.
    """

    endpoint: str
    application: str
    other: str = ""
    interface: str = ""


class Application(msgspec.Struct, frozen=True):
    """An application.

    Attributes:
        channel: where its charm comes from, such as `2023.2/stable`; empty for a local charm.
        version: of the workload, as the charm tells it; empty while one unit has not told it.
        life: `dying` or `dead`; empty while it is alive.
        subordinate_to: applications that it is beside; a subordinate may be beside none.
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
    integrations: tuple[JujuIntegration, ...] = ()
    base: Base = Base()
    unreadable: bool = False

    @property
    def is_leaving(self) -> bool:
        """True if it is being removed."""
        return bool(self.life)

    def integrated(self, endpoint: str) -> tuple[JujuIntegration, ...]:
        """The integrations of one of its endpoints."""
        return tuple(found for found in self.integrations if found.endpoint == endpoint)


class RemoteApplication(msgspec.Struct, frozen=True):
    """An application of another model, consumed by its offer (SAAS).

    Attributes:
        url: of the offer, such as `admin/other.keystone`.
        endpoints: interface of each.
    """

    name: str
    url: str = ""
    life: str = ""
    status: CharmStatus = CharmStatus()
    endpoints: Mapping[str, str] = {}
    integrations: tuple[JujuIntegration, ...] = ()
    unreadable: bool = False


class Model(msgspec.Struct, frozen=True):
    """A model.

    Attributes:
        machines: also containers.
        seen_since: when each unit was first seen as it is now (sightings.py), where known.
        retried: units whose hook failed and is being tried again at this moment (sightings.py).
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
    tree = Node(document)
    if "applications" not in tree:
        raise foreign.NotUnderstoodError("no applications")
    applications = tree.nodes("applications", foreign.APPLICATION)
    remote = tree.nodes("application-endpoints", foreign.APPLICATION)
    machines = {found.name: found for found in _machines(tree)}
    units: dict[str, list[Unit]] = {}
    for unit in _units(applications, machines):
        units.setdefault(unit.application, []).append(unit)
    ends = {name: _ends(node) for name, node in {**remote, **applications}.items()}
    return Model(
        {
            name: _application(name, node, tuple(units.get(name, ())), _integrations(name, ends))
            for name, node in applications.items()
        },
        {name: _remote(name, node, _integrations(name, ends)) for name, node in remote.items()},
        machines,
        is_kubernetes=tree.node("model").text("type") == "caas",
    )


def _application(
    name: str, node: Node, units: tuple[Unit, ...], integrations: tuple[JujuIntegration, ...]
) -> Application:
    status = _status(node, "application-status")
    return Application(
        name=name,
        charm=node.name("charm-name", foreign.APPLICATION),
        channel=plain(node.text("charm-channel"), 100),
        version=plain(node.text("version"), 40),
        life=_life(node),
        status=status,
        units=units,
        subordinate_to=tuple(
            foreign.check_name(principal, foreign.APPLICATION)
            for principal in node.items("subordinate-to")
        ),
        integrations=integrations,
        base=_base(node),
        unreadable=status.level is JujuLevel.UNREADABLE,
    )


def _remote(name: str, node: Node, integrations: tuple[JujuIntegration, ...]) -> RemoteApplication:
    status = _status(node, "application-status")
    return RemoteApplication(
        name=name,
        url=plain(node.text("url"), 200),
        life=_life(node),
        status=status,
        endpoints=_interfaces(node),
        integrations=integrations,
        unreadable=status.level is JujuLevel.UNREADABLE,
    )


def _interfaces(node: Node) -> dict[str, str]:
    endpoints = node.nodes("endpoints", foreign.ENDPOINT)
    return {name: plain(found.text("interface"), 100) for name, found in endpoints.items()}


def _ends(node: Node) -> list[JujuIntegration]:
    """The integrations of an application, peers among them, without the other endpoint."""
    interfaces, relations = _interfaces(node), node.node("relations")
    ends: list[JujuIntegration] = []
    for endpoint in relations.keys(foreign.ENDPOINT):
        for other in relations.items(endpoint):
            if isinstance(other, str):  # 4.0, of a remote application
                application, interface = other, interfaces.get(endpoint, "")
            else:
                detail = Node(other)
                application = detail.text("related-application")
                interface = plain(detail.text("interface"), 100)
            foreign.check_name(application, foreign.APPLICATION)
            ends.append(JujuIntegration(endpoint, application, interface=interface))
    return ends


def _integrations(
    name: str, ends: Mapping[str, list[JujuIntegration]]
) -> tuple[JujuIntegration, ...]:
    """The integrations of an application with others, with both endpoints; peers are left out."""
    return tuple(
        msgspec.structs.replace(end, other=_other_end(name, end, ends.get(end.application, [])))
        for end in ends[name]
        if end.application != name
    )


def _other_end(name: str, end: JujuIntegration, others: list[JujuIntegration]) -> str:
    """The other endpoint of an integration; empty where more than one fits."""
    back = {
        other.endpoint
        for other in others
        if other.application == name and other.interface == end.interface
    }
    return back.pop() if len(back) == 1 else ""


def _machines(tree: Node) -> Iterator[Machine]:
    waiting = [*tree.nodes("machines", foreign.MACHINE).items()]
    while waiting:
        name, found = waiting.pop()
        agent, instance = _status(found, "juju-status"), _status(found, "machine-status")
        yield Machine(name, agent, instance, _base(found))
        waiting += found.nodes("containers", foreign.MACHINE).items()


def _units(applications: Mapping[str, Node], machines: Mapping[str, Machine]) -> Iterator[Unit]:
    """Units, each followed by the subordinates beside it."""
    for application, node in applications.items():
        for name, found in node.nodes("units", foreign.UNIT).items():
            if application_of(name) != application:
                raise foreign.NotUnderstoodError("a unit of another application")
            machine = found.name("machine", foreign.MACHINE)
            beside = found.nodes("subordinates", foreign.UNIT)
            unit = _unit(name, found, machine, machines)
            yield msgspec.structs.replace(unit, subordinates=tuple(beside))
            for title, shown in beside.items():
                unit = _unit(title, shown, machine, machines)
                yield msgspec.structs.replace(unit, principal=name)


def _unit(name: str, node: Node, machine: str, machines: Mapping[str, Machine]) -> Unit:
    workload, agent = _status(node, "workload-status"), _status(node, "juju-status")
    # an agent that is allocating was never there
    was_there = agent.level not in {JujuLevel.ALLOCATING, JujuLevel.UNREADABLE}
    host = machines.get(machine)
    return Unit(
        name=name,
        workload=workload,
        agent=agent,
        machine=machine,
        lost=agent.level is JujuLevel.LOST or (was_there and host is not None and host.is_down),
        unreadable=workload.level is JujuLevel.UNREADABLE,
    )


def _base(node: Node) -> Base:
    found = node.node("base")
    return Base(plain(found.text("name"), 40), plain(found.text("channel"), 40))


def _life(node: Node) -> str:
    """`dying` or `dead`; 4.0 also tells `alive`, which 3.6 leaves out."""
    life = plain(node.text("life"), 40)
    return "" if life == "alive" else life


def _status(owner: Node, key: str) -> CharmStatus:
    """A status; unreadable where Juju could not tell it, or anything of its owner."""
    node = owner if _ERROR in owner else owner.node(key)
    if _ERROR in node:
        return CharmStatus(JujuLevel.UNREADABLE, plain(node.text(_ERROR), LONGEST))
    level = _LEVELS.get(node.text("current"), JujuLevel.OTHER)
    since = None if level is JujuLevel.ERROR else _time(node.text("since"))
    return CharmStatus(level, plain(node.text("message"), LONGEST), since)


def _time(text: str) -> datetime.datetime | None:
    if not text or len(text) > 40 or not text.isascii():
        return None
    for form in _TIMES:
        with contextlib.suppress(ValueError, OverflowError):
            return datetime.datetime.strptime(text, form)  # noqa: DTZ007 - the forms have it
    return None
