"""The model under test: what is done to it, and what is waited for, within bounds."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import jubilant

from tests.integration import juju_outputs
from tests.integration.waiting import Budget
from tests.support.openstack import Stack

GONE_IN = 60.0
"""Seconds in which Juju forgets a relation: it still `already exists` for some after its end."""
ACTION_LIMIT = 240
LOG_LINES = 150

Condition = Callable[[jubilant.Status], bool]


class HopelessError(Exception):
    """What is waited for cannot come: Juju cannot make a machine."""


class Lab:
    """A model and the time that a run has for it.

    Attributes:
        juju: the client, which speaks of the model.
        budget: the time for waits.
    """

    def __init__(self, juju: jubilant.Juju, budget: Budget) -> None:
        self.juju = juju
        self.budget = budget

    @property
    def major_version(self) -> int:
        """Version of the model's Juju, as far as it makes a difference."""
        return int(self.status().model.version.partition(".")[0])

    # Looking

    def status(self) -> jubilant.Status:
        """The model now."""
        return self.juju.status()

    def units(self, app: str) -> dict[str, jubilant.statustypes.UnitStatus]:
        """The units of an application that has its own."""
        return dict(self.status().apps[app].units)

    def leader(self, app: str) -> str:
        """Name of the unit that leads an application.

        Raises:
            LookupError: while none does.
        """
        for name, unit in self.units(app).items():
            if unit.leader:
                return name
        raise LookupError(f"no unit of {app} leads")

    def databags(self, unit: str) -> tuple[juju_outputs.Databags, ...]:
        """The databags that Juju shows of a unit."""
        return juju_outputs.databags(self.show_unit(unit))

    def show_unit(self, unit: str) -> str:
        """What `juju show-unit` prints of a unit."""
        return self.juju.cli("show-unit", unit, "--format", "json")

    def status_log(self, unit: str) -> tuple[juju_outputs.Entry, ...]:
        """The last statuses of a unit and of its agent."""
        return juju_outputs.status_log(self.juju.cli("show-status-log", unit, "-n", "100"))

    def hooks_ran(self, unit: str) -> tuple[str, ...]:
        """All hooks of a unit that the log of the model tells of."""
        entity = f"unit-{unit.replace('/', '-')}"
        log = self.juju.cli(
            *("debug-log", "--limit", "10000", "--include", entity),
            *("--include-module", "juju.worker.uniter.operation"),
        )
        return juju_outputs.hooks_ran(log, unit)

    def evidence(self) -> list[tuple[str, str]]:
        """What to look at after a failure: title and text."""
        commands = (("status", "--relations"), ("debug-log", "--limit", str(LOG_LINES)))
        found: list[tuple[str, str]] = []
        for command in commands:
            try:
                text = self.juju.cli(*command)
            except jubilant.CLIError as error:
                text = error.stderr
            found.append((f"juju {' '.join(command)}", text))
        return found

    # Waiting

    def wait(
        self,
        what: str,
        ready: Condition,
        *,
        within: float | None = None,
        in_a_row: int = 2,
    ) -> None:
        """Wait until the model is as it should be, several times in a row.

        Raises:
            WaitedTooLongError: when that does not come in time.
            HopelessError: when it cannot come.
        """
        seen = 0

        def steady() -> bool:
            nonlocal seen
            document = json.loads(self.juju.cli("status", "--format", "json"))
            hopeless = juju_outputs.hopeless_machines(document)
            if hopeless:
                raise HopelessError("; ".join(hopeless))
            seen = seen + 1 if ready(parsed(document)) else 0
            return seen == in_a_row

        self.budget.until(what, steady, within=within, every=1.5)

    def settle(self, *apps: str) -> None:
        """Wait until no agent has anything to do; of these applications, or of all.

        A hook may begin up to 2.5 seconds after the command that brings it (seen with 4.0.14).
        """
        self.wait(
            "all hooks to end",
            lambda status: jubilant.all_agents_idle(status, *apps),
            in_a_row=3,
        )

    # Doing

    def run(self, unit: str, action: str, **params: str) -> juju_outputs.Task:
        """Run an action and give its task, whether it completed or failed.

        Raises:
            LookupError: when there is no task: no such unit or action, or it took too long.
        """
        given = [f"{name}={value}" for name, value in params.items()]
        limit = f"{ACTION_LIMIT}s"
        try:
            printed = self.juju.cli(
                "run", unit, action, *given, "--format", "json", "--wait", limit
            )
        except jubilant.CLIError as error:
            # so it ends where the charm's process did not end with 0, and where there is no task
            try:
                return juju_outputs.task(error.stdout)
            except LookupError:
                raise LookupError(juju_outputs.last_error(error.stderr)) from error
        return juju_outputs.task(printed)

    def integrate(self, one: str, other: str) -> None:
        """Integrate two endpoints, as soon as an earlier relation of them is forgotten."""

        def done() -> bool:
            try:
                self.juju.integrate(one, other)
            except jubilant.CLIError as error:
                if "already exists" not in error.stderr:
                    raise
                return False
            return True

        self.budget.until(f"{one} and {other} to be free", done, within=GONE_IN)

    def separate(self, one: str, other: str) -> None:
        """Remove a relation, and wait until it is gone."""
        app, _, endpoint = one.partition(":")
        related = other.partition(":")[0]
        self.juju.remove_relation(one, other)
        self.wait(
            f"the relation of {one} and {other} to go",
            lambda status: related not in related_apps(status, app, endpoint),
        )

    def on_machine(self, machine: str, command: str) -> None:
        """Have root run something on a machine in a moment, whatever becomes of its agent."""
        later = f"systemd-run --collect --on-active=3 sh -c {shlex.quote(command)}"
        self.juju.cli("exec", "--machine", machine, "--", later)

    @contextlib.contextmanager
    def configured(self, app: str, **options: str) -> Iterator[None]:
        """Options of an application that are as before at the end.

        What was the default is set, not reset: `juju config --reset` runs no hook.
        """
        before = self.juju.config(app)
        given = {key.replace("_", "-"): value for key, value in options.items()}
        self.juju.config(app, given)
        try:
            yield
        finally:
            self.juju.config(app, {key: str(before.get(key, "")) for key in given})
            self.settle(app)


def parsed(document: Mapping[str, Any]) -> jubilant.Status:
    """What `juju status --format json` printed, as jubilant has it."""
    return jubilant.Status._from_dict(dict(document))


def related_apps(status: jubilant.Status, app: str, endpoint: str) -> set[str]:
    """The applications at an endpoint of another one."""
    found = status.apps.get(app)
    relations = found.relations.get(endpoint, []) if found else []
    return {relation.related_app for relation in relations}


def leads(status: jubilant.Status, app: str, *, but: Iterable[str] = ()) -> bool:
    """Whether a unit of an application leads, another one than these."""
    return any(
        unit.leader and name not in set(but) for name, unit in status.apps[app].units.items()
    )


@contextlib.contextmanager
def stopped(services: Stack, *names: str) -> Iterator[None]:
    """Services that are down for a while, and up again whatever happens."""
    for name in names:
        services.services[name].stop()
    try:
        yield
    finally:
        for name in names:
            services.services[name].start()


@dataclasses.dataclass(frozen=True)
class Finding:
    """A finding of the coordinator's report, as far as tests judge it.

    Attributes:
        check: such as `alarming.application`.
        cause: such as `charm-blocked`; empty where it is well.
    """

    check: str
    severity: str
    cause: str
    summary: str
    remedy: str
    because: str


def findings(report: str) -> tuple[Finding, ...]:
    """The findings of a report in its JSON form."""
    names = [field.name for field in dataclasses.fields(Finding)]
    return tuple(
        Finding(**{name: found.get(name, "") for name in names})
        for found in json.loads(report)["findings"]
    )


def faults(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that are faults and do not follow from another one."""
    return tuple(f for f in found if f.severity in {"failed", "degraded"} and not f.because)
