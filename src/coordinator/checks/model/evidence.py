"""Proof, from the answers of the services, that the systems below them work."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable

from coordinator.blueprint.systems import Blueprint, System
from coordinator.checks.model import scope
from coordinator.report.finding import CANARY, Severity
from coordinator.report.report import Report

_READ_USES = {"shared-db", "db-router", "identity-service"}
"""Endpoints that lead to what an answered read has used."""

_CANARY_LEAVES = {"amqp"}
"""Endpoints that lead to what a canary does without: it is sent to an API and found in a store."""

_ANSWERS = {"token", "read"}
"""Questions to a service that it answers only if it works."""


class Evidence:
    """The proof in one report."""

    def __init__(self, blueprint: Blueprint, report: Report) -> None:
        self._blueprint = blueprint
        self._report = report
        systems = blueprint.systems.values()
        self._working = self._behind(filter(self.works, systems), lambda end: end in _READ_USES)
        self._returned = self._behind(
            filter(self._has_canary, systems), lambda end: end not in _CANARY_LEAVES
        )

    def works(self, system: System) -> bool:
        """True if the system's own API answered, and nothing that was asked of it failed."""
        asked = self._report.about(system.service)
        answered = any(f.question in _ANSWERS and f.severity is Severity.OK for f in asked)
        return answered and not any(f.severity is Severity.FAILED for f in asked)

    def fails(self, system: System) -> bool:
        """True if it was asked and did not answer well.

        What Gnocchi says about Ceilometer's set-up is no sign of Ceilometer's life.
        """
        faulty = any(f.severity.is_fault for f in self._report.about(system.service))
        return faulty and system.check != "telemetry" and not self.works(system)

    def proves(self, system: System, since: datetime.datetime | None) -> bool:
        """True if the system works, although its charm complains since then.

        A canary that was sent before proves nothing about it.
        """
        if self._is_outvoted(system):
            return False
        working = system.key in self._working
        canaries = self._report.canaries
        if working or canaries is None or since is None:
            return working
        return system.key in self._returned and canaries.sent_at > since

    def _is_outvoted(self, system: System) -> bool:
        """True if more of those that use a system fail than work.

        One that answers may do so from what it remembers.
        """
        if self.works(system):
            return False
        users = [self._blueprint.systems[key] for key in self._blueprint.dependents(system.key)]
        return sum(map(self.fails, users)) > sum(map(self.works, users))

    def _has_canary(self, system: System) -> bool:
        return any(
            finding.question == CANARY and finding.severity is Severity.OK
            for finding in self._report.about(system.service)
        )

    def _behind(self, first: Iterable[System], uses: Callable[[str], bool]) -> frozenset[str]:
        """Keys of these systems, and of all behind the endpoints that they use."""

        def leads_to(key: str) -> list[str]:
            needs = self._blueprint.systems[key].integrations
            return [need.system for need in needs if not need.optional and uses(need.endpoint)]

        return scope.reached((system.key for system in first), leads_to)
