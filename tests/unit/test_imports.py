"""A hook with nothing to verify loads no library that it does not use.

Each case runs in a process of its own, since what one test loads, all have. ops.testing must not
load these libraries either, or the test would prove nothing; the script checks that first.
"""

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest

ROOT = pathlib.Path(__file__).parents[2]
HEAVY = [
    "requests",
    "urllib3",
    "keystoneauth1",
    "jinja2",
    "charmlibs",
    "jubilant",
    "planning",
    "coordinator.reconcile",
    "coordinator.report.render",
    "coordinator.blueprint.parser",
    "coordinator.report.report",
    "coordinator.upgrade.record",
    "coordinator.juju.status",
]

SCRIPT = """
import json, sys
import ops
from ops import testing

case, heavy = json.load(sys.stdin)

def loaded():
    return [name for name in heavy if name in sys.modules]

assert loaded() == [], f"ops.testing itself loads {loaded()}"
import charm

relations = {testing.PeerRelation("coordinators")}
for endpoint, units in case["relations"].items():
    relations.add(testing.Relation(
        endpoint, remote_units_data={int(number): bag for number, bag in units.items()}
    ))
context = testing.Context(charm.TelemetryCoordinatorCharm)
state = testing.State(leader=case["leader"], relations=relations, config=case["config"])
event = context.on.update_status()
if "action" in case:
    event = context.on.action(case["action"], params={"format": "text"})
try:
    out = context.run(event, state)
except testing.ActionFailed as failure:
    out = failure.state
print(json.dumps({"loaded": loaded(), "status": out.unit_status.message}))
"""

CREDENTIALS = {
    "credentials_host": "127.0.0.1",
    "credentials_port": "9",
    "credentials_protocol": "http",
    "credentials_username": "telemetry-coordinator",
    "credentials_password": "correct-horse",
    "credentials_project": "services",
}
READY = {
    "identity-credentials": {"0": CREDENTIALS},
    "metric-service": {"0": {"gnocchi_url": "http://127.0.0.1:9"}},
}
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "a unit that does not lead": ({"leader": False, "relations": READY}, "standby"),
    "a leader without relations": ({}, "missing relation"),
    "a leader without credentials": (
        {"relations": {"identity-credentials": {"0": {}}, "metric-service": {"0": {}}}},
        "keystone has not sent credentials yet",
    ),
    "a leader with a bad option": (
        {"relations": READY, "config": {"interface": "outer"}},
        "option interface",
    ),
}


QUIET = ("config", "inputs", "relations.databags", "hook", "actions")
"""Modules of src/ that a hook without work does not load, nor all that they stand on."""


def run(**case: Any) -> dict[str, Any]:
    whole = {"leader": True, "relations": {}, "config": {}, **case}
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps([whole, [*HEAVY, *QUIET]]),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.mark.parametrize("case", list(CASES))
def test_a_quiet_hook_loads_no_heavy_library(case: str):
    given, status = CASES[case]
    ended = run(**given)
    assert str(ended["status"]).startswith(status)
    # a leader that cannot verify keeps that in its history, which knows reports
    leads = ["coordinator.report.report", *QUIET[:-1]]
    assert ended["loaded"] == ([] if case == "a unit that does not lead" else leads)


def test_a_hook_that_verifies_loads_what_it_needs():
    ended = run(relations=READY, config={"verify-timeout": 2})
    needed = {"coordinator.reconcile", "coordinator.blueprint.parser"}
    assert needed <= set(ended["loaded"])
    unused = {"requests", "urllib3", "keystoneauth1", "jubilant", "jinja2", "planning"}
    assert not set(ended["loaded"]) & unused


def test_a_report_as_text_loads_no_template_engine():
    ended = run(relations=READY, config={"verify-timeout": 2}, action="verify-stack")
    assert "coordinator.report.render" in ended["loaded"]
    assert not set(ended["loaded"]) & {"jinja2", "planning"}
