"""What was recorded of Juju 4.0.14 is read with the right content."""

import datetime

import pytest

from coordinator.juju import ceilometer, status
from coordinator.juju.status import Base, JujuIntegration, JujuLevel, Model
from tests.support.juju import recordings


def model(name: str) -> Model:
    return status.parse(recordings.status(name))


def levels(found: Model, application: str) -> dict[str, tuple[JujuLevel, JujuLevel]]:
    units = found.applications[application].units
    return {unit.name: (unit.workload.level, unit.agent.level) for unit in units}


@pytest.mark.parametrize("name", recordings.STATUSES)
def test_every_recorded_model_is_read(name: str):
    found = model(name)
    assert found.applications
    assert not any(one.unreadable for one in (*found.applications.values(), *found.units))
    known = {*found.machines, ""}
    assert all(unit.machine in known for unit in found.units)
    assert all(unit.workload.level is not JujuLevel.OTHER for unit in found.units)
    assert all(unit.agent.level is not JujuLevel.OTHER for unit in found.units)
    assert all(app.status.level is not JujuLevel.OTHER for app in found.applications.values())
    assert all(m.agent.level is not JujuLevel.OTHER for m in found.machines.values())
    assert all(m.instance.level is not JujuLevel.OTHER for m in found.machines.values())


def test_in_a_healthy_model_nothing_leaves_and_nothing_is_lost():
    found = model("healthy")
    assert len(found.applications) == 22
    assert not any(app.is_leaving for app in found.applications.values())
    assert not any(unit.lost for unit in found.units)
    assert not any(machine.is_down for machine in found.machines.values())
    assert {app.base for app in found.applications.values()} == {Base("ubuntu", "24.04")}


def test_peers_are_no_integrations():
    found = model("healthy").applications["gnocchi"]
    assert all(other.application != "gnocchi" for other in found.integrations)
    assert found.integrated("storage-ceph") == (
        JujuIntegration("storage-ceph", "ceph-mon", "client", "ceph-client"),
    )


def test_a_charm_that_sets_no_status_is_unknown_without_a_time():
    found = model("healthy").applications["memcached"].status
    assert (found.level, found.message, found.since) == (JujuLevel.UNKNOWN, "", None)


def test_subordinates_are_where_their_principals_are():
    found = model("healthy")
    (router,) = found.applications["gnocchi-mysql-router"].units
    (gnocchi,) = found.applications["gnocchi"].units
    assert (router.principal, router.machine) == ("gnocchi/0", gnocchi.machine)
    assert gnocchi.machine
    assert found.applications["gnocchi-mysql-router"].subordinate_to == ("gnocchi",)


def test_what_settles_is_at_work():
    found = model("settling")
    assert levels(found, "aodh") == {"aodh/0": (JujuLevel.ACTIVE, JujuLevel.EXECUTING)}


def test_a_ceilometer_that_asks_is_recognised():
    (found,) = model("ceilometer-asks").of_charm("ceilometer")
    assert ceilometer.asks(found)


def test_a_blocked_unit_blocks_its_application():
    found = model("fault-blocked")
    assert levels(found, "aodh") == {"aodh/0": (JujuLevel.BLOCKED, JujuLevel.IDLE)}
    assert found.applications["aodh"].status.level is JujuLevel.BLOCKED


def test_an_error_of_a_hook_has_no_time_of_its_own():
    (unit,) = model("fault-hook-error").applications["gnocchi"].units
    assert unit.workload == status.CharmStatus(
        JujuLevel.ERROR, 'hook failed: "config-changed"', since=None
    )
    assert not unit.lost


def test_an_error_hides_while_its_hook_is_retried():
    found = model("fault-relation-hook-error")
    assert (JujuLevel.ACTIVE, JujuLevel.EXECUTING) in levels(found, "acts").values()


def test_an_application_that_is_removed_is_leaving():
    found = model("removing-1s").applications
    assert [name for name, app in found.items() if app.is_leaving] == ["watcher"]


def test_one_whose_removal_is_stuck_is_leaving_in_error():
    found = model("fault-removing-stuck")
    assert found.applications["watcher"].is_leaving
    assert levels(found, "watcher") == {"watcher/0": (JujuLevel.ERROR, JujuLevel.IDLE)}
    assert found.applications["watcher-mysql-router"].units == ()


def test_a_subordinate_without_principals_says_nothing_of_them():
    found = model("fault-subordinate-missing").applications
    assert found["aodh-mysql-router"].subordinate_to == ()
    assert found["aodh-mysql-router"].units == ()
    assert found["aodh"].integrated("shared-db") == ()


def test_all_agents_of_a_machine_are_lost_at_once():
    found = model("fault-agents-lost")
    assert {unit.machine for unit in found.units if unit.lost} == {"1"}
    assert levels(found, "gnocchi") == {"gnocchi/0": (JujuLevel.UNKNOWN, JujuLevel.LOST)}
    assert found.machines["1"].is_down


def test_an_error_does_not_hide_that_the_agent_is_lost():
    found = model("fault-machine-stopped")
    assert levels(found, "watcher") == {"watcher/0": (JujuLevel.ERROR, JujuLevel.IDLE)}
    assert found.applications["watcher"].units[0].lost
    machine = found.machines["2"]
    assert (machine.agent.level, machine.instance.level) == (JujuLevel.DOWN, JujuLevel.RUNNING)
    assert machine.agent.message == "agent is not communicating with the server"


def test_machines_that_never_came_have_no_lost_units():
    found = model("fault-machine-not-provisioned")
    never, retried = found.machines["3"], found.machines["4"]
    assert (never.instance.level, never.base) == (
        JujuLevel.PROVISIONING_ERROR,
        Base("ubuntu", "24.04"),
    )
    assert never.instance.message == "suitable availability zone for machine 3 not found"
    assert (retried.instance.level, str(retried.base)) == (JujuLevel.ALLOCATING, "ubuntu@22.04")
    assert never.is_down
    assert retried.is_down
    waiting = {unit.name: unit.lost for unit in found.units if unit.machine in {"3", "4"}}
    assert waiting == {"ceph-mon/3": False, "nova-compute/1": False}


def test_a_remote_application_serves_an_endpoint():
    found = model("cross-model-consumer")
    remote = found.remote["rabbitmq-remote"]
    assert (remote.url, remote.life, remote.status.level) == (
        "admin/brokers.rabbitmq-server",
        "",
        JujuLevel.ACTIVE,
    )
    assert remote.endpoints == {"amqp": "rabbitmq", "juju-info": "juju-info"}
    assert remote.integrations == (JujuIntegration("amqp", "nova-compute", "amqp", "rabbitmq"),)
    assert found.applications["nova-compute"].integrated("amqp") == (
        JujuIntegration("amqp", "rabbitmq-remote", "amqp", "rabbitmq"),
    )


def test_a_consumer_in_another_model_is_no_integration():
    found = model("cross-model-offerer").applications["rabbitmq-server"]
    assert found.integrations == ()


def test_a_leader_that_is_lost_is_recognised():
    units = model("leader-machine-stopped").applications["probe"].units
    assert {unit.name: unit.lost for unit in units} == {"probe/0": True, "probe/1": False}


def test_times_in_utc_are_read():
    (unit,) = model("utc").applications["memcached"].units
    assert unit.agent.since is not None
    assert unit.agent.since.tzinfo is not None
    assert unit.agent.since.astimezone(datetime.timezone.utc).date() == datetime.date(2026, 11, 27)


# What is not recorded: Juju could not tell


def test_what_could_not_be_told_is_unreadable_and_not_missing():
    found = status.parse(
        {
            "machines": {"0": {"status-error": "boom", "containers": {"0/lxd/1": {}}}},
            "applications": {
                "aodh": {"status-error": "cannot read"},
                "gnocchi": {
                    "charm-name": "gnocchi",
                    "application-status": {"status-error": "no status"},
                    "units": {
                        "gnocchi/0": {
                            "workload-status": {"status-error": "no status"},
                            "machine": "0",
                        }
                    },
                },
            },
        }
    )
    assert all(one.unreadable for one in (*found.applications.values(), *found.units))
    assert found.applications["aodh"].status.level is JujuLevel.UNREADABLE
    assert found.applications["gnocchi"].status.message == "no status"
    assert levels(found, "gnocchi") == {"gnocchi/0": (JujuLevel.UNREADABLE, JujuLevel.OTHER)}
    assert found.machines["0"].agent.level is JujuLevel.UNREADABLE
    assert "0/lxd/1" in found.machines
