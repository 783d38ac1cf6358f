"""What the answers of the services prove about the systems that they stand on. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable

from coordinator.blueprint.systems import Blueprint, Integration, System
from coordinator.report.finding import CANARY, Finding, Severity
from coordinator.report.report import Report

_READ_USES = {"shared-db", "db-router", "identity-service"}
"""Endpoints that lead to what an answered read has used."""

_CANARY_LEAVES = {"amqp"}
"""Endpoints that lead to what a canary does without: it is sent to an API and found in a store."""

_ANSWERS = {"token", "read"}
"""Questions to a service that it answers only if it works."""


class Evidence:
    """What one report proves."""

    def __init__(self, blueprint: Blueprint, report: Report) -> None:
        self._blueprint = blueprint
        self._report = report
        systems = tuple(blueprint.systems.values())
        self._working = self._reached(
            filter(self.works, systems), lambda need: need.endpoint in _READ_USES
        )
        self._returned = self._reached(
            filter(self._has_canary, systems), lambda need: need.endpoint not in _CANARY_LEAVES
        )

    def works(self, system: System) -> bool:
        """Whether the system's own API answered, and nothing that was asked of it failed."""
        asked = self._about(system)
        answered = any(f.question in _ANSWERS and f.severity is Severity.OK for f in asked)
        return answered and not any(f.severity is Severity.FAILED for f in asked)

    def fails(self, system: System) -> bool:
        """Whether it was asked and did not answer well.

        What Gnocchi says about Ceilometer's set-up is no sign of Ceilometer's life.
        """
        faulty = any(finding.severity.is_fault for finding in self._about(system))
        return faulty and system.check != "telemetry" and not self.works(system)

    def proves(self, system: System, since: datetime.datetime | None) -> bool:
        """Whether the system works, although its charm complains, as far as is known since then.

        A canary that was sent before proves nothing about it.
        """
        if self._is_outvoted(system):
            return False
        sent = self._report.canaries.sent_at if self._report.canaries else None
        if system.key in self._returned and since is not None and sent is not None:
            return sent > since or system.key in self._working
        return system.key in self._working

    def _is_outvoted(self, system: System) -> bool:
        """Whether more of those that use a system fail than work.

        One that answers may do so from what it remembers.
        """
        if self.works(system):
            return False
        users = [self._blueprint.systems[key] for key in self._blueprint.dependents(system.key)]
        failing = sum(self.fails(user) for user in users)
        return failing > sum(self.works(user) for user in users)

    def _about(self, system: System) -> tuple[Finding, ...]:
        return self._report.about(system.service)

    def _has_canary(self, system: System) -> bool:
        return any(
            finding.question == CANARY and finding.severity is Severity.OK
            for finding in self._about(system)
        )

    def _reached(
        self, first: Iterable[System], uses: Callable[[Integration], bool]
    ) -> frozenset[str]:
        """These systems and all that they use."""
        reached: set[str] = set()
        waiting = list(first)
        while waiting:
            system = waiting.pop()
            if system.key not in reached:
                reached.add(system.key)
                needs = (need for need in system.integrations if not need.optional and uses(need))
                waiting += [self._blueprint.systems[need.system] for need in needs]
        return frozenset(reached)
