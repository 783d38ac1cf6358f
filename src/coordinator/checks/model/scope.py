"""What is expected of a model: which systems are looked at, and which are required. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from coordinator.blueprint.systems import Blueprint, System


class Scope:
    """What is expected of a model.

    Attributes:
        blueprint: the systems.
        coordinator: name of the coordinator's own application, for remedies.
        now: when the readout was taken.
    """

    def __init__(
        self,
        blueprint: Blueprint,
        required: Sequence[str],
        services: Sequence[str],
        coordinator: str,
        now: datetime.datetime,
    ) -> None:
        """Take what is expected.

        Args:
            blueprint: the systems.
            required: catalog types whose faults are failures.
            services: all catalog types that are verified.
            coordinator: name of the coordinator's own application.
            now: when the readout was taken.
        """
        self.blueprint = blueprint
        self.coordinator = coordinator
        self.now = now
        self._wanted = self._reached(services)
        self._required = self._reached(required)

    def is_wanted(self, system: System) -> bool:
        """Whether the system is to be looked at at all."""
        return system.key in self._wanted

    def is_required(self, system: System) -> bool:
        """Whether the stack does not work without it."""
        return system.key in self._required

    def _reached(self, types: Sequence[str]) -> frozenset[str]:
        """The systems of these catalog types, and all that these need."""
        reached: set[str] = set()
        for system in self.blueprint.systems.values():
            kind = system.catalog.type if system.catalog else ""
            feeds = self._feeds(system) and "metric" in types
            if kind in types or system.check == "identity" or feeds:
                reached |= {system.key, *self._needed_by(system)}
        return frozenset(reached)

    def _feeds(self, system: System) -> bool:
        """Whether it brings samples to Gnocchi: Ceilometer, and what needs Ceilometer."""
        systems = self.blueprint.systems
        needs = (systems[key].check for key in system.needs)
        return system.check == "telemetry" or "telemetry" in needs

    def _needed_by(self, system: System) -> set[str]:
        found: set[str] = set()
        waiting = list(system.needs)
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                waiting += self.blueprint.systems[key].needs
        return found
