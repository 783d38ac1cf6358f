"""Integrations that the stack needs and the model lacks, as findings. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from coordinator.blueprint.systems import Integration, System
from coordinator.checks.model import certificates, needs
from coordinator.checks.model.case import Case, is_dead
from coordinator.checks.model.needs import Need
from coordinator.juju.status import Application
from coordinator.report.finding import Cause, Finding


def judge(case: Case, system: System, app: Application) -> Iterator[Finding]:
    """What an application is not integrated with, though it should be."""
    if app.is_leaving or app.unreadable:
        return
    for need in system.integrations:
        if need.optional or need.system in system.beside:
            continue  # what is beside others is told with them: some of them may have it
        if _is_missed(case, system, app, need) and not _is_told_by_name(case, need):
            text, remedy = _missing(case, app, need)
            cause, dead = Cause.NOT_INTEGRATED, is_dead([app])
            yield case.fault(system, "integrations", cause, text, remedy, dead=dead)
    yield from _certificates(case, system, app)


def _is_missed(case: Case, system: System, app: Application, need: Integration) -> bool:
    """Whether a need is to be told as a fault.

    A charm that is content is trusted unless its service fails; one that has another place for
    what is behind the endpoint is trusted also then, unless it asks.
    """
    state = needs.assess(app, need)
    if state in {Need.MET, Need.MISSING}:
        return state is Need.MISSING
    return case.evidence.fails(system) and not needs.can_be_without(app, need.endpoint)


def _is_told_by_name(case: Case, need: Integration) -> bool:
    """Whether what is needed is not there at all, which telemetry.charm tells."""
    needed = case.scope.blueprint.systems[need.system]
    return needed.check == "telemetry" and not case.stack.of(need.system)


def _missing(case: Case, app: Application, need: Integration) -> tuple[str, str]:
    """What to say and what to type."""
    other = case.scope.blueprint.systems[need.system]
    there = case.counterpart(app, other)
    remedy = f"juju integrate {app.name}:{need.endpoint} {there}:{need.other}"
    name = there or other.charm
    text = f"{app.name} is not integrated with {name} ({need.endpoint})"
    return text, remedy if there else case.plan()


def _certificates(case: Case, system: System, app: Application) -> Iterator[Finding]:
    """An API whose Keystone has certificates needs them as well."""
    server = certificates.server(case.scope.blueprint, case.stack)
    endpoint = certificates.endpoint_of(system, case.scope.blueprint)
    if server is None or not endpoint or system.catalog is None or app.integrated(endpoint):
        return
    text = f"{app.name} is not integrated with {server.application} ({endpoint}), and Keystone is"
    remedy = f"juju integrate {app.name}:{endpoint} {server.application}:{server.endpoint}"
    yield case.fault(
        system, "certificates", Cause.NOT_INTEGRATED, text, remedy, dead=is_dead([app])
    )
