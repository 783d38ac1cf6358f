"""The tester charms of the integration tests, run as processes under the stand-in agent."""

from __future__ import annotations

import collections.abc
import contextlib
import dataclasses
import json
import pathlib
import sys
import zipfile

import pytest
import yaml

from charms.telemetry_coordinator.v0 import telemetry_stack
from tests.integration import testers, upgrade_server
from tests.support.agent.agent import Agent
from tests.support.agent.expectations import assert_quiet
from tests.support.agent.unit_state import Status

ASKING = "Run the ceilometer-upgrade action on the leader to initialize ceilometer and gnocchi"
DATABAG = {
    "auth_host": "192.0.2.20",
    "auth_port": "35357",
    "auth_protocol": "http",
    "credentials_host": "192.0.2.20",
    "credentials_username": "telemetry-coordinator",
}
Deploy = collections.abc.Callable[..., Agent]


@pytest.fixture
def deploy(tmp_path: pathlib.Path) -> collections.abc.Iterator[Deploy]:
    """Unpacks a tester as Juju does and makes a unit of it."""
    made: list[Agent] = []

    def unit(name: str, *, leader: bool = True) -> Agent:
        folder = tmp_path / f"{name}-{len(made)}"
        with zipfile.ZipFile(testers.pack(name, tmp_path)) as archive:
            archive.extractall(folder)
            for entry in archive.infolist():
                (folder / entry.filename).chmod(entry.external_attr >> 16 & 0o777)
        made.append(Agent(folder, name, leader=leader))
        return made[-1]

    yield unit
    for agent in made:
        agent.close()


@pytest.mark.parametrize("name", testers.NAMES)
def test_a_tester_is_a_charm_file_as_juju_4_wants_it(name: str, tmp_path: pathlib.Path) -> None:
    with zipfile.ZipFile(testers.pack(name, tmp_path)) as archive:
        names = set(archive.namelist())
        manifest = yaml.safe_load(archive.read("manifest.yaml"))
        metadata = yaml.safe_load(archive.read("metadata.yaml"))
        assert archive.getinfo("dispatch").external_attr >> 16 & 0o111
    assert {"dispatch", "manifest.yaml", "metadata.yaml", "src/charm.py", "src/hook.py"} <= names
    assert not any(name.endswith((".so", ".pyc")) for name in names)
    assert {"name": "ubuntu", "channel": "24.04", "architectures": ["amd64", "arm64"]} in manifest[
        "bases"
    ]
    assert metadata["name"] == name


@pytest.mark.parametrize("name", testers.NAMES)
def test_a_tester_survives_the_hooks_of_a_deployment(deploy: Deploy, name: str) -> None:
    for result in deploy(name).deploy():
        assert_quiet(result)


def test_keystone_sends_nothing_before_somebody_asks(deploy: Deploy) -> None:
    keystone = deploy("keystone")
    keystone.config({"databag": json.dumps(DATABAG)})
    relation = keystone.relate(
        "identity-credentials", "telemetry-coordinator", {"telemetry-coordinator/0": {}}
    )
    keystone.announce(relation)
    sent = keystone.relation(relation).local_unit_data
    assert sent["auth_host"] == "192.0.2.20"
    assert "credentials_username" not in sent


@pytest.mark.parametrize("leader", [True, False])
def test_keystones_leader_alone_answers_who_asks(deploy: Deploy, leader: bool) -> None:
    keystone = deploy("keystone", leader=leader)
    keystone.config({"databag": json.dumps(DATABAG)})
    asked = {"telemetry-coordinator/0": {"username": "telemetry-coordinator"}}
    relation = keystone.relate("identity-credentials", "telemetry-coordinator", asked)
    keystone.announce(relation)
    sent = keystone.relation(relation).local_unit_data
    assert ("credentials_username" in sent) is leader


def test_a_notification_of_keystone_replaces_the_one_before(deploy: Deploy) -> None:
    keystone = deploy("keystone")
    relation = keystone.relate(
        "identity-notifications", "telemetry-coordinator", {"telemetry-coordinator/0": {}}
    )
    for key in ("gnocchi", "aodh"):
        keystone.config({"notification": f"{key}-endpoint-changed=abc"})
        assert_quiet(keystone.hook("config-changed"))
    found = keystone.relation(relation)
    for databag in (found.local_unit_data, found.local_app_data):
        assert databag["aodh-endpoint-changed"] == "abc"
        assert "gnocchi-endpoint-changed" not in databag


def test_gnocchi_publishes_its_url_as_soon_as_there_is_one(deploy: Deploy) -> None:
    gnocchi = deploy("gnocchi")
    relation = gnocchi.relate(
        "metric-service", "telemetry-coordinator", {"telemetry-coordinator/0": {}}
    )
    gnocchi.announce(relation)
    assert "gnocchi_url" not in gnocchi.relation(relation).local_unit_data
    gnocchi.config({"url": "http://192.0.2.30:8041"})
    gnocchi.hook("config-changed")
    assert gnocchi.relation(relation).local_unit_data["gnocchi_url"] == "http://192.0.2.30:8041"


# The charm that waits, with the coordinator's library


STATUS = telemetry_stack.Stack(
    ready=True,
    message="metric verified",
    services={"metric": telemetry_stack.Service("ok", "http://192.0.2.30:8041")},
)


def test_the_waiter_follows_the_status(deploy: Deploy) -> None:
    waiter = deploy("waiter")
    for result in waiter.deploy():
        assert_quiet(result)
    assert waiter.unit_status == Status("blocked", "missing relation telemetry")

    coordinator = {"telemetry-coordinator/0": {}}
    relation = waiter.relate("telemetry", "telemetry-coordinator", coordinator)
    waiter.announce(relation)
    assert waiter.unit_status.name == "blocked"

    for stack, status in [
        (STATUS, Status("active", "metrics from http://192.0.2.30:8041")),
        (
            dataclasses.replace(STATUS, ready=False, message="Aodh refused the connection"),
            Status("waiting", "Aodh refused the connection"),
        ),
        (STATUS, Status("active", "metrics from http://192.0.2.30:8041")),
    ]:
        waiter.relation(relation).remote_app_data["stack"] = stack.to_json()
        assert_quiet(waiter.relation_event("telemetry", "changed"))
        assert waiter.unit_status == status

    for result in waiter.break_relation(relation):
        assert_quiet(result)
    assert waiter.unit_status == Status("blocked", "missing relation telemetry")


# Ceilometer

Upgrading = collections.abc.Callable[[Agent, str], list[int]]


@pytest.fixture
def upgrading() -> collections.abc.Iterator[Upgrading]:
    """Lets a ceilometer run a line of Python in the place of ceilometer-upgrade."""
    open_servers: list[contextlib.ExitStack] = []

    def let(ceilometer: Agent, line: str) -> list[int]:
        stack = contextlib.ExitStack()
        open_servers.append(stack)
        command = [sys.executable, "-c", line]
        server = stack.enter_context(upgrade_server.serving(command, "127.0.0.1"))
        ceilometer.config({"upgrade-url": server.url})
        return server.runs

    yield let
    for stack in open_servers:
        stack.close()


def test_ceilometer_asks_until_its_action_ran(deploy: Deploy, upgrading: Upgrading) -> None:
    ceilometer = deploy("ceilometer")
    runs = upgrading(ceilometer, "pass")
    ceilometer.hook("update-status")
    assert ceilometer.unit_status.message == ASKING

    assert ceilometer.action("ceilometer-upgrade").succeeded

    assert runs == [0]
    assert (ceilometer.unit_status.name, ceilometer.unit_status.message) == (
        "active",
        "Unit is ready",
    )
    ceilometer.hook("update-status")
    assert ceilometer.unit_status.name == "active"


def test_ceilometer_goes_on_asking_after_an_action_that_failed(
    deploy: Deploy, upgrading: Upgrading
) -> None:
    ceilometer = deploy("ceilometer")
    upgrading(ceilometer, "raise SystemExit('HTTP 503')")
    result = ceilometer.action("ceilometer-upgrade")
    assert result.message == "ceilometer-upgrade resulted in an error: HTTP 503"
    assert ceilometer.unit_status.message == ASKING


def test_beside_the_leader_the_action_fails_although_it_ran(
    deploy: Deploy, upgrading: Upgrading
) -> None:
    ceilometer = deploy("ceilometer", leader=False)
    runs = upgrading(ceilometer, "pass")
    assert not ceilometer.action("ceilometer-upgrade").succeeded
    assert runs == [0]


def test_ceilometer_shows_its_version(deploy: Deploy) -> None:
    ceilometer = deploy("ceilometer")
    ceilometer.config({"workload-version": "21.0.0"})
    assert_quiet(ceilometer.hook("config-changed"))
    assert ceilometer.workload_version == "21.0.0"


def test_the_request_may_follow_another_message(deploy: Deploy) -> None:
    ceilometer = deploy("ceilometer")
    ceilometer.config({"extra-message": "Missing relations: messaging"})
    ceilometer.hook("config-changed")
    assert ceilometer.unit_status.message == f"Missing relations: messaging, {ASKING}"
