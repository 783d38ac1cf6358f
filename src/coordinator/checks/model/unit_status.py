"""What the statuses of a unit say that somebody has to look at, and what to type. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import msgspec

from coordinator.checks.model import status_words
from coordinator.checks.model.status_words import Words
from coordinator.juju import ceilometer
from coordinator.juju.status import CharmStatus, JujuLevel, Unit, host_of
from coordinator.report.finding import Cause
from coordinator.text import SHOWN, lasting

PATIENCE = datetime.timedelta(minutes=30)
"""How long a charm may be at work or wait for another one before that is a fault."""


class UnitFault(msgspec.Struct, frozen=True):
    """A fault.

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
        """What faults that are told together have in common."""
        return self.cause, self.words.said if self.words else ""


class Context(msgspec.Struct, frozen=True):
    """What a status means depends on.

    Attributes:
        charm: whose words a status has.
        now: when the statuses were read.
        dead: whether no unit of the application is well.
        used: whether others use the application, and are content.
    """

    charm: str
    now: datetime.datetime
    dead: bool = True
    used: bool = False


def without_request(unit: Unit) -> Unit:
    """The unit without what telemetry.charm tells: ceilometer's request for its action."""
    return msgspec.structs.replace(unit, workload=ceilometer.without_request(unit.workload))


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
    unit: Unit, context: Context, since: datetime.datetime | None, *, retried: bool = False
) -> UnitFault | None:
    """What is wrong with a unit; None where nothing is.

    Args:
        unit: the unit.
        context: what its status means depends on.
        since: since when it is as it is, as far as that is known.
        retried: whether its hook failed and is being tried again.
    """
    if unit.lost or unit.agent.level in {JujuLevel.LOST, JujuLevel.FAILED}:
        return UnitFault(Cause.AGENT_LOST, "without a working Juju agent")
    if unit.unreadable or unit.workload.level is JujuLevel.UNREADABLE:
        state = "without a status: Juju could not read it"
        return UnitFault(Cause.JUJU_ERROR, state, unit.workload.message)
    if retried and unit.workload.level is not JujuLevel.ERROR:
        return UnitFault(Cause.HOOK_FAILED, "in error, and its hook is tried again")
    return of_status(msgspec.structs.replace(unit.workload, since=since), context)


def of_status(status: CharmStatus, context: Context) -> UnitFault | None:
    """What a status of a workload or of an application says is wrong; None where nothing is."""
    if status.level is JujuLevel.ERROR:
        return UnitFault(Cause.HOOK_FAILED, "in error", status.message)
    words = (
        status_words.find(
            context.charm, status.level, status.message, dead=context.dead, used=context.used
        )
        if status.message and status.message != "Unit is ready"
        else None
    )
    if status.level is JujuLevel.BLOCKED:
        cause = words.cause if words else Cause.CHARM_BLOCKED
        return UnitFault(cause, "blocked", status.message, words)
    if status.level is JujuLevel.ACTIVE and words:
        return UnitFault(words.cause, "active", status.message, words)
    if status.level in {JujuLevel.MAINTENANCE, JujuLevel.WAITING}:
        if "paused" in status.message.lower():
            return UnitFault(Cause.PAUSED, "paused", words=words)
        if status.since is not None and context.now - status.since > PATIENCE:
            waited = lasting(context.now - status.since)
            doing = "waiting" if status.level is JujuLevel.WAITING else "at work"
            cause = words.cause if words else Cause.CHARM_WAITS
            return UnitFault(cause, f"still {doing} for {waited}", status.message, words)
    return None


def remedy(fault: UnitFault, alike: Sequence[Unit]) -> str:
    """What to type for units with the same kind of fault, which is that of the first."""
    shown = alike[:SHOWN]
    units = " ".join(unit.name for unit in shown)
    first, cause = alike[0], fault.cause
    if cause is Cause.AGENT_LOST or _waits_for_machine(first):
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
    """What else one must know to mend it; empty where nothing is known."""
    if fault.words is None:
        return ""
    commands = (_typed(command, alike[:1]) for command in fault.words.then)
    hint = _typed(fault.words.hint, alike[:1])
    return "; ".join(
        part for part in (hint, *(f"afterwards {command}" for command in commands)) if part
    )


def _typed(form: str, units: Sequence[Unit]) -> str:
    """A command or a hint with the names of units; actions run on several at once."""
    several = form.startswith("juju run {unit} ")
    application = units[0].application
    return form.format(
        unit=" ".join(unit.name for unit in units) if several else units[0].name,
        application=application,
        leader=f"{application}/leader",
    )


def _waits_for_machine(unit: Unit) -> bool:
    return unit.workload.message.lower() == "waiting for machine" and bool(unit.machine)
