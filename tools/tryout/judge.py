"""`make judge STATUS=status.json`: what a saved `juju status --format json` says about the stack.

First the model view of a report, then what plan-stack says. Nothing is asked of anybody.
ANONYMOUS=1 blanks out names and addresses.
"""

from __future__ import annotations

import datetime
import os
import pathlib
import sys
from collections.abc import Iterator, Mapping

from coordinator.blueprint.loader import Choice
from coordinator.checks.model import systems
from coordinator.juju import ceilometer, foreign, status
from coordinator.juju.sight import Sight
from coordinator.juju.status import Model
from coordinator.openstack.proxies import Proxies
from coordinator.plan import results
from coordinator.plan.plan import COORDINATOR
from coordinator.report import render, root_causes
from coordinator.report.finding import Finding
from coordinator.report.render import Form
from coordinator.report.report import Report
from coordinator.request import Request
from coordinator.upgrade import findings
from coordinator.upgrade.record import Record
from tools.tryout.anonymous import Blanker


def main(environ: Mapping[str, str]) -> int:
    """Judge, and print."""
    file = environ.get("STATUS", "")
    if not file:
        print("make judge STATUS=status.json, from: juju status --format json", file=sys.stderr)
        return 2
    try:
        model = status.parse(foreign.load(pathlib.Path(file).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        print(f"{file}: {error}", file=sys.stderr)
        return 2
    shown = Blanker(_names(model)) if environ.get("ANONYMOUS") else str
    print(shown(judge(model)))
    return 0


def judge(model: Model) -> str:
    """Model view and plan; where there can be no plan, why."""
    choice = Choice()
    blueprint = choice.blueprint
    ours = next((app.name for app in model.of_charm(COORDINATOR.charm)), COORDINATOR.key)
    at = _taken_at(model)
    report = Report(at, "internal", "", ())
    request = Request(
        credentials=(),
        required=("metric", "alarming", "key-manager"),
        optional=("infra-optim",),
        interface="internal",
        region="",
        timeout=0,
        certificates={},
        proxies=Proxies(),
        applications={},
        coordinator=ours,
        blueprint=blueprint,
    )
    found = [*systems.of_model(model, request, (), report), *_requests(model, at)]
    report = Report(at, "internal", "", root_causes.explained(found, blueprint))
    view = render.report_as(Form.TEXT, report, blueprint)
    seen = results.VisibleModel(model, whole=True)
    try:
        plan = results.of_plan(ours, seen, choice, results.Options(), {}, report=report)["plan"]
    except ValueError as error:
        plan = f"# There is no plan: {error}"
    return f"The Juju model alone; no service was asked.\n\n{view}\n{plan}"


def _requests(model: Model, at: datetime.datetime) -> Iterator[Finding]:
    """What the coordinator says of a Ceilometer that asks for its action, and it may not run."""
    for app in ceilometer.applications(model):
        found = findings.of_charm(Sight(app), Record(), at, may_command=False)
        if found is not None and app.asks:
            yield found


def _taken_at(model: Model) -> datetime.datetime:
    """When the status was saved: a moment after the newest change of a unit's in it."""
    times = [unit.workload.since for unit in model.units] + [u.agent.since for u in model.units]
    newest = max(filter(None, times), default=datetime.datetime.now(datetime.timezone.utc))
    return newest + datetime.timedelta(minutes=1)


def _names(model: Model) -> list[str]:
    """Names that a person chose: of applications that are not called like their charm."""
    apps = [app.name for app in model.applications.values() if app.name != app.charm]
    return [*apps, *model.remote]


if __name__ == "__main__":
    sys.exit(main(os.environ))
