"""`make judge STATUS=status.json`: what a saved `juju status --format json` says about the stack.

First the model view of a report, then what plan-stack says. Nothing is asked of anybody.
CHANNEL=2024.1/stable says what to deploy, ANONYMOUS=1 blanks out names and addresses. Exit code
0 only when nothing failed, 1 when something did, 2 when there is nothing to judge.
"""

from __future__ import annotations

import datetime
import os
import pathlib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from coordinator.blueprint.loader import Choice
from coordinator.checks.model import systems
from coordinator.juju import ceilometer, foreign, status
from coordinator.juju.sight import Sight
from coordinator.juju.status import Application, JujuLevel, Model
from coordinator.openstack.proxies import Proxies
from coordinator.plan import results
from coordinator.plan.plan import COORDINATOR
from coordinator.report import render, root_causes
from coordinator.report.finding import Finding, Severity
from coordinator.report.render import Form
from coordinator.report.report import Report
from coordinator.request import Request
from coordinator.text import named
from coordinator.upgrade import findings
from coordinator.upgrade.record import Record
from tools.tryout import remedies
from tools.tryout.anonymous import Blanker

_HEAD = """\
The Juju model alone: no service was asked.
It must be made from the whole `juju status --format json`; with names the plan is wrong.
"""
_NEEDED = {
    "mysql-router": "db-router",
    "gnocchi": "identity-service",
    "aodh": "identity-service",
    "barbican": "identity-service",
}
"""Charm → endpoint without which its units are not active."""


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
    report = judge(model)
    print(shown(text_of(model, report, file, environ.get("CHANNEL", ""))))
    return 0 if report.verified else 1


def judge(model: Model) -> Report:
    """The model view of a report."""
    blueprint = Choice().blueprint
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
        coordinator=_ours(model),
        blueprint=blueprint,
    )
    found = [*systems.of_model(model, request, (), report), *_requests(model, at)]
    explained = root_causes.explained(found, blueprint)
    report = remedies.retold(
        msgspec.structs.replace(report, findings=explained), remedies.OF_JUDGE
    )
    if report.severity is Severity.OK:
        well = "shows no fault" if report.findings else "has nothing of the stack"
        whole = f"the model {well}; no service was asked"
    else:
        whole = report.summary().removeprefix("nothing verified; ")
    return msgspec.structs.replace(report, whole=whole)


def text_of(model: Model, report: Report, file: str, channel: str = "") -> str:
    """The report of a model, and the plan."""
    view = render.report_as(Form.TEXT, report, Choice().blueprint)
    return "\n".join((_HEAD, *_warning(model), view, _plan(model, report, file, channel)))


def _plan(model: Model, report: Report, file: str, channel: str) -> str:
    """The plan; where there can be none, why."""
    seen = results.VisibleModel(model, whole=True)
    params = {"channel": channel}
    try:
        ours, options = _ours(model), results.Options()
        made = results.of_plan(ours, seen, Choice(), options, params, report=report)
        plan = made["plan"]
    except ValueError as error:
        why = re.sub(r"\b(parameter )?channel(?=[=:])", "CHANNEL", str(error))
        return f"# There is no plan: {why}"
    return plan.replace("# Compared with the whole model.", f"# Compared with {file}.", 1)


def _ours(model: Model) -> str:
    apps = model.of_charm(COORDINATOR.charm)
    return apps[0].name if apps else COORDINATOR.key


def _warning(model: Model) -> list[str]:
    """A warning where applications seem to be left out of the status."""
    lacking, bare = _lacking(model), _bare(model.applications.values())
    signs = [
        f"it lacks {named(lacking)}" if lacking else "",
        f"it lacks integrations of {named(bare)}" if bare else "",
    ]
    told = ", and ".join(filter(None, signs))
    return [f"WARNING: this status is not whole, so the plan is wrong: {told}\n"] if told else []


def _lacking(model: Model) -> list[str]:
    """Applications that are integrated with what is in the status, and are not in it."""
    apps = model.applications.values()
    related = {found.application for app in apps for found in app.integrations}
    return sorted(related - {*model.applications, *model.remote})


def _bare(apps: Iterable[Application]) -> list[str]:
    """Applications that are active without what they need."""
    return [
        app.name
        for app in apps
        if (needed := _NEEDED.get(app.charm)) and not app.integrated(needed)
        if any(unit.workload.level is JujuLevel.ACTIVE for unit in app.units)
    ]


def _requests(model: Model, at: datetime.datetime) -> Iterator[Finding]:
    """The findings of Ceilometers that ask for an action that may not be run from here."""
    for app in ceilometer.applications(model):
        found = findings.of_charm(Sight(app), Record(), at, may_command=False)
        if found is not None and ceilometer.asks(app):
            yield found


def _taken_at(model: Model) -> datetime.datetime:
    """The time of the status: a moment after the newest change of a unit in it."""
    times = [unit.workload.since for unit in model.units] + [u.agent.since for u in model.units]
    newest = max(filter(None, times), default=datetime.datetime.now(datetime.timezone.utc))
    return newest + datetime.timedelta(minutes=1)


def _names(model: Model) -> list[str]:
    """Names that a person chose: of applications that are not called like their charm.

    Of one that is not in the status the charm is not known: a name of the blueprint's is none.
    """
    apps = [app.name for app in model.applications.values() if app.name != app.charm]
    charms = {system.charm for system in Choice().blueprint.systems.values()}
    lacking = [name for name in _lacking(model) if name not in charms]
    return [*apps, *model.remote, *lacking]


if __name__ == "__main__":
    sys.exit(main(os.environ))
