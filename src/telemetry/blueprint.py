"""The systems of a complete telemetry stack, read from `blueprint.yaml`."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from collections.abc import Mapping
from typing import Any

PATH = pathlib.Path(__file__).with_name("blueprint.yaml")


@dataclasses.dataclass(frozen=True)
class Registration:
    """What a system's charm registers in the service catalog.

    Attributes:
        type: catalog type, such as `metric`.
        name: name of the entry.
        api: major version of its API that telemetry uses, such as `v1`.
        ports: usual port by interface.
    """

    type: str
    name: str
    api: str
    ports: Mapping[str, int]


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

    @property
    def charm(self) -> str:
        """Name of its usual charm."""
        return self.charms[0]

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


@functools.cache
def load() -> Blueprint:
    """The charm's own blueprint."""
    import yaml  # noqa: PLC0415 - a quiet hook reads no blueprint

    entries = yaml.safe_load(PATH.read_text(encoding="utf-8"))["systems"]
    return Blueprint({key: _system(key, entry) for key, entry in entries.items()})


def _system(key: str, entry: Mapping[str, Any]) -> System:
    catalog = entry.get("catalog")
    return System(
        key=key,
        title=entry["title"],
        charms=tuple(entry["charms"]),
        catalog=Registration(**catalog) if catalog else None,
        check=entry.get("check", ""),
        optional=entry.get("optional", False),
        beside=tuple(entry.get("beside", ())),
        apart=entry.get("apart", False),
        integrations=(
            *_integrations(entry.get("needs", ()), optional=False),
            *_integrations(entry.get("may", ()), optional=True),
        ),
    )


def _integrations(entries: Any, *, optional: bool) -> tuple[Integration, ...]:
    found: list[Integration] = []
    for entry in entries:
        for endpoint, target in entry.items():
            system, _, other = target.partition(":")
            found.append(Integration(endpoint, system, other, optional))
    return tuple(found)
