"""Units that should have a subordinate beside them and have none, as findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coordinator.blueprint import charm_facts
from coordinator.blueprint.systems import Blueprint, Integration, System
from coordinator.checks.model import needs
from coordinator.checks.model.case import Case
from coordinator.juju.status import Application, application_of
from coordinator.report.finding import Cause, Finding
from coordinator.text import SHOWN, counted, named


def judge(case: Case, system: System, apps: Sequence[Application]) -> Iterator[Finding]:
    """The principals that lack a system which has a unit beside each of theirs."""
    names = {app.name for app in apps}
    for key in system.beside:
        if key not in case.wanted:
            continue
        link = link_to(case.request.blueprint, system, key)
        for principal in case.stack.of(key):
            if principal.is_leaving or is_spared(principal, link):
                continue
            beside = [
                found.application
                for found in principal.integrated(link.other)
                if found.application in names
            ]
            # what the principal itself needs is told as its integration
            if beside or system.key not in case.request.blueprint.systems[key].needs:
                yield from _lacking(case, system, principal, link, beside)


def is_spared(principal: Application, link: Integration) -> bool:
    """True if another integration of a principal makes the subordinate needless."""
    others = charm_facts.of(principal.charm).instead.get(link.other, ())
    return any(principal.integrated(endpoint) for endpoint in others)


def link_to(blueprint: Blueprint, system: System, principal: str) -> Integration:
    """The integration between a subordinate and a principal, as the subordinate sees it."""
    for integration in system.integrations:
        if integration.system == principal:
            return integration
    for integration in blueprint.systems[principal].integrations:
        if integration.system == system.key:
            return Integration(integration.other, principal, integration.endpoint)
    return Integration("", principal, "")


def _lacking(
    case: Case, system: System, principal: Application, link: Integration, beside: Sequence[str]
) -> Iterator[Finding]:
    lacking = [
        unit.name
        for unit in principal.units
        if needs.is_settled(unit)
        and not any(
            case.stack.charm_of(application_of(name)) in system.charms
            for name in unit.subordinates
        )
    ]
    if not lacking:
        return
    there = case.stack.of(system.key)
    title = next(iter((*beside, *(app.name for app in there))), system.charm)
    place = named(lacking)
    if len(lacking) == len(principal.units):
        place = f"{principal.name} (all of its {counted(len(lacking))})"
    look = f"juju status {' '.join(lacking[:SHOWN])}"
    yield case.fault(
        system,
        "subordinates",
        Cause.NO_SUBORDINATE,
        f"{title} is missing on {place}",
        look if beside else _attach(case, system, principal, link),
        dead=not any(app.units for app in there),
    )


def _attach(case: Case, system: System, principal: Application, link: Integration) -> str:
    there = case.counterpart(principal, system)
    if not there:
        return case.plan()
    # a blueprint may name no integration; Juju finds the endpoints then
    ends = ((there, link.endpoint), (principal.name, link.other))
    return " ".join(["juju integrate", *(":".join(filter(None, end)) for end in ends)])
