"""The findings of the Juju model about each system of the stack.

The model says what the charms know; whether the service works is said by the service itself. So
a fault in the model is a failure only where the service failed too, or where nobody else can tell
and nothing of the system is alive.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from coordinator.blueprint.systems import System
from coordinator.checks.model import applications, integrations, releases, subordinates
from coordinator.checks.model.applications import Part
from coordinator.checks.model.case import Case
from coordinator.checks.model.evidence import Evidence
from coordinator.checks.model.machines import Machines
from coordinator.juju import discovery
from coordinator.juju.discovery import Stack
from coordinator.juju.status import Application, Model, RemoteApplication, application_of
from coordinator.report.finding import Cause, Finding
from coordinator.report.report import Report
from coordinator.request import Request
from coordinator.text import SHOWN, named

_ADDRESS_CHARM = "hacluster"
"""Subordinate that holds the address of its principal's service (charm-hacluster, README.md)."""


def of_model(
    seen: Model, request: Request, members: Sequence[str], report: Report
) -> tuple[Finding, ...]:
    """The findings of a model about the stack of a request.

    Members are related applications that are Ceilometer; the report is of the services.
    """
    case = Case(
        stack=_find(seen, request, members),
        request=request,
        evidence=Evidence(request.blueprint, report),
        machines=Machines(seen),
        now=report.taken_at,
    )
    systems = [
        system
        for key, system in request.blueprint.systems.items()
        if key in case.wanted and key in case.used
    ]
    found = [finding for system in systems for finding in _about(case, system)]
    found += releases.judge([(s, case.stack.of(s.key)) for s in systems], seen)
    ours = {app.name for system in systems for app in case.stack.of(system.key)}
    return (*case.machines.findings(found, ours), *found)


def name_services(seen: Model, request: Request, members: Sequence[str]) -> dict[str, str]:
    """Catalog type → application, where the model has one of it."""
    stack = _find(seen, request, members)
    found = {type_: stack.of(system.key) for type_, system in request.blueprint.services.items()}
    return {type_: apps[0].name for type_, apps in found.items() if len(apps) == 1}


def _find(seen: Model, request: Request, members: Sequence[str]) -> Stack:
    return discovery.find(seen, request.blueprint, {*request.applications.values(), *members})


def _about(case: Case, system: System) -> Iterator[Finding]:
    apps, others = case.stack.of(system.key), case.stack.others.get(system.key, ())
    local = (*apps, *(app for app in others if isinstance(app, Application)))
    faults = [
        found for part in _parts(case, system, local) for found in applications.judge(case, part)
    ]
    for app in others:
        if isinstance(app, RemoteApplication):
            faults += applications.judge_remote(case, system, app)
    missing = [found for app in apps for found in integrations.judge(case, system, app)]
    for found in faults:
        told = found.cause is Cause.NOT_INTEGRATED and missing and not found.behind
        yield msgspec.structs.replace(found, behind=missing[0].check) if told else found
    if local and not faults:
        yield applications.well(system, local)
    elif not local and not others:
        yield from _absent(case, system)
    yield from missing
    yield from subordinates.judge(case, system, apps)


def _parts(case: Case, system: System, apps: Sequence[Application]) -> Iterator[Part]:
    """All applications of a system together; but each by itself that is for one other.

    The one between a service and its database, and the one that holds its address, are parts of
    that service: they say nothing about others.
    """
    if system.apart:
        for key in system.beside:
            if key in case.wanted:
                owner = case.request.blueprint.systems[key]
                yield from _beside(owner, case.stack.of(key), apps, "router")
    elif apps:
        yield Part(system, tuple(apps))
        yield from _beside(system, apps, case.model.of_charm(_ADDRESS_CHARM), "address")


def _beside(
    owner: System, principals: Sequence[Application], apps: Sequence[Application], whole: str
) -> Iterator[Part]:
    """Some subordinates as parts of a system, with their units beside its applications."""
    names = {app.name for app in principals}
    for app in apps:
        if names & set(app.subordinate_to):
            units = tuple(unit for unit in app.units if application_of(unit.principal) in names)
            yield Part(owner, (msgspec.structs.replace(app, units=units),), whole)


def _absent(case: Case, system: System) -> Iterator[Finding]:
    """The fault of a system that failed and is not there: one that works is in another model.

    Systems without an API are missed by the integrations of their users. An application that Juju
    could not tell about may be the one.
    """
    unknown = [app.name for app in case.model.applications.values() if app.unreadable]
    if system.charm in unknown:
        unknown = [system.charm]
    elif system.catalog is None or not case.evidence.fails(system):
        return
    if unknown:
        text = f"Juju could not tell about {named(unknown)}"
        text += f", and shows no other {system.charm}"
        cause, remedy = Cause.JUJU_ERROR, f"juju status {' '.join(unknown[:SHOWN])}"
    else:
        text = f"no application of the charm {system.charm} is in the Juju model"
        cause, remedy = Cause.NOT_DEPLOYED, case.plan()
    yield case.fault(system, "application", cause, text, remedy, dead=not unknown)
