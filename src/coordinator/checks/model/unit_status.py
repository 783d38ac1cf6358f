"""What the statuses of a unit say that somebody has to look at, and what to type. Pure."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence

from coordinator.juju.status import CharmStatus, Level, Unit
from coordinator.report.finding import Cause

PATIENCE = datetime.timedelta(minutes=30)
"""How long a charm may be at work or wait for another one before that is a fault. Juju keeps the
time of a status as long as it stays the same (juju/juju, pull request 8350)."""

_VAULT = "VAULT_ADDR=http://127.0.0.1:8220 vault operator"
"""Vault's command on its own unit; there is its charm's own listener (charm-vault)."""


@dataclasses.dataclass(frozen=True)
class UnitFault:
    """A fault.

    Attributes:
        state: follows "is" or "are".
        said: what the charm says, or nothing.
    """

    cause: Cause
    state: str
    said: str = ""

    def of(self, subject: str, verb: str = "is") -> str:
        """The fault of a subject, as a sentence without a full stop."""
        return f"{subject} {verb} {self.state}" + (f": {self.said}" if self.said else "")


_ORDER = (
    Cause.AGENT_LOST,
    Cause.HOOK_FAILED,
    Cause.CHARM_BLOCKED,
    Cause.PAUSED,
    Cause.CHARM_WAITS,
)


def rank(cause: Cause) -> int:
    """Order of badness: the smaller, the worse."""
    return _ORDER.index(cause) if cause in _ORDER else len(_ORDER)


def is_alive(unit: Unit) -> bool:
    """Whether the charm is content with the unit, as far as anyone can tell.

    Charms such as memcached's set no status; theirs is `unknown` as long as all is well.
    """
    gone = {Level.LOST, Level.FAILED}
    return unit.agent.level not in gone and unit.workload.level in {Level.ACTIVE, Level.UNKNOWN}


def of_unit(unit: Unit, now: datetime.datetime) -> UnitFault | None:
    """What is wrong with a unit; None where nothing is."""
    if unit.agent.level in {Level.LOST, Level.FAILED}:
        return UnitFault(Cause.AGENT_LOST, "without a working Juju agent")
    return of_status(unit.workload, now)


def of_status(status: CharmStatus, now: datetime.datetime) -> UnitFault | None:
    """What a status of a workload or of an application says is wrong; None where nothing is."""
    if status.level is Level.ERROR:
        return UnitFault(Cause.HOOK_FAILED, "in error", status.message)
    if status.level is Level.BLOCKED:
        return UnitFault(Cause.CHARM_BLOCKED, "blocked", status.message)
    if status.level in {Level.MAINTENANCE, Level.WAITING}:
        if "paused" in status.message.lower():
            return UnitFault(Cause.PAUSED, "paused")
        if status.since is not None and now - status.since > PATIENCE:
            waited = _phrased(now - status.since)
            doing = "waiting" if status.level is Level.WAITING else "at work"
            state = f"still {doing} for {waited}"
            return UnitFault(Cause.CHARM_WAITS, state, status.message)
    return None


def _phrased(span: datetime.timedelta) -> str:
    """How long, for people: `65 minutes`, `5 hours`, `3 days`."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 48 * 60 else f"{minutes // 60 // 24} days"


def remedy(fault: UnitFault, alike: Sequence[Unit]) -> str:
    """What to type for units with the same kind of fault.

    Args:
        fault: that of the first.
        alike: the units to be named.
    """
    units = " ".join(unit.name for unit in alike)
    first, cause = alike[0], fault.cause
    if cause is Cause.AGENT_LOST:
        return f"juju show-machine {first.machine}" if first.machine else f"juju status {units}"
    if cause is Cause.HOOK_FAILED:
        return f"juju resolved {units}"
    if cause is Cause.PAUSED:
        return f"juju run {units} resume"
    for words, command in _KNOWN.items():
        if words in fault.said:
            return command.format(unit=first.name, application=first.application)
    return f"juju status {first.application}"


_KNOWN = {
    "Unit is sealed": "juju ssh {unit} " + _VAULT + " unseal",
    "Vault needs to be initialized": "juju ssh {unit} " + _VAULT + " init",
    "run authorize-charm": "juju run {application}/leader authorize-charm token=TOKEN",
}
"""What charms say when they are blocked, and what then helps (charm-vault, vault_handlers.py)."""
