"""What the Juju model says about each system of the stack, as findings. Pure.

The model says what the charms know; whether the service works is said by the service itself. So
a fault in the model is a failure only where the service failed too, or where nobody else can tell
and nothing of the system is alive.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator, Sequence

from coordinator.blueprint.systems import Blueprint, Integration, System
from coordinator.checks.model import releases, unit_status
from coordinator.checks.model.evidence import Evidence
from coordinator.checks.model.unit_status import UnitFault
from coordinator.juju import ceilometer, discovery
from coordinator.juju.discovery import Stack
from coordinator.juju.status import Application, Level, Model, Unit
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.report import Report
from coordinator.request import Request

SHOWN = 5
"""Units that are named in one finding or remedy; the others are counted."""

_REPLACEABLE = {"storage-ceph", "secrets"}
"""Endpoints whose need may be met by an option or by another endpoint of the charm: Gnocchi stores
in files or S3 as well, and Barbican takes a HSM. There, a charm that is content has what it needs
(config.yaml of charm-gnocchi, metadata.yaml of charm-barbican)."""


@dataclasses.dataclass(frozen=True)
class Scope:
    """What is expected of the model.

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

    def is_wanted(self, system: System) -> bool:
        """Whether the system is to be looked at at all."""
        return system.key in self._reached(self.services)

    def is_required(self, system: System) -> bool:
        """Whether the stack does not work without it."""
        return system.key in self._reached(self.required)

    def _reached(self, types: Sequence[str]) -> set[str]:
        """The systems of these catalog types, and all that these need."""
        reached: set[str] = set()
        for system in self.blueprint.systems.values():
            kind = system.catalog.type if system.catalog else ""
            if (
                kind in types
                or system.check == "identity"
                or (self._feeds(system) and "metric" in types)
            ):
                reached |= {system.key, *self._needed_by(system)}
        return reached

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


def of_model(
    seen: Model, request: Request, members: Sequence[str], report: Report
) -> tuple[Finding, ...]:
    """What the model says about the stack that an order is about.

    Args:
        seen: the model.
        request: what is verified.
        members: related applications that are Ceilometer.
        report: what the services themselves answered.
    """
    known = {*request.applications.values(), *members}
    scope = Scope(
        request.blueprint, request.required, request.services, request.coordinator, report.taken_at
    )
    stack = discovery.find(seen, request.blueprint, known)
    return judge(stack, scope, Evidence(request.blueprint, report))


def judge(stack: Stack, scope: Scope, evidence: Evidence) -> tuple[Finding, ...]:
    """What the model says about the stack.

    Args:
        stack: the stack's applications.
        scope: what is expected.
        evidence: what the services' own answers prove.
    """
    bench = _Bench(stack, scope, evidence)
    systems = [s for s in scope.blueprint.systems.values() if scope.is_wanted(s)]
    found = [finding for system in systems for finding in bench.about(system)]
    return (*found, *releases.judge([(s, stack.of(s.key)) for s in systems]))


class _Bench:
    """One judgement."""

    def __init__(self, stack: Stack, scope: Scope, evidence: Evidence) -> None:
        self.stack = stack
        self.scope = scope
        self.evidence = evidence

    def about(self, system: System) -> Iterator[Finding]:
        """The findings about one system."""
        apps = self.stack.of(system.key)
        if not apps:
            yield from self._absent(system)
        else:
            yield from self._statuses(system, apps)
            for app in apps:
                yield from self._integrations(system, app)
        if system.beside:
            yield from self._subordinates(system, apps)

    # How bad

    def _severity(
        self, system: System, *, dead: bool, since: datetime.datetime | None = None
    ) -> Severity:
        """How bad a fault is.

        Args:
            system: whose fault it is.
            dead: whether nothing of the system is alive, as far as the model tells.
            since: since when.
        """
        if self.evidence.proves(system, since) or not self.scope.is_required(system):
            return Severity.DEGRADED
        return Severity.FAILED if dead or self.evidence.fails(system) else Severity.DEGRADED

    # The application

    def _absent(self, system: System) -> Iterator[Finding]:
        """Absent is what failed and is not there; what works may be in another model.

        What others merely use is missed by these: by their integrations.
        """
        if system.catalog is None or not self.evidence.fails(system):
            return
        yield Finding(
            service=system.service,
            question="application",
            severity=self._severity(system, dead=True),
            summary=f"no application of the charm {system.charm} is in the Juju model",
            cause=Cause.NOT_DEPLOYED,
            remedy=f"juju run {self.scope.coordinator}/leader plan-stack",
        )

    def _statuses(self, system: System, apps: Sequence[Application]) -> Iterator[Finding]:
        units = [unit for app in apps for unit in app.units]
        leaving = [app for app in apps if app.life]
        if leaving:
            text = f"{leaving[0].name} is being removed from the Juju model"
            yield self._finding(system, "application", Cause.LEAVING, text, "", dead=False)
        if not units:
            yield from self._without_units(system, apps)
            return
        faults = [(unit, unit_status.of_unit(_heard(unit), self.scope.now)) for unit in units]
        bad = [(unit, fault) for unit, fault in faults if fault is not None]
        if bad:
            yield from self._of_units(system, units, bad)
            return
        yield from self._of_applications(system, apps) or [_well(system, apps, units)]

    def _of_units(
        self, system: System, units: Sequence[Unit], bad: Sequence[tuple[Unit, UnitFault]]
    ) -> Iterator[Finding]:
        """One finding for each kind of trouble, the worst first."""
        dead = not any(unit_status.is_alive(_heard(unit)) for unit in units)
        kinds = sorted({fault.cause for _, fault in bad}, key=unit_status.rank)
        for cause in kinds:
            alike = [unit for unit, fault in bad if fault.cause is cause]
            first = next(fault for _, fault in bad if fault.cause is cause)
            yield self._finding(
                system,
                "application" if dead else "units",
                cause,
                _phrased(first, alike, len(units)),
                unit_status.remedy(first, alike[:SHOWN]),
                dead=dead,
                since=_began(bad),
            )

    def _of_applications(self, system: System, apps: Sequence[Application]) -> list[Finding]:
        """What an application says that none of its units does."""
        found: list[Finding] = []
        for app in apps:
            fault = unit_status.of_status(app.status, self.scope.now)
            if fault is not None and not _asks_only(app.status.message):
                text = fault.of(f"the application {app.name}")
                remedy = f"juju status {app.name}"
                found.append(
                    self._finding(system, "application", fault.cause, text, remedy, dead=False)
                )
        return found

    def _without_units(self, system: System, apps: Sequence[Application]) -> Iterator[Finding]:
        """A subordinate has units where its principals do; their lack is told there."""
        if system.beside:
            return
        text = f"{apps[0].name} has no units"
        remedy = f"juju add-unit {apps[0].name}"
        yield self._finding(system, "application", Cause.NO_UNITS, text, remedy, dead=True)

    def _finding(
        self,
        system: System,
        question: str,
        cause: Cause,
        text: str,
        remedy: str,
        *,
        dead: bool,
        since: datetime.datetime | None = None,
    ) -> Finding:
        severity = self._severity(system, dead=dead, since=since)
        return Finding(system.service, question, severity, text, cause, remedy)

    # Integrations

    def _integrations(self, system: System, app: Application) -> Iterator[Finding]:
        for need in system.integrations:
            if need.optional or app.integrated(need.endpoint):
                continue
            content = all(unit_status.is_alive(_heard(unit)) for unit in app.units)
            if content and (need.endpoint in _REPLACEABLE or not app.units):
                continue
            if self._is_missed_by_name(need):
                continue
            if need.system in system.beside:
                continue  # told with the principals, of which some may have it
            text, remedy = self._missing(app, need)
            dead = not any(unit_status.is_alive(_heard(unit)) for unit in app.units)
            yield self._finding(
                system, "integrations", Cause.NOT_INTEGRATED, text, remedy, dead=dead
            )

    def _is_missed_by_name(self, need: Integration) -> bool:
        """Whether what is needed is not there at all, which telemetry.charm tells."""
        needed = self.scope.blueprint.systems[need.system]
        return needed.check == "telemetry" and not self.stack.of(need.system)

    def _missing(self, app: Application, need: Integration) -> tuple[str, str]:
        """What to say and what to type."""
        other = self.scope.blueprint.systems[need.system]
        there = self._counterpart(app, other)
        if there:
            remedy = f"juju integrate {app.name}:{need.endpoint} {there}:{need.other}"
        else:
            remedy = f"juju run {self.scope.coordinator}/leader plan-stack"
        name = there or other.charm
        return f"{app.name} is not integrated with {name} ({need.endpoint})", remedy

    def _counterpart(self, app: Application, other: System) -> str:
        """The application to integrate with; empty where it must be deployed first.

        Where each has one for itself, only one that nobody else has will do.
        """
        there = self.stack.of(other.key)
        if other.apart:
            free = [a.name for a in there if not a.subordinate_to or app.name in a.subordinate_to]
            return next(iter(free), "")
        return there[0].name if there else ""

    # Subordinates

    def _subordinates(self, system: System, apps: Sequence[Application]) -> Iterator[Finding]:
        names = {app.name for app in apps}
        for key in system.beside:
            for principal in self.stack.of(key):
                if not self.scope.is_wanted(self.scope.blueprint.systems[key]):
                    continue
                link = _link(self.scope.blueprint, system, key)
                beside = {i.application for i in principal.integrated(link.other)} & names
                if not beside and not self._is_missed(system, key):
                    continue
                yield from self._lacking(system, principal, link, beside)

    def _is_missed(self, system: System, principal: str) -> bool:
        """Whether a principal without it is told here, not as an integration of the principal."""
        return system.key not in self.scope.blueprint.systems[principal].needs

    def _lacking(
        self, system: System, principal: Application, link: Integration, beside: set[str]
    ) -> Iterator[Finding]:
        lacking = [
            unit.name
            for unit in principal.units
            if not any(self._is_of(system, name) for name in unit.subordinates)
        ]
        if not lacking:
            return
        title = next(iter(beside), "") or self._usual(system)
        if len(lacking) == len(principal.units):
            place = f"{principal.name} (all of its {_count(len(lacking))})"
        else:
            place = named(lacking[:SHOWN], len(lacking))
        yield self._finding(
            system,
            "subordinates",
            Cause.NO_SUBORDINATE,
            f"{title} is missing on {place}",
            self._attach(system, principal, link, beside, lacking),
            dead=not any(app.units for app in self.stack.of(system.key)),
        )

    def _usual(self, system: System) -> str:
        there = self.stack.of(system.key)
        return there[0].name if there else system.charm

    def _attach(
        self,
        system: System,
        principal: Application,
        link: Integration,
        beside: set[str],
        lacking: Sequence[str],
    ) -> str:
        if beside:
            return f"juju status {' '.join(lacking[:SHOWN])}"
        there = self._counterpart(principal, system)
        if there:
            return f"juju integrate {there}:{link.endpoint} {principal.name}:{link.other}"
        return f"juju run {self.scope.coordinator}/leader plan-stack"

    def _is_of(self, system: System, unit: str) -> bool:
        charm = self.stack.charm_of(unit.partition("/")[0])
        return charm in system.charms


def _well(system: System, apps: Sequence[Application], units: Sequence[Unit]) -> Finding:
    """Nobody has to act; but some units may be at work, or wait."""
    busy = sum(not unit_status.is_alive(_heard(unit)) for unit in units)
    names = named([app.name for app in apps[:SHOWN]], len(apps))
    state = f"{busy} at work or waiting" if busy else "all well"
    text = f"{system.title} in the Juju model: {names}, {_count(len(units))}, {state}"
    return Finding(system.service, "application", Severity.OK, text)


def _began(bad: Sequence[tuple[Unit, UnitFault]]) -> datetime.datetime | None:
    """When the last of some units began to complain; None where that is not known.

    Of an agent that is gone, Juju tells what it said before.
    """
    times = [
        None if fault.cause is Cause.AGENT_LOST else unit.workload.since for unit, fault in bad
    ]
    known = [time for time in times if time is not None]
    return max(known) if known and len(known) == len(times) else None


def _phrased(fault: UnitFault, alike: Sequence[Unit], total: int) -> str:
    """The same fault of some units: what the charm says comes before long lists of names."""
    if len(alike) == 1:
        count = f" (1 of {_count(total)})" if total > 1 else ""
        return fault.of(alike[0].name) + count
    names = ", ".join(dict.fromkeys(unit.application for unit in alike))
    if len(alike) == total:
        return f"{fault.of(names)} (all of its {_count(total)})"
    shown = named([unit.name for unit in alike[:SHOWN]], len(alike))
    subject = f"{len(alike)} of {_count(total)} of {names}"
    return f"{fault.of(subject, 'are')} ({shown})"


def _link(blueprint: Blueprint, system: System, principal: str) -> Integration:
    """The integration between a subordinate and a principal, as the subordinate sees it."""
    for integration in system.integrations:
        if integration.system == principal:
            return integration
    for integration in blueprint.systems[principal].integrations:
        if integration.system == system.key:
            return Integration(integration.other, principal, integration.endpoint)
    return Integration("", principal, "")


def _heard(unit: Unit) -> Unit:
    """The unit without what telemetry.charm tells: ceilometer's request for its action."""
    message = unit.workload.message
    if ceilometer.REQUEST not in message:
        return unit
    rest = message.partition(ceilometer.REQUEST)[0].strip(" ,;.")
    level = unit.workload.level if rest else Level.ACTIVE
    return dataclasses.replace(
        unit, workload=dataclasses.replace(unit.workload, level=level, message=rest)
    )


def _asks_only(message: str) -> bool:
    return ceilometer.REQUEST in message


def _count(units: int) -> str:
    return f"{units} unit{'s' if units != 1 else ''}"


def named(names: Sequence[str], total: int) -> str:
    """Some names, and how many more there are."""
    more = total - len(names)
    return f"{', '.join(names)} and {more} more" if more else ", ".join(names)
