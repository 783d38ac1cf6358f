"""One judgement of a Juju model: its facts, and the severity of faults."""

from __future__ import annotations

import datetime
import functools

import msgspec

from coordinator.blueprint import platforms
from coordinator.blueprint.systems import System
from coordinator.checks.model import needs, releases, scope
from coordinator.checks.model.evidence import Evidence
from coordinator.checks.model.machines import Machines
from coordinator.juju.discovery import Stack
from coordinator.juju.status import Application, Model
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.request import Request


class Case(msgspec.Struct, frozen=True, dict=True):
    """One judgement of a model.

    Attributes:
        now: when the statuses were read.
    """

    stack: Stack
    request: Request
    evidence: Evidence
    machines: Machines
    now: datetime.datetime

    @property
    def model(self) -> Model:
        """The whole model."""
        return self.stack.model

    @functools.cached_property
    def wanted(self) -> frozenset[str]:
        """Keys of the systems that are looked at."""
        return scope.serving(self.request.blueprint, self.request.services)

    @functools.cached_property
    def used(self) -> frozenset[str]:
        """Keys of the systems that the stack uses or lacks: others are there for somebody else."""
        return self._reached(optional=True)

    @functools.cached_property
    def _required(self) -> frozenset[str]:
        serving = scope.serving(self.request.blueprint, self.request.required)
        return serving & self._reached(optional=False)

    def _reached(self, *, optional: bool) -> frozenset[str]:
        """Systems that are wanted for themselves, and all that their applications need.

        Args:
            optional: count what they could do without, too, where they use it.
        """
        systems = self.request.blueprint.systems

        def leads_to(key: str) -> list[str]:
            found: list[str] = []
            apps = self.stack.of(key)
            for need in systems[key].integrations:
                uses = any(app.integrated(need.endpoint) for app in apps)
                lacks = not apps or any(needs.assess(app, need) in needs.LACKED for app in apps)
                if (uses and optional) or ((uses or lacks) and not need.optional):
                    found.append(need.system)
            return found

        return scope.reached(scope.goals(systems), leads_to)

    def severity(
        self, system: System, *, dead: bool, since: datetime.datetime | None = None
    ) -> Severity:
        """The severity of a fault of a system.

        Args:
            system: the system.
            dead: nothing of it is alive, as far as the model tells.
            since: when the fault began; None where that is not known.
        """
        grave = dead or self.evidence.fails(system)
        if grave and system.key in self._required and not self.evidence.proves(system, since):
            return Severity.FAILED
        return Severity.DEGRADED

    def fault(
        self, system: System, question: str, cause: Cause, text: str, remedy: str, *, dead: bool
    ) -> Finding:
        """A fault of a system."""
        severity = self.severity(system, dead=dead)
        return Finding(system.service, question, severity, text, cause, remedy)

    def plan(self) -> str:
        """The remedy where something must be deployed; RELEASE is for a person to fill in."""
        is_known = any(
            platforms.track_of(app.channel) in platforms.releases() or releases.release_of(app)
            for apps in self.stack.applications.values()
            for app in apps
        )
        channel = "" if is_known else " channel=RELEASE/stable"
        return f"juju run {self.request.coordinator}/leader plan-stack{channel}"

    def counterpart(self, app: Application, other: System) -> str:
        """The application of a system to integrate with; empty where it must be deployed first.

        Where each has one for itself, only one that nobody else has will do.
        """
        for one in self.stack.of(other.key):
            is_free = not one.subordinate_to or app.name in one.subordinate_to
            if not one.is_leaving and (is_free or not other.apart):
                return one.name
        return ""

    def is_used(self, app: Application) -> bool:
        """True if others use an application, and are content."""
        users = (self.model.applications.get(i.application) for i in app.integrations)
        return any(
            user is not None
            and user.name not in app.subordinate_to
            and app.name not in user.subordinate_to
            and needs.is_content(user)
            for user in users
        )
