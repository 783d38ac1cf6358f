"""One judgement: what all its parts look at, and how bad a fault is. Pure."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Sequence

import msgspec

from coordinator.blueprint import platforms
from coordinator.blueprint.systems import System
from coordinator.checks.model import needs, releases
from coordinator.checks.model.evidence import Evidence
from coordinator.checks.model.machines import Machines
from coordinator.checks.model.scope import Scope
from coordinator.juju.discovery import Stack
from coordinator.juju.status import Application, Model
from coordinator.report.finding import Cause, Finding, Severity


class Case(msgspec.Struct, frozen=True, dict=True):
    """What is judged, and by what.

    Attributes:
        stack: the stack's applications.
        scope: what is expected.
        evidence: what the services' own answers prove.
        machines: machines on which no unit can work.
    """

    stack: Stack
    scope: Scope
    evidence: Evidence
    machines: Machines

    @property
    def model(self) -> Model:
        """The whole model."""
        return self.stack.model

    def severity(
        self, system: System, *, dead: bool, since: datetime.datetime | None = None
    ) -> Severity:
        """How bad a fault is.

        Args:
            system: whose fault it is.
            dead: whether nothing of the system is alive, as far as the model tells.
            since: since when.
        """
        required = self.scope.is_required(system) and system.key in self._needed
        if self.evidence.proves(system, since) or not required:
            return Severity.DEGRADED
        return Severity.FAILED if dead or self.evidence.fails(system) else Severity.DEGRADED

    def is_part(self, system: System) -> bool:
        """Whether the stack uses a system, or lacks it: others are there for somebody else."""
        return system.key in self._used

    @functools.cached_property
    def _needed(self) -> frozenset[str]:
        return self._reached(optional=False)

    @functools.cached_property
    def _used(self) -> frozenset[str]:
        return self._reached(optional=True)

    def _reached(self, *, optional: bool) -> frozenset[str]:
        """What is wanted for itself, and what the applications there use, or should.

        Args:
            optional: whether what they could do without counts, where they use it.
        """
        systems = self.scope.blueprint.systems
        needed = {key for system in systems.values() for key in system.needs}
        waiting = [s.key for s in systems.values() if s.catalog or s.check or s.key not in needed]
        reached: set[str] = set()
        while waiting:
            key = waiting.pop()
            if key in reached:
                continue
            reached.add(key)
            apps = self.stack.of(key)
            for need in systems[key].integrations:
                uses = any(app.integrated(need.endpoint) for app in apps)
                lacks = not apps or any(needs.assess(app, need) in needs.LACKED for app in apps)
                if (uses and optional) or ((uses or lacks) and not need.optional):
                    waiting.append(need.system)
        return frozenset(reached)

    def fault(
        self, system: System, question: str, cause: Cause, text: str, remedy: str, *, dead: bool
    ) -> Finding:
        """A fault of a system."""
        severity = self.severity(system, dead=dead)
        return Finding(system.service, question, severity, text, cause, remedy)

    def plan(self) -> str:
        """The remedy where something must be deployed; RELEASE is for a person to fill in."""
        tells = any(
            platforms.track_of(app.channel) in platforms.releases() or releases.release_of(app)
            for apps in self.stack.applications.values()
            for app in apps
        )
        channel = "" if tells else " channel=RELEASE/stable"
        return f"juju run {self.scope.coordinator}/leader plan-stack{channel}"

    def counterpart(self, app: Application, other: System) -> str:
        """The application of a system to integrate with; empty where it must be deployed first.

        Where each has one for itself, only one that nobody else has will do.
        """
        there = [one for one in self.stack.of(other.key) if not one.is_leaving]
        if other.apart:
            free = [a.name for a in there if not a.subordinate_to or app.name in a.subordinate_to]
            return next(iter(free), "")
        return there[0].name if there else ""

    def is_used(self, app: Application) -> bool:
        """Whether others use an application, and are content."""
        users = (self.model.applications.get(i.application) for i in app.integrations)
        own = set(app.subordinate_to)
        return any(
            user is not None
            and user.name not in own
            and app.name not in user.subordinate_to
            and needs.is_content(user)
            for user in users
        )


def is_dead(apps: Sequence[Application]) -> bool:
    """Whether no unit of some applications is alive."""
    return not any(needs.is_alive(unit) for app in apps for unit in app.units)
