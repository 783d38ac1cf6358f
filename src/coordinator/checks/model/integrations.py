"""Integrations that the stack needs and the model lacks, as findings."""

from __future__ import annotations

from collections.abc import Iterator

from coordinator.blueprint import charm_facts
from coordinator.blueprint.systems import Integration, System
from coordinator.checks.model import certificates, needs
from coordinator.checks.model.case import Case
from coordinator.checks.model.needs import Need
from coordinator.juju.status import Application
from coordinator.report.finding import Cause, Finding


def judge(case: Case, system: System, app: Application) -> Iterator[Finding]:
    """The integrations that an application should have, and has not."""
    if app.is_leaving or app.unreadable:
        return
    dead = needs.is_dead([app])
    for need in system.integrations:
        if need.optional or need.system in system.beside:
            continue  # what is beside others is told with them: some of them may have it
        if _is_missed(case, system, app, need) and not _is_told_by_name(case, need):
            text, remedy = _missing(case, app, need)
            yield case.fault(system, "integrations", Cause.NOT_INTEGRATED, text, remedy, dead=dead)
    server = certificates.server(case.request.blueprint, case.stack)
    endpoint = certificates.endpoint_of(system, case.request.blueprint)
    if server and endpoint and system.catalog and not app.integrated(endpoint):
        name = server.application
        text = f"{app.name} is not integrated with {name} ({endpoint}), and Keystone is"
        remedy = f"juju integrate {app.name}:{endpoint} {name}:{server.endpoint}"
        yield case.fault(system, "certificates", Cause.NOT_INTEGRATED, text, remedy, dead=dead)


def _is_missed(case: Case, system: System, app: Application, need: Integration) -> bool:
    """True if a need is to be told as a fault.

    A charm that is content is trusted unless its service fails; one that has another place for
    what is behind the endpoint is trusted also then, unless it asks.
    """
    state = needs.assess(app, need)
    if state in {Need.MET, Need.MISSING}:
        return state is Need.MISSING
    return case.evidence.fails(system) and need.endpoint not in charm_facts.of(app.charm).without


def _is_told_by_name(case: Case, need: Integration) -> bool:
    """True if the needed system is not there at all, which telemetry.charm tells."""
    needed = case.request.blueprint.systems[need.system]
    return needed.check == "telemetry" and not case.stack.of(need.system)


def _missing(case: Case, app: Application, need: Integration) -> tuple[str, str]:
    """The summary and the remedy."""
    other = case.request.blueprint.systems[need.system]
    there = case.counterpart(app, other)
    text = f"{app.name} is not integrated with {there or other.charm} ({need.endpoint})"
    remedy = f"juju integrate {app.name}:{need.endpoint} {there}:{need.other}"
    return text, remedy if there else case.plan()
