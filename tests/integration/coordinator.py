"""The coordinator under test: what it says, keeps, and tells others."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jubilant

from tests.integration import juju_outputs, lab
from tests.integration.lab import Condition, Finding, Lab
from tests.integration.waiting import WaitedTooLongError

APP = "telemetry-coordinator"
UPGRADE = "juju run ceilometer/leader ceilometer-upgrade"
"""What to type where the coordinator may not or cannot run it."""


class Coordinator:
    """The coordinator of a lab's model."""

    def __init__(self, model: Lab) -> None:
        self.lab = model

    def leader(self) -> str:
        """Name of the unit that leads."""
        return self.lab.leader(APP)

    def verify(self, **params: str) -> juju_outputs.Task:
        """Run verify-stack on the leader."""
        return self.lab.run(f"{APP}/leader", "verify-stack", **params)

    def findings(self) -> tuple[Finding, ...]:
        """What a verification finds now.

        Raises:
            LookupError: where it makes no report.
        """
        task = self.verify(format="json")
        if "report" not in task.results:
            raise LookupError(f"there is no report: {task.message}")
        return lab.findings(task.results["report"])

    def finding(self, check: str) -> Finding:
        """The one finding of a check that a verification makes now.

        Raises:
            LookupError: where there is none, or another number of them.
        """
        found = [finding for finding in self.findings() if finding.check == check]
        if len(found) != 1:
            raise LookupError(f"{len(found)} findings of {check}")
        return found[0]

    def faults(self) -> tuple[Finding, ...]:
        """What is wrong now, without what merely follows from it."""
        return lab.faults(self.findings())

    def wait_for_faults(self, *expected: tuple[str, str]) -> tuple[Finding, ...]:
        """Verify until exactly these faults are found: check and cause of each."""
        wanted = ", ".join(" ".join(pair) for pair in expected) or "nothing"
        return self.wait_for_report(
            f"the report to name {wanted} alone",
            lambda found: sorted((f.check, f.cause) for f in found) == sorted(expected),
        )

    def wait_for_report(
        self, what: str, ready: Callable[[tuple[Finding, ...]], bool]
    ) -> tuple[Finding, ...]:
        """Verify until the faults of the report are as they should be, and give them.

        What fails in Juju flickers: a hook that is tried again looks well meanwhile.
        """
        found: tuple[Finding, ...] = ()

        def there() -> bool:
            nonlocal found
            found = self.faults()
            return ready(found)

        try:
            self.lab.budget.until(what, there, within=120, every=5)
        except WaitedTooLongError as error:
            named = [(f.check, f.cause, f.summary) for f in found]
            raise WaitedTooLongError(f"{error}; it names {named}") from error
        return found

    def record(self) -> dict[str, Any]:
        """The upgrade record, as the peer databag has it."""
        shown = [self.lab.show_unit(self.leader())]
        return json.loads(juju_outputs.application_value(shown, ["coordinators"], "record"))

    def told(self) -> dict[str, Any]:
        """What the charm that waits was told last.

        3.6 shows it with the unit that was told, 4.0 with the one that told.
        """
        shown = [self.lab.show_unit(unit) for unit in ("waiter/0", self.leader())]
        found = juju_outputs.application_value(shown, ["telemetry", "telemetry-stack"], "stack")
        return json.loads(found)


def shows(level: str, text: str = "") -> Condition:
    """The coordinator's application has this level and a message with this text."""

    def ready(status: jubilant.Status) -> bool:
        app = status.apps[APP].app_status
        return app.current == level and text in app.message

    return ready


def waiter_shows(level: str, text: str = "") -> Condition:
    """The charm that waits for the stack has this level and a message with this text."""

    def ready(status: jubilant.Status) -> bool:
        unit = status.apps["waiter"].units["waiter/0"].workload_status
        return unit.current == level and text in unit.message

    return ready
