"""What is expected of a model: which systems are looked at, and which are required. Pure."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Sequence

import msgspec

from coordinator.blueprint.systems import Blueprint, System


class Scope(msgspec.Struct, frozen=True, dict=True):
    """What is expected of a model.

    Attributes:
        blueprint: the systems.
        required: catalog types whose faults are failures.
        services: all catalog types that are verified.
        coordinator: name of the coordinator's own application, for remedies.
        now: when the readout was taken.
    """

    blueprint: Blueprint
    required: Sequence[str]
    services: Sequence[str]
    coordinator: str
    now: datetime.datetime

    @functools.cached_property
    def _wanted(self) -> frozenset[str]:
        return self._reached(self.services)

    @functools.cached_property
    def _required(self) -> frozenset[str]:
        return self._reached(self.required)

    def is_wanted(self, system: System) -> bool:
        """Whether the system is to be looked at at all."""
        return system.key in self._wanted

    def is_required(self, system: System) -> bool:
        """Whether the stack does not work without it."""
        return system.key in self._required

    def _reached(self, types: Sequence[str]) -> frozenset[str]:
        """The systems of these catalog types, and all that these need."""
        found: set[str] = set()
        waiting = [
            system.key
            for system in self.blueprint.systems.values()
            if (system.catalog and system.catalog.type in types)
            or system.check == "identity"
            or ("metric" in types and self._feeds(system))
        ]
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                waiting += self.blueprint.systems[key].needs
        return frozenset(found)

    def _feeds(self, system: System) -> bool:
        """Whether it brings samples to Gnocchi: Ceilometer, and what needs Ceilometer."""
        systems = self.blueprint.systems
        needs = (systems[key].check for key in system.needs)
        return system.check == "telemetry" or "telemetry" in needs
