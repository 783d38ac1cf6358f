"""Faults of applications and of their units, as findings."""

from __future__ import annotations

import datetime
import shlex
from collections.abc import Iterator, Sequence

import msgspec

from coordinator.blueprint.systems import System
from coordinator.checks.model import needs, status_words, unit_status
from coordinator.checks.model.case import Case
from coordinator.checks.model.unit_status import UnitFault
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
    found = [finding for app in staying for finding in _of_units(case, part, app)]
    if not any(app.units for app in staying):
        found += _without_units(case, part, staying)
    yield from found or (fault for app in staying for fault in _of_application(case, part, app))


def judge_remote(case: Case, system: System, app: RemoteApplication) -> Iterator[Finding]:
    """The fault of an application of another model that serves the stack, where it has one."""
    name = f"{app.name} of another model"
    fault = unit_status.of_status(app.status, None, case.now)
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
    """The finding where nobody has to act; but some units may be at work, or wait."""
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
    names = [app.name for app in apps]
    text = f"{named(names)} {_be(names)} being removed from the Juju model"
    faults = [found for app in apps for found in _faults(case, app)]
    stuck = [unit.name for unit, fault in faults if fault.cause is Cause.HOOK_FAILED]
    if stuck:
        text += f", and {named(stuck)} {_be(stuck)} in error"
    remedy = f"juju {'resolved' if stuck else 'status'} {' '.join((stuck or names)[:SHOWN])}"
    found = case.fault(system, "application", Cause.LEAVING, text, remedy, dead=False)
    units = (unit for app in apps for unit in app.units if not needs.is_alive(unit))
    return msgspec.structs.replace(found, behind=case.machines.behind(units))


def _faults(case: Case, app: Application) -> list[tuple[Unit, UnitFault]]:
    """The units of an application that have a fault, each with it."""
    dead, used = needs.is_dead([app]), case.is_used(app)
    found: list[tuple[Unit, UnitFault]] = []
    for unit in app.units:
        status = ceilometer.without_request(unit.workload)  # telemetry.charm tells of that
        words = status_words.find(app.charm, status, dead=dead, used=used)
        since = case.model.seen_since.get(unit.name, status.since)
        seen = msgspec.structs.replace(unit, workload=msgspec.structs.replace(status, since=since))
        retried = unit.name in case.model.retried
        fault = unit_status.of_unit(seen, words, case.now, retried=retried)
        if fault is not None:
            found.append((seen, fault))
    return found


def _of_units(case: Case, part: Part, app: Application) -> Iterator[Finding]:
    """One finding for each kind of fault, the worst first."""
    bad = _faults(case, app)
    kinds: dict[tuple[Cause, str], list[tuple[Unit, UnitFault]]] = {}
    for unit, fault in bad:
        kinds.setdefault(fault.kind, []).append((unit, fault))
    dead, since = needs.is_dead(part.apps), _began(bad)
    for kind in sorted(kinds, key=lambda found: unit_status.rank(found[0])):
        alike = [unit for unit, _ in kinds[kind]]
        fault = kinds[kind][0][1]
        still_works = fault.words and fault.words.severity is Severity.DEGRADED
        advice = unit_status.advice(fault, alike)
        yield Finding(
            service=part.owner.service,
            question=part.whole if dead else "units",
            severity=case.severity(part.owner, dead=dead and not still_works, since=since),
            summary=_phrased(fault, alike, app, part) + (f"; {advice}" if advice else ""),
            cause=fault.cause,
            remedy=unit_status.remedy(fault, alike),
            behind=case.machines.behind(alike),
        )


def _of_application(case: Case, part: Part, app: Application) -> Iterator[Finding]:
    """The fault that an application tells and none of its units."""
    remedy = f"juju status {app.name}"
    status = ceilometer.without_request(app.status)
    words = status_words.find(app.charm, status, dead=True)
    fault = unit_status.of_status(status, words, case.now)
    if app.unreadable:
        cause, text = Cause.JUJU_ERROR, f"Juju could not tell about {app.name}"
    elif fault and all(app.status.message != unit.workload.message for unit in app.units):
        cause, text = fault.cause, fault.of(f"the application {app.name}")
    else:
        return
    yield case.fault(part.owner, "application", cause, text, remedy, dead=False)


def _without_units(case: Case, part: Part, apps: Sequence[Application]) -> Iterator[Finding]:
    """A subordinate has units where its principals do; their lack is told there."""
    principals = [app.name for app in apps if not app.unreadable]
    if principals and part.whole == "application" and not part.owner.beside:
        text, remedy = f"{principals[0]} has no units", f"juju add-unit {principals[0]}"
        yield case.fault(part.owner, "application", Cause.NO_UNITS, text, remedy, dead=True)


def _began(bad: Sequence[tuple[Unit, UnitFault]]) -> datetime.datetime | None:
    """The time since when the last of some units complains; None where that is not known.

    Of an agent that is gone, Juju tells what it said before; of an error, the time before it.
    """
    known: list[datetime.datetime] = []
    for unit, fault in bad:
        since = unit.workload.since
        if since is None or fault.cause in {Cause.AGENT_LOST, Cause.HOOK_FAILED}:
            return None
        known.append(since)
    return max(known, default=None)


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


def _be(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
