"""Machines that are down or never came: one cause for all that is on them. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Sequence

from coordinator.checks.model.phrases import named
from coordinator.juju.status import Level, Machine, Model, Unit
from coordinator.report.finding import Cause, Finding, Severity

SERVICE = "machines"
"""What findings about machines are filed under."""


@dataclasses.dataclass(frozen=True)
class LostMachine:
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
        host = self.name.partition("/")[0]
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
    """The machines of a model on which no unit can work."""

    def __init__(self, model: Model) -> None:
        on: dict[str, list[Unit]] = {}
        for unit in model.units:
            if unit.machine:
                on.setdefault(unit.machine, []).append(unit)
        self._lost: dict[str, LostMachine] = {}
        for name, units in on.items():
            found = _judge(name, model.machines.get(name), units)
            if found is not None:
                self._lost[name] = found

    def behind(self, units: Iterable[Unit]) -> str:
        """The check of the machine that is behind the same fault of some units; else empty.

        Where they are on several such machines it is that of most.
        """
        lost = [self._lost.get(unit.machine) for unit in units]
        found = [machine for machine in lost if machine is not None]
        if not found or len(found) < len(lost):
            return ""
        checks = [machine.check for machine in found]
        return max(dict.fromkeys(checks), key=checks.count)

    def holds(self, unit: Unit) -> bool:
        """Whether a unit is on such a machine."""
        return unit.machine in self._lost

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
        for machine in self._lost.values():
            ours = any(unit.partition("/")[0] in stack for unit in machine.units)
            behind = worst.get(machine.check, ())
            severity = max((f.severity for f in behind), key=lambda s: s.rank, default=None)
            if severity is not None or ours:
                yield machine.finding(severity or Severity.DEGRADED)


def _judge(name: str, machine: Machine | None, units: Sequence[Unit]) -> LostMachine | None:
    """A machine with its units; None where units can work on it."""
    names = tuple(unit.name for unit in units)
    fresh = all(unit.agent.level is Level.ALLOCATING for unit in units)
    failed = machine is not None and machine.instance.level is Level.PROVISIONING_ERROR
    down = machine is not None and machine.is_down
    if machine is not None and fresh and (down or failed):
        return LostMachine(name, names, False, machine.instance.message, retries=not failed)
    if down or (machine is None and all(unit.lost for unit in units)):
        return LostMachine(name, names)
    return None
