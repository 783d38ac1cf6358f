"""The systems of a complete telemetry stack, as a blueprint tells them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

SERVICES = ("metric", "alarming", "key-manager", "infra-optim")
"""Catalog types of the charm's own blueprint; a quiet hook knows them without reading it."""


class BlueprintError(ValueError):
    """A blueprint is wrong; the text names the place and what is allowed."""


class Registration(msgspec.Struct, frozen=True):
    """An entry that a system's charm registers in the service catalog.

    Attributes:
        api: major version of its API that telemetry uses, such as `v1`; empty means any.
    """

    type: str
    name: str
    api: str = ""


class Integration(msgspec.Struct, frozen=True):
    """An integration of a system with another one.

    Attributes:
        endpoint: the system's own endpoint.
        system: key of the other system.
        other: endpoint of that.
        optional: the stack can do without it.
    """

    endpoint: str
    system: str
    other: str
    optional: bool = False


class Deployment(msgspec.Struct, frozen=True):
    """The deployment of a system; the attributes are described at the top of `blueprint.yaml`."""

    base: bool = False
    units: int = 1
    track: str = "openstack"
    origin: str = ""
    options: Mapping[str, str] = {}
    metal: bool = False
    person: str = ""


class System(msgspec.Struct, frozen=True):
    """One system of the stack; the attributes are described at the top of `blueprint.yaml`."""

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
        """Service that its findings are filed under.

        Its catalog type; `identity` and `telemetry` for Keystone and Ceilometer; else its key.
        """
        return self.catalog.type if self.catalog else self.check or self.key

    @property
    def needs(self) -> tuple[str, ...]:
        """Keys of the systems that it cannot work without."""
        needed = (i.system for i in self.integrations if not i.optional)
        return tuple(dict.fromkeys(needed))


class Blueprint(msgspec.Struct, frozen=True):
    """All systems by key, in the order of reports."""

    systems: Mapping[str, System]

    @property
    def services(self) -> Mapping[str, System]:
        """The systems that are in the service catalog, by catalog type."""
        return {s.catalog.type: s for s in self.systems.values() if s.catalog is not None}

    def dependents(self, key: str) -> tuple[str, ...]:
        """Keys of the systems that cannot work without one, directly or through others."""
        found: list[str] = []
        waiting = [key]
        while waiting:
            needed = waiting.pop(0)
            for system in self.systems.values():
                if needed in system.needs and system.key not in (key, *found):
                    found.append(system.key)
                    waiting.append(system.key)
        return tuple(found)
