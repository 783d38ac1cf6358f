"""Units in the plural, leaders that change, and bursts of events."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import pytest

from coordinator.upgrade import command
from tests.functional.cluster import Cluster
from tests.functional.conftest import Deploy, Upgrades
from tests.functional.deployment import Deployment
from tests.support.openstack import Stack

pytestmark = pytest.mark.one_release
STANDBY = "standby; leader active: metric, alarming, key-manager, infra-optim verified"
ONLY_GNOCCHI: dict[str, str | int] = {"required-services": "metric", "optional-services": ""}
Scale = Callable[[int], Cluster]


@pytest.fixture
def scale(stack: Stack, upgrades: Upgrades, tmp_path: pathlib.Path) -> Scale:
    """Deploys some units beside a Gnocchi that nobody has prepared."""
    stack.replace_gnocchi_database()

    def unit(number: int) -> Deployment:
        return Deployment(stack, {}, tmp_path, number)

    return lambda units: Cluster(unit, units)


@pytest.fixture
def three(scale: Scale) -> Cluster:
    """Three units, of which all hooks of a deployment have run."""
    cluster = scale(3)
    cluster.everywhere(Deployment.identity_changed)
    return cluster


@pytest.fixture
def fails(
    upgrades: Upgrades, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """Makes ceilometer-upgrade fail; gives a function that mends it."""
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho no such luck\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv(command.SEAM, str(broken))
    return lambda: monkeypatch.setenv(command.SEAM, str(upgrades.command))


# Three units


def test_only_the_leader_acts(three: Cluster, upgrades: Upgrades):
    assert upgrades.runs == 1
    three.everywhere(Deployment.update_status)
    assert upgrades.runs == 1
    assert three.first.status[0] == "active"
    for number in (1, 2):
        assert three.units[number].status[0] == "active"
        assert three.units[number].status[1].startswith(STANDBY)
    assert three.first.state.app_status.name == "active"
    assert three.units[1].state.app_status.name == "unknown"


# Another leader, in every state of the record


def test_a_new_leader_of_a_fresh_stack_does_the_work(scale: Scale, upgrades: Upgrades):
    cluster = scale(3)
    cluster.lead(2)
    assert upgrades.runs == 1
    assert cluster.first.status[0] == "active"


def test_a_new_leader_repeats_no_success(three: Cluster, upgrades: Upgrades):
    done = three.first.record
    three.lead(1)
    three.everywhere(Deployment.update_status)
    assert upgrades.runs == 1
    assert three.first.record == done


def test_a_new_leader_respects_the_wait_after_a_failure(
    upgrades: Upgrades, fails: Callable[[], None], scale: Scale
):
    cluster = scale(2)
    cluster.everywhere(Deployment.identity_changed)
    fails()
    cluster.lead(1)
    assert upgrades.runs == 0
    assert cluster.first.status[0] == "maintenance"
    cluster.alter(lambda unit: unit.age_failure(2))
    cluster.run(1, Deployment.update_status)
    assert upgrades.runs == 1
    assert cluster.first.status[0] == "active"


def test_a_new_leader_goes_on_counting_failures(
    upgrades: Upgrades, fails: Callable[[], None], scale: Scale
):
    cluster = scale(3)
    for leader in range(3):
        cluster.lead(leader)
        cluster.alter(lambda unit: unit.age_failure(60))
    assert cluster.first.record["failure"]["count"] == 3
    cluster.run(2, Deployment.update_status)
    assert cluster.first.status[0] == "blocked"
    assert "failed 4 times" in cluster.first.status[1]


def test_a_new_leader_makes_a_killed_run_good(three: Cluster, stack: Stack, upgrades: Upgrades):
    stack.replace_gnocchi_database()  # and the hook that began to repair it was killed
    three.lead(1)
    assert upgrades.runs == 2
    assert "instance" in stack.resource_types()


def test_two_leaders_for_a_moment_settle(scale: Scale, upgrades: Upgrades, stack: Stack):
    cluster = scale(2)
    cluster.at_once((0, 1), Deployment.update_status)
    assert upgrades.runs == 1  # the second saw the proof of the first
    stack.replace_gnocchi_database()
    cluster.at_once((1, 0), Deployment.update_status)
    cluster.everywhere(Deployment.update_status)
    assert upgrades.runs == 2
    assert cluster.first.status[0] == "active"


# Scale to nothing and back


def test_units_that_come_back_find_the_record(three: Cluster, upgrades: Upgrades):
    done = three.first.record
    for number in range(3):
        three.remove(number)
    three.add(3)
    three.run(3, Deployment.identity_changed)
    assert upgrades.runs == 1
    assert three.first.record == done


def test_an_application_that_is_deployed_anew_adopts_what_is_there(
    three: Cluster, deploy: Deploy, upgrades: Upgrades
):
    anew = deploy()
    anew.identity_changed()
    assert upgrades.runs == 1
    assert anew.record["success"]["ran"] is False


# Bursts


def burst(unit: Deployment, events: int) -> None:
    """Relation events of all kinds, many of them with nothing new."""
    ceilometer = unit.relate("member", "ceilometer")  # the first: a later one is a reason to run
    notifications = unit.relate("identity-notifications", "keystone")
    member = unit.relate("member", "aodh")
    kinds: list[Callable[[], None]] = [
        unit.identity_changed,
        lambda: unit.changed(notifications),
        lambda: unit.changed(member),
        lambda: unit.changed(ceilometer),
        lambda: unit.departed(member),
        unit.update_status,
    ]
    for number in range(events):
        kinds[number % len(kinds)]()


def test_two_hundred_events_run_one_upgrade(stack: Stack, deploy: Deploy, upgrades: Upgrades):
    stack.replace_gnocchi_database()
    unit = deploy(**ONLY_GNOCCHI)
    burst(unit, 200)
    assert upgrades.runs == 1
    assert unit.status[0] == "active"


@pytest.mark.usefixtures("fails")
def test_a_failing_upgrade_is_tried_once_in_a_burst(stack: Stack, deploy: Deploy):
    stack.replace_gnocchi_database()
    unit = deploy(**ONLY_GNOCCHI)
    burst(unit, 40)
    assert unit.record["failure"]["count"] == 1
