"""What the units of applications say, as findings. Pure."""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Iterator, Sequence

import msgspec

from coordinator.blueprint.systems import System
from coordinator.checks.model import needs, unit_status
from coordinator.checks.model.case import Case, is_dead
from coordinator.checks.model.unit_status import Context, UnitFault
from coordinator.juju import ceilometer
from coordinator.juju.status import Application, JujuLevel, RemoteApplication, Unit
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.text import SHOWN, counted, named


class Part(msgspec.Struct, frozen=True):
    """Applications that are judged together.

    Attributes:
        owner: the system whose service suffers.
        apps: the applications.
        whole: the question that a fault of all of them answers.
    """

    owner: System
    apps: tuple[Application, ...]
    whole: str = "application"


def judge(case: Case, part: Part) -> Iterator[Finding]:
    """The faults of some applications; none where nobody has to act."""
    leaving = [app for app in part.apps if app.is_leaving]
    staying = [app for app in part.apps if not app.is_leaving]
    if leaving:
        yield _leaving(case, part.owner, leaving)
    if not staying:
        return
    found = [finding for app in staying for finding in _of_units(case, part, app)]
    if not any(app.units for app in staying):
        found += _without_units(case, part, staying)
    if not found:
        found = [finding for app in staying for finding in _of_application(case, part, app)]
    yield from found


def judge_remote(case: Case, system: System, app: RemoteApplication) -> Iterator[Finding]:
    """What Juju says of an application of another model that serves the stack."""
    name = f"{app.name} of another model"
    fault = unit_status.of_status(app.status, Context("", case.scope.now))
    if app.life or app.status.level is JujuLevel.TERMINATED:
        cause, text = Cause.LEAVING, f"{name} is being removed, or is offered no more"
    elif app.unreadable:
        cause, text = Cause.JUJU_ERROR, f"Juju could not tell about {name}"
    elif fault:
        cause, text = fault.cause, fault.of(name)
    else:
        return
    remedy = f"juju show-offer {shlex.quote(app.url)}" if app.url else f"juju status {app.name}"
    yield case.fault(system, "offer", cause, text, remedy, dead=fault is not None)


def well(system: System, apps: Sequence[Application]) -> Finding:
    """Nobody has to act; but some units may be at work, or wait."""
    units = [unit for app in apps for unit in app.units]
    busy = sum(not needs.is_alive(unit) for unit in units)
    asking = [unit.name for unit in units if ceilometer.REQUEST in unit.workload.message]
    states = [f"{busy} at work or waiting"] if busy else []
    if asking:
        verb = "asks" if len(asking) == 1 else "ask"
        states.append(f"{named(asking)} {verb} for ceilometer-upgrade")
    state = ", ".join(states) or "all well"
    names = named([app.name for app in apps])
    text = f"{system.title} in the Juju model: {names}, {counted(len(units))}, {state}"
    return Finding(system.service, "application", Severity.OK, text)


def _leaving(case: Case, system: System, apps: Sequence[Application]) -> Finding:
    """An application that is being removed is told as that, and as nothing else."""
    units = [unit for app in apps for unit in app.units]
    text = f"{named([app.name for app in apps])} {_be(apps)} being removed from the Juju model"
    faults = [found for app in apps for found in _faults(case, app)]
    stuck = [unit.name for unit, fault in faults if fault.cause is Cause.HOOK_FAILED]
    if stuck:
        text += f", and {named(stuck)} {_be(stuck)} in error"
    behind = case.machines.behind(unit for unit in units if not needs.is_alive(unit))
    names = " ".join((stuck or [app.name for app in apps])[:SHOWN])
    remedy = f"juju {'resolved' if stuck else 'status'} {names}"
    found = case.fault(system, "application", Cause.LEAVING, text, remedy, dead=False)
    return msgspec.structs.replace(found, behind=behind)


def _faults(case: Case, app: Application) -> list[tuple[Unit, UnitFault]]:
    """What is wrong with the units of an application."""
    units = [unit_status.without_request(unit) for unit in app.units]
    context = Context(app.charm, case.scope.now, is_dead([app]), case.is_used(app))
    found: list[tuple[Unit, UnitFault]] = []
    for unit in units:
        since = case.model.seen_since.get(unit.name, unit.workload.since)
        retried = unit.name in case.model.retried
        fault = unit_status.of_unit(unit, context, since, retried=retried)
        if fault is not None:
            found.append((unit, fault))
    return found


def _of_units(case: Case, part: Part, app: Application) -> Iterator[Finding]:
    """One finding for each kind of fault, the worst first."""
    bad = _faults(case, app)
    if not bad:
        return
    dead = is_dead(part.apps)
    since = _began(case, bad)
    kinds = dict.fromkeys(fault.kind for _, fault in bad)
    for kind in sorted(kinds, key=lambda found: unit_status.rank(found[0])):
        alike = [unit for unit, fault in bad if fault.kind == kind]
        first = next(fault for _, fault in bad if fault.kind == kind)
        lasting = dead and not (first.words and first.words.severity is Severity.DEGRADED)
        advice = unit_status.advice(first, alike)
        text = _phrased(first, alike, app, part) + (f"; {advice}" if advice else "")
        yield Finding(
            service=part.owner.service,
            question=part.whole if dead else "units",
            severity=case.severity(part.owner, dead=lasting, since=since),
            summary=text,
            cause=first.cause,
            remedy=unit_status.remedy(first, alike),
            behind=case.machines.behind(alike),
        )


def _of_application(case: Case, part: Part, app: Application) -> Iterator[Finding]:
    """What an application says that none of its units does."""
    if app.unreadable:
        text = f"Juju could not tell about {app.name}"
        remedy = f"juju status {app.name}"
        yield case.fault(part.owner, "application", Cause.JUJU_ERROR, text, remedy, dead=False)
        return
    status = ceilometer.without_request(app.status)
    fault = unit_status.of_status(status, Context(app.charm, case.scope.now))
    known = {unit.workload.message for unit in app.units}
    if fault is None or app.status.message in known:
        return
    text = fault.of(f"the application {app.name}")
    remedy = f"juju status {app.name}"
    yield case.fault(part.owner, "application", fault.cause, text, remedy, dead=False)


def _without_units(case: Case, part: Part, apps: Sequence[Application]) -> Iterator[Finding]:
    """A subordinate has units where its principals do; their lack is told there."""
    principals = [app for app in apps if not app.unreadable]
    if part.owner.beside or part.whole != "application" or not principals:
        return
    text = f"{principals[0].name} has no units"
    remedy = f"juju add-unit {principals[0].name}"
    yield case.fault(part.owner, "application", Cause.NO_UNITS, text, remedy, dead=True)


def _began(case: Case, bad: Sequence[tuple[Unit, UnitFault]]) -> datetime.datetime | None:
    """When the last of some units began to complain; None where that is not known.

    Of an agent that is gone, Juju tells what it said before; of an error, the time before it.
    """
    silent = {Cause.AGENT_LOST, Cause.HOOK_FAILED}
    times = [
        None
        if fault.cause in silent
        else case.model.seen_since.get(unit.name, unit.workload.since)
        for unit, fault in bad
    ]
    known = [time for time in times if time is not None]
    return max(known) if known and len(known) == len(times) else None


def _phrased(fault: UnitFault, alike: Sequence[Unit], app: Application, part: Part) -> str:
    """The same fault of some units: what the charm says comes before long lists of names."""
    total = len(app.units)
    # what stands beside a service is told with its charm: its name may be that of the service
    charm = f" ({app.charm})" if part.whole != "application" and app.charm not in app.name else ""
    if len(alike) == 1:
        count = f" (1 of {counted(total)})" if total > 1 else ""
        return fault.of(alike[0].name + charm) + count
    if len(alike) == total:
        return f"{fault.of(app.name + charm)} (all of its {counted(total)})"
    subject = f"{len(alike)} of {counted(total)} of {app.name}{charm}"
    return f"{fault.of(subject, 'are')} ({named([unit.name for unit in alike])})"


def _be(things: Sequence[object]) -> str:
    """The verb for some things."""
    return "is" if len(things) == 1 else "are"
