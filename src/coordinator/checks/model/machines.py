"""Machines that are down or never came: one cause for all that is on them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec

from coordinator.juju.status import JujuLevel, Model, Unit, application_of, host_of
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.text import named

SERVICE = "machines"
"""What findings about machines are filed under."""


class LostMachine(msgspec.Struct, frozen=True):
    """A machine on which no unit can work.

    Attributes:
        name: its number.
        units: names of all units on it.
        came: whether it ever ran.
        said: what Juju says why it did not come.
        retries: whether Juju itself still tries to get it.
    """

    name: str
    units: tuple[str, ...]
    came: bool = True
    said: str = ""
    retries: bool = False

    @property
    def check(self) -> str:
        """Name of the check that tells it."""
        return f"{SERVICE}.{self.name.replace('/', '-')}"

    def finding(self, severity: Severity) -> Finding:
        """What is to be said of it."""
        host = host_of(self.name)
        names = named(self.units)
        count = len(self.units)
        if self.came:
            text = f"machine {self.name} is down, and {names} with it"
        else:
            said = f" ({self.said})" if self.said else ""
            wait = "waits" if count == 1 else "wait"
            text = f"machine {self.name} never came{said}; {names} {wait} for it"
        retry = not self.came and not self.retries and host == self.name
        remedy = f"juju {'retry-provisioning' if retry else 'show-machine'} {host}"
        question = self.check.partition(".")[2]
        return Finding(SERVICE, question, severity, text, Cause.MACHINE_DOWN, remedy)


class Machines:
    """The machines of a model on which no unit can work, and containers that alone are so."""

    def __init__(self, model: Model) -> None:
        hosts: dict[str, list[Unit]] = {}
        places: dict[str, list[Unit]] = {}
        for unit in model.units:
            if unit.machine:
                hosts.setdefault(host_of(unit.machine), []).append(unit)
                places.setdefault(unit.machine, []).append(unit)
        whole = {name: _judge(name, model, units) for name, units in hosts.items()}
        self._lost: dict[str, LostMachine] = {}  # by what units name as their machine
        for name, units in places.items():
            found = whole[host_of(name)] or _judge(name, model, units)
            if found is not None:
                self._lost[name] = found

    def behind(self, units: Iterable[Unit]) -> str:
        """The check of the machine that is behind the same fault of some units; else empty.

        Where they are on several such machines it is that of most.
        """
        lost = [self._lost.get(unit.machine) for unit in units]
        checks = [machine.check for machine in lost if machine is not None]
        if not checks or len(checks) < len(lost):
            return ""
        return max(dict.fromkeys(checks), key=checks.count)

    def findings(self, found: Sequence[Finding], stack: Collection[str]) -> Iterator[Finding]:
        """What is to be said of those machines, each as bad as the worst that it is behind.

        Args:
            found: all other findings.
            stack: names of the stack's applications: other machines are not ours.
        """
        worst: dict[str, list[Finding]] = {}
        for finding in found:
            if finding.behind:
                worst.setdefault(finding.behind, []).append(finding)
        for machine in dict.fromkeys(self._lost.values()):
            ours = any(application_of(unit) in stack for unit in machine.units)
            behind = worst.get(machine.check, ())
            severity = max((f.severity for f in behind), key=lambda s: s.rank, default=None)
            if severity is not None or ours:
                yield machine.finding(severity or Severity.DEGRADED)


def _judge(name: str, model: Model, units: Sequence[Unit]) -> LostMachine | None:
    """A machine with the units on it and in its containers; None where units can work on it."""
    machine = model.machines.get(name)
    if machine is None:
        lost = all(unit.lost for unit in units)
        return LostMachine(name, tuple(unit.name for unit in units)) if lost else None
    failed = machine.instance.level is JujuLevel.PROVISIONING_ERROR
    waiting = [unit for unit in units if unit.agent.level is JujuLevel.ALLOCATING]
    gone = [unit for unit in units if unit.lost or unit in waiting]
    names = tuple(unit.name for unit in gone)
    if gone and len(gone) == len(waiting) and (failed or machine.is_down):
        return LostMachine(name, names, False, machine.instance.message, retries=not failed)
    return LostMachine(name, names) if gone and machine.is_down else None
