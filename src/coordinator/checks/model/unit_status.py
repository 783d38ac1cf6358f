"""Faults that the statuses of a unit tell, and their remedies."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import msgspec

from coordinator.checks.model.status_words import Words
from coordinator.juju.status import CharmStatus, JujuLevel, Unit, host_of
from coordinator.report.finding import Cause
from coordinator.text import SHOWN, lasting

PATIENCE = datetime.timedelta(minutes=30)
"""A charm may be at work or wait for another one as long, before that is a fault."""


class UnitFault(msgspec.Struct, frozen=True):
    """A fault of a unit or an application.

    Attributes:
        state: follows "is" or "are".
        said: what the charm says, or nothing.
        words: what is known of what it says.
    """

    cause: Cause
    state: str
    said: str = ""
    words: Words | None = None

    def of(self, subject: str, verb: str = "is") -> str:
        """The fault of a subject, as a sentence without a full stop."""
        return f"{subject} {verb} {self.state}" + (f": {self.said}" if self.said else "")

    @property
    def kind(self) -> tuple[Cause, str]:
        """The common part of faults that are told together."""
        return self.cause, self.words.words if self.words else ""


_ORDER = (
    Cause.AGENT_LOST,
    Cause.HOOK_FAILED,
    Cause.CHARM_BLOCKED,
    Cause.PAUSED,
    Cause.CHARM_WAITS,
)


def rank(cause: Cause) -> int:
    """Order of badness: the smaller, the worse; what charms say is as bad as being blocked."""
    return _ORDER.index(cause if cause in _ORDER else Cause.CHARM_BLOCKED)


def of_unit(
    unit: Unit, words: Words | None, now: datetime.datetime, *, retried: bool
) -> UnitFault | None:
    """The fault of a unit, whose hook may have failed and be retried; None where it is well."""
    if unit.lost or unit.agent.level is JujuLevel.FAILED:
        return UnitFault(Cause.AGENT_LOST, "without a working Juju agent")
    if unit.unreadable:
        state = "without a status: Juju could not read it"
        return UnitFault(Cause.JUJU_ERROR, state, unit.workload.message)
    if retried and unit.workload.level is not JujuLevel.ERROR:
        return UnitFault(Cause.HOOK_FAILED, "in error, and its hook is tried again")
    return of_status(unit.workload, words, now)


def of_status(
    status: CharmStatus, words: Words | None, now: datetime.datetime
) -> UnitFault | None:
    """The fault that a status of a workload or of an application tells; None where it is well."""
    level, said = status.level, status.message
    if level is JujuLevel.ERROR:
        return UnitFault(Cause.HOOK_FAILED, "in error", said)
    if level is JujuLevel.BLOCKED:
        return UnitFault(words.cause if words else Cause.CHARM_BLOCKED, "blocked", said, words)
    if level is JujuLevel.ACTIVE and words:
        return UnitFault(words.cause, "active", said, words)
    if level in {JujuLevel.MAINTENANCE, JujuLevel.WAITING}:
        if "paused" in said.lower():
            return UnitFault(Cause.PAUSED, "paused", words=words)
        if status.since is not None and now - status.since > PATIENCE:
            doing = "waiting" if level is JujuLevel.WAITING else "at work"
            state = f"still {doing} for {lasting(now - status.since)}"
            return UnitFault(words.cause if words else Cause.CHARM_WAITS, state, said, words)
    return None


def remedy(fault: UnitFault, alike: Sequence[Unit]) -> str:
    """The command for units with one kind of fault, which is that of the first."""
    shown = alike[:SHOWN]
    units = " ".join(unit.name for unit in shown)
    first, cause = alike[0], fault.cause
    waits = first.workload.message.lower() == "waiting for machine" and first.machine
    if cause is Cause.AGENT_LOST or waits:
        hosts = dict.fromkeys(host_of(unit.machine) for unit in shown if unit.machine)
        return f"juju show-machine {' '.join(hosts)}" if hosts else f"juju status {units}"
    if cause is Cause.HOOK_FAILED:
        return f"juju resolved {units}"
    if fault.words:
        return _typed(fault.words.remedy, shown)
    if cause is Cause.PAUSED:
        return f"juju run {units} resume"
    return f"juju status {first.application}"


def advice(fault: UnitFault, alike: Sequence[Unit]) -> str:
    """A hint and the commands that come next; empty where none are known."""
    if fault.words is None:
        return ""
    parts = [fault.words.hint] if fault.words.hint else []
    parts += [f"afterwards {command}" for command in fault.words.then]
    return "; ".join(_typed(part, alike[:1]) for part in parts)


def _typed(form: str, units: Sequence[Unit]) -> str:
    """A command or a hint with the names of units; actions run on several at once."""
    several = form.startswith("juju run {unit} ")
    application = units[0].application
    return form.format(
        unit=" ".join(unit.name for unit in units) if several else units[0].name,
        application=application,
        leader=f"{application}/leader",
    )
