"""The packed charm asks the Juju controller, through the juju command on its hooks' PATH."""

from __future__ import annotations

import collections.abc
import pathlib

import pytest

from tests.support.agent.agent import MODEL_UUID, Agent
from tests.support.agent.expectations import assert_quiet
from tests.support.juju.controller import BLOCKED, Controller

pytestmark = pytest.mark.one_release
USER, PASSWORD = "telemetry-coordinator", "correct-horse"


@pytest.fixture
def juju(
    coordinator: Agent, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> collections.abc.Iterator[Controller]:
    """The controller of the unit: its client on PATH, its facts in agent.conf."""
    made = Controller(tmp_path / "juju", coordinator.juju_version, MODEL_UUID)
    made.add_user(USER, PASSWORD)
    made.deploy(status=BLOCKED)
    monkeypatch.setitem(coordinator.environment, "PATH", f"{made.bin}:{coordinator.path}")
    agent_conf = coordinator.charm_dir.with_name("agent.conf")
    agent_conf.write_text(made.agent_conf())
    yield made
    agent_conf.unlink()


def grant(coordinator: Agent, password: str = PASSWORD) -> str:
    secret = coordinator.add_secret({"username": USER, "password": password})
    coordinator.config({"juju-access": secret})
    return secret


def test_the_action_is_begun_in_one_hook_and_judged_in_a_later_one(
    coordinator: Agent, juju: Controller
) -> None:
    grant(coordinator)

    assert_quiet(coordinator.hook("config-changed"))

    assert coordinator.unit_status.name == "maintenance"
    assert coordinator.unit_status.message.startswith(
        "ceilometer-upgrade runs as task 1 on ceilometer"
    )
    juju.finish("1")
    juju.set_status("ceilometer", ("active", "Unit is ready"))
    assert_quiet(coordinator.hook("update-status"))
    assert coordinator.unit_status.name == "active"
    assert len(juju.tasks) == 1


def test_a_new_password_is_taken_with_its_event(coordinator: Agent, juju: Controller) -> None:
    coordinator.config({"upgrade-method": "action"})
    secret = grant(coordinator, "wrong")
    assert_quiet(coordinator.hook("config-changed"))
    assert "the password" in coordinator.unit_status.message

    coordinator.update_secret(secret, {"username": USER, "password": PASSWORD})
    assert_quiet(coordinator.secret_event(secret))

    assert coordinator.unit_status.name == "maintenance"


def test_a_grant_that_is_taken_back_is_told(coordinator: Agent, juju: Controller) -> None:
    coordinator.config({"upgrade-method": "action"})
    secret = grant(coordinator)
    coordinator.grant_secret(secret, granted=False)

    assert_quiet(coordinator.hook("config-changed"))

    assert "secret is not granted" in coordinator.unit_status.message
    assert coordinator.unit_status.name == "active"  # nothing needs to be run


def test_the_password_is_in_nothing_that_the_charm_says(
    coordinator: Agent, juju: Controller
) -> None:
    grant(coordinator)
    said = coordinator.hook("config-changed").text()
    juju.finish("1", "failed", "no such luck")
    said += coordinator.hook("update-status").text()
    said += str(coordinator.action("show-report").results)
    assert "no such luck" in str(coordinator.peer_app_data)
    assert PASSWORD not in said + str(coordinator.peer_app_data) + str(juju.calls)
