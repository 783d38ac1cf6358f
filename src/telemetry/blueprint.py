"""The systems of a complete telemetry stack, and which blueprint of them is in force."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from collections.abc import Callable, Mapping

PATH = pathlib.Path(__file__).with_name("blueprint.yaml")

SERVICES = ("metric", "alarming", "key-manager", "infra-optim")
"""Catalog types of the charm's own blueprint; a quiet hook knows them without reading it."""


class Invalid(ValueError):  # noqa: N818 - it reads as what it says
    """A blueprint is wrong; the text names the place and what is allowed."""


@dataclasses.dataclass(frozen=True)
class Registration:
    """What a system's charm registers in the service catalog.

    Attributes:
        type: catalog type, such as `metric`.
        name: name of the entry.
        api: major version of its API that telemetry uses, such as `v1`; empty means any.
        ports: usual port by interface.
    """

    type: str
    name: str
    api: str = ""
    ports: Mapping[str, int] = dataclasses.field(default_factory=dict[str, int])


@dataclasses.dataclass(frozen=True)
class Integration:
    """An integration of a system with another one.

    Attributes:
        endpoint: the system's own endpoint.
        system: key of the other system.
        other: endpoint of that.
        optional: whether the stack can do without it.
    """

    endpoint: str
    system: str
    other: str
    optional: bool = False


@dataclasses.dataclass(frozen=True)
class Deployment:
    """How a system is deployed; the attributes are described at the top of `blueprint.yaml`."""

    base: bool = False
    units: int = 1
    track: str = "openstack"
    origin: str = ""
    options: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])
    metal: bool = False
    person: str = ""


@dataclasses.dataclass(frozen=True)
class System:
    """One system of the stack; the attributes are described at the top of `blueprint.yaml`.

    Attributes:
        key: its name in the blueprint.
    """

    key: str
    title: str
    charms: tuple[str, ...]
    catalog: Registration | None = None
    check: str = ""
    optional: bool = False
    beside: tuple[str, ...] = ()
    apart: bool = False
    integrations: tuple[Integration, ...] = ()
    deploy: Deployment = Deployment()

    @property
    def charm(self) -> str:
        """Name of its usual charm."""
        return self.charms[0]

    @property
    def service(self) -> str:
        """What findings about it are filed under.

        Its catalog type; `identity` and `telemetry` for Keystone and Ceilometer; else its key.
        """
        return self.catalog.type if self.catalog else self.check or self.key

    @property
    def needs(self) -> tuple[str, ...]:
        """Keys of the systems that it cannot work without."""
        needed = (i.system for i in self.integrations if not i.optional)
        return tuple(dict.fromkeys(needed))


@dataclasses.dataclass(frozen=True)
class Blueprint:
    """All systems by key, in the order of reports."""

    systems: Mapping[str, System]

    @property
    def services(self) -> Mapping[str, System]:
        """The systems that are in the service catalog, by catalog type."""
        return {s.catalog.type: s for s in self.systems.values() if s.catalog is not None}

    def dependents(self, key: str) -> tuple[str, ...]:
        """Keys of the systems that cannot work without one, directly or through others."""
        found: dict[str, None] = {}
        waiting = [key]
        while waiting:
            needed = waiting.pop(0)
            for system in self.systems.values():
                if needed in system.needs and system.key not in found and system.key != key:
                    found[system.key] = None
                    waiting.append(system.key)
        return tuple(found)


@functools.lru_cache(maxsize=4)
def load(changes: str = "") -> Blueprint:
    """The charm's own blueprint, with changes.

    Args:
        changes: what the option `blueprint` says.

    Raises:
        Invalid: the changes are wrong.
    """
    from telemetry import blueprint_reader  # noqa: PLC0415 - a quiet hook reads no blueprint

    own = blueprint_reader.Text(PATH.name, PATH.read_text(encoding="utf-8"))
    return blueprint_reader.read(own, blueprint_reader.Text("option blueprint", changes))


@dataclasses.dataclass(frozen=True)
class Choice:
    """Which blueprint is in force.

    Attributes:
        changes: what the option says, or said when it was last right.
        problem: why the option as it is now is not followed; empty when it is.
    """

    changes: str = ""
    problem: str = ""

    @property
    def blueprint(self) -> Blueprint:
        """The blueprint in force."""
        return load(self.changes)

    @property
    def services(self) -> tuple[str, ...]:
        """Its catalog types."""
        return tuple(self.blueprint.services) if self.changes else SERVICES


def choose(option: str, last_good: Callable[[], str]) -> Choice:
    """Decide which blueprint is in force; nothing else does.

    Args:
        option: what the option `blueprint` says.
        last_good: tells what it said when it was last right.
    """
    if not option.strip():
        return Choice()
    problem = _problem(option)
    if not problem:
        return Choice(option)
    kept = last_good()
    return Choice("" if _problem(kept) else kept, problem)


def _problem(changes: str) -> str:
    try:
        load(changes)
    except Invalid as error:
        return str(error)
    return ""
