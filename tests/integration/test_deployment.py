"""A coordinator's life in a model, in the order of an operator's day.

The tests of this module build on each other: each leaves the model as the next one needs it.
"""

from __future__ import annotations

import pathlib
import subprocess

import jubilant
import pytest

from tests.integration.coordinator import APP, UPGRADE, Coordinator, shows, waiter_shows
from tests.integration.lab import Lab, stopped
from tests.integration.upgrade_server import UpgradeServer
from tests.support.openstack import Stack


def test_with_advice_the_status_says_what_to_type(lab: Lab, server: UpgradeServer):
    lab.wait("the advice", shows("blocked", UPGRADE))
    assert server.runs == []


def test_a_charm_that_waits_is_told_that_the_stack_is_not_ready(
    lab: Lab, coordinator: Coordinator
):
    lab.wait("the waiter to be told", waiter_shows("waiting"))
    assert coordinator.told()["upgrade"] == "needed"


def test_the_action_clears_ceilometers_own_request(
    lab: Lab,
    server: UpgradeServer,
    services: Stack,
    coordinator: Coordinator,
    request: pytest.FixtureRequest,
):
    assert lab.units("ceilometer")["ceilometer/0"].is_blocked

    request.getfixturevalue("access")

    # one run, although Juju runs config-changed twice for one change
    assert server.runs == [0]
    assert "instance" in services.resource_types()
    assert lab.units("ceilometer")["ceilometer/0"].is_active
    assert coordinator.finding("telemetry.charm").severity == "ok"


@pytest.mark.usefixtures("access")
def test_a_charm_that_waits_is_told_when_the_stack_is_ready(
    lab: Lab, coordinator: Coordinator, services: Stack
):
    lab.wait("the waiter to be ready", waiter_shows("active", f"from {services.gnocchi_url}"))
    told = coordinator.told()
    assert told["upgrade"] == "done"
    assert told["services"]["metric"]["endpoint"] == services.gnocchi_url


@pytest.mark.usefixtures("access")
def test_a_verified_stack_completes_the_task(coordinator: Coordinator):
    task = coordinator.verify()
    assert task.status == "completed"
    assert task.results["status"] == "verified"
    assert task.log


@pytest.mark.usefixtures("access")
def test_a_stopped_service_fails_the_task_but_not_the_command(
    lab: Lab, coordinator: Coordinator, services: Stack
):
    with stopped(services, "aodh"):
        task = coordinator.verify()
        ended = subprocess.run(
            [
                lab.juju.cli_binary,
                "run",
                "-m",
                str(lab.juju.model),
                f"{APP}/leader",
                "verify-stack",
            ],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        lab.wait("the waiter to be told", waiter_shows("waiting", "Aodh"))
    assert task.status == "failed"
    assert task.message.startswith("Aodh")
    assert task.results["alarming"]["status"] == "failed"
    assert ended.returncode == 0
    assert coordinator.verify().status == "completed"
    lab.wait("the waiter to be ready", waiter_shows("active"))


@pytest.mark.usefixtures("access")
def test_what_keystone_announces_is_verified_at_once(
    lab: Lab, coordinator: Coordinator, services: Stack
):
    lab.juju.cli("model-config", "update-status-hook-interval=60m")  # it is not update-status
    try:
        with stopped(services, "aodh"):
            lab.juju.config("keystone", {"notification": "aodh-endpoint-changed=down"})
            lab.wait("the fault", shows("blocked", "Aodh"))
        lab.juju.config("keystone", {"notification": "aodh-endpoint-changed=up"})
        lab.wait("the coordinator to verify again", shows("active"))
    finally:
        lab.juju.cli("model-config", "update-status-hook-interval=1m")
    assert coordinator.faults() == ()


@pytest.mark.usefixtures("access")
def test_an_option_that_is_reset_counts_with_the_next_verification(
    lab: Lab, coordinator: Coordinator
):
    lab.juju.config(APP, {"interface": "nonsense"})
    lab.wait("the wrong option to be told", shows("blocked", "interface"))
    lab.juju.config(APP, reset="interface")  # no hook follows
    assert coordinator.verify().status == "completed"


@pytest.mark.usefixtures("access")
def test_relations_may_go_and_come_back(lab: Lab, server: UpgradeServer):
    runs = len(server.runs)
    ends = (f"{APP}:identity-credentials", "keystone:identity-credentials")
    lab.separate(*ends)
    lab.wait("the lack to be told", shows("blocked", "identity-credentials"))
    lab.integrate(*ends)
    lab.wait("the coordinator to verify again", shows("active"))
    assert len(server.runs) == runs


@pytest.mark.usefixtures("access")
def test_a_charm_that_waits_may_leave_and_come_back(lab: Lab):
    ends = (f"{APP}:telemetry-stack", "waiter:telemetry")
    lab.separate(*ends)
    lab.wait("the waiter to miss it", waiter_shows("blocked", "missing relation"))
    lab.integrate(*ends)
    lab.wait("the waiter to be ready", waiter_shows("active"))


@pytest.mark.usefixtures("access")
def test_a_refresh_from_the_revision_before_keeps_the_record(
    lab: Lab, coordinator: Coordinator, charm: pathlib.Path, server: UpgradeServer
):
    before, runs = coordinator.record(), len(server.runs)
    since = coordinator.told()["since"]
    lab.juju.refresh(APP, path=charm)
    lab.settle(APP)
    lab.wait("the refreshed coordinator to verify", shows("active"))
    assert not jubilant.any_error(lab.status())
    assert coordinator.record() == before
    assert len(server.runs) == runs
    assert coordinator.told()["since"] == since
