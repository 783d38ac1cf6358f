"""Machines that are down or never came: one cause for all that is on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec

from coordinator.juju.status import CharmStatus, JujuLevel, Model, Unit, application_of, host_of
from coordinator.report.finding import Cause, Finding, Severity, worst
from coordinator.text import named

SERVICE = "machines"
"""Findings about machines are filed under it."""


class _LostMachine(msgspec.Struct, frozen=True):
    units: tuple[str, ...]
    finding: Finding


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
        self._lost: dict[str, _LostMachine] = {}  # by what units name as their machine
        for name, units in places.items():
            found = whole[host_of(name)] or _judge(name, model, units)
            if found is not None:
                self._lost[name] = found

    def behind(self, units: Iterable[Unit]) -> str:
        """The check of the machine that is behind the same fault of some units; else empty.

        Where they are on several such machines it is that of most.
        """
        lost = [self._lost.get(unit.machine) for unit in units]
        checks = [machine.finding.check for machine in lost if machine is not None]
        if not checks or len(checks) < len(lost):
            return ""
        return max(checks, key=checks.count)

    def findings(self, found: Sequence[Finding], stack: Collection[str]) -> Iterator[Finding]:
        """The findings about those machines, each as bad as the worst that it is behind.

        Machines without units of the stack's applications are not ours, unless they are behind
        something.
        """
        for machine in dict.fromkeys(self._lost.values()):
            check = machine.finding.check
            behind = [finding.severity for finding in found if finding.behind == check]
            if behind or any(application_of(unit) in stack for unit in machine.units):
                severity = worst([*behind, Severity.DEGRADED])
                yield msgspec.structs.replace(machine.finding, severity=severity)


def _judge(name: str, model: Model, units: Sequence[Unit]) -> _LostMachine | None:
    """A machine with the units on it and in its containers; None where units can work on it."""
    machine = model.machines.get(name)
    instance = machine.instance if machine else CharmStatus()
    is_down = machine.is_down if machine else all(unit.lost for unit in units)
    failed = instance.level is JujuLevel.PROVISIONING_ERROR
    waiting = [unit for unit in units if unit.agent.level is JujuLevel.ALLOCATING]
    gone = [unit for unit in units if unit.lost or unit in waiting]
    never_came = gone == waiting
    if not gone or not (is_down or (failed and never_came)):
        return None
    host, names = host_of(name), tuple(unit.name for unit in gone)
    command, text = "show-machine", f"machine {name} is down, and {named(names)} with it"
    if never_came:
        said = f" ({instance.message})" if instance.message else ""
        verb = "waits" if len(names) == 1 else "wait"
        text = f"machine {name} never came{said}; {named(names)} {verb} for it"
        if failed and host == name:  # else Juju itself tries again
            command = "retry-provisioning"
    question, remedy = name.replace("/", "-"), f"juju {command} {host}"
    finding = Finding(SERVICE, question, Severity.DEGRADED, text, Cause.MACHINE_DOWN, remedy)
    return _LostMachine(names, finding)
