"""A coordinator's life in a model, in the order of an operator's day.

The tests of this module build on each other: each leaves the model as the next one needs it.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from typing import Any

import jubilant
import pytest

from tests.integration.conftest import APP
from tests.integration.upgrade_server import UpgradeServer
from tests.support.openstack import Stack

pytestmark = pytest.mark.timeout(3600)
"""Machines are made, and hooks waited for."""

ADVICE = "juju run ceilometer/leader ceilometer-upgrade"


def leader(model: jubilant.Juju) -> str:
    units = model.status().apps[APP].units
    return next(name for name, unit in units.items() if unit.leader)


def shows(level: str, text: str) -> Callable[[jubilant.Status], bool]:
    """Whether the coordinator's application has this level and a message with this text."""

    def ready(status: jubilant.Status) -> bool:
        app = status.apps[APP].app_status
        return app.current == level and text in app.message

    return ready


def waiter_shows(level: str, text: str) -> Callable[[jubilant.Status], bool]:
    """Whether the charm that waits for the stack has this level and a message with this text."""

    def ready(status: jubilant.Status) -> bool:
        unit = status.apps["waiter"].units["waiter/0"].workload_status
        return unit.current == level and text in unit.message

    return ready


def told(model: jubilant.Juju) -> dict[str, Any]:
    """What the charm that waits was told last."""
    shown = json.loads(model.cli("show-unit", "waiter/0", "--format", "json"))
    (relation,) = shown["waiter/0"]["relation-info"]
    return json.loads(relation["application-data"]["stack"])


def record(model: jubilant.Juju) -> dict[str, object]:
    """The upgrade record, as the peer databag has it."""
    unit = leader(model)
    shown = json.loads(model.cli("show-unit", unit, "--format", "json"))
    peers = next(r for r in shown[unit]["relation-info"] if r["endpoint"] == "coordinators")
    return json.loads(peers["application-data"]["record"])


def test_with_advice_the_status_says_what_to_type(model: jubilant.Juju, server: UpgradeServer):
    model.wait(shows("blocked", ADVICE), error=jubilant.any_error)
    assert server.runs == []


def test_a_charm_that_waits_is_told_that_the_stack_is_not_ready(model: jubilant.Juju):
    model.wait(waiter_shows("waiting", "Gnocchi is behind Ceilometer"))
    assert told(model)["upgrade"] == "needed"


def test_the_action_clears_ceilometers_own_request(
    model: jubilant.Juju,
    server: UpgradeServer,
    juju_user: Callable[[str], jubilant.SecretURI],
    client_on_units: Callable[[], None],
    services: Stack,
):
    client_on_units()
    assert model.status().apps["ceilometer"].units["ceilometer/0"].is_blocked
    model.cli("model-config", "update-status-hook-interval=1m")
    model.config(APP, {"upgrade-method": "action", "juju-access": juju_user("write")})

    model.wait(shows("active", "ceilometer-upgrade done"), error=jubilant.any_error)

    assert server.runs == [0]
    assert "instance" in services.resource_types()
    assert model.status().apps["ceilometer"].units["ceilometer/0"].is_active
    shown = model.run(leader(model), "show-report", {"format": "json"})
    findings = json.loads(shown.results["report"])["findings"]
    (charm,) = (finding for finding in findings if finding["check"] == "telemetry.charm")
    assert charm["severity"] == "ok"


def test_a_charm_that_waits_is_told_when_the_stack_is_ready(model: jubilant.Juju, services: Stack):
    model.wait(waiter_shows("active", f"metrics from {services.gnocchi_url}"))
    stack = told(model)
    assert stack["upgrade"] == "done"
    assert stack["services"]["metric"]["endpoint"] == services.gnocchi_url


def test_a_verified_stack_ends_with_exit_code_0(model: jubilant.Juju):
    result = model.run(leader(model), "verify-stack")
    assert result.success
    assert result.results["status"] == "verified"
    assert result.log


def test_a_stack_with_a_stopped_service_ends_with_another(model: jubilant.Juju, services: Stack):
    services.services["aodh"].stop()
    with pytest.raises(jubilant.TaskError) as raised:
        model.run(leader(model), "verify-stack")
    model.wait(waiter_shows("waiting", "Aodh refused the connection"))
    services.services["aodh"].start()
    assert raised.value.task.message.startswith("Aodh refused the connection")
    assert raised.value.task.results["alarming"]["status"] == "failed"
    assert model.run(leader(model), "verify-stack").success
    model.wait(waiter_shows("active", "metrics from"))


def findings(model: jubilant.Juju) -> dict[str, dict[str, str]]:
    """What is found now, by check."""
    try:
        task = model.run(leader(model), "verify-stack", {"format": "json"})
    except jubilant.TaskError as error:
        task = error.task
    report = json.loads(task.results["report"])
    return {finding["check"]: finding for finding in report["findings"]}


def test_the_applications_of_the_model_are_seen(model: jubilant.Juju):
    found = findings(model)
    assert found["identity.application"]["severity"] == "ok"
    assert found["metric.application"]["summary"] == (
        "Gnocchi in the Juju model: gnocchi, 1 unit, all well"
    )


def test_a_missing_integration_is_told_and_gone_when_it_is_back(model: jubilant.Juju):
    model.remove_relation("gnocchi:coordinator-memcached", "backend:cache")
    model.wait(lambda status: "coordinator-memcached" not in status.apps["gnocchi"].relations)
    found = findings(model)["metric.integrations"]
    assert (found["severity"], found["cause"]) == ("degraded", "not-integrated")
    assert found["summary"] == ("gnocchi is not integrated with memcached (coordinator-memcached)")
    model.integrate("gnocchi:coordinator-memcached", "backend:cache")
    model.wait(jubilant.all_agents_idle)
    assert "metric.integrations" not in findings(model)


def test_a_blocked_ceilometer_blocks_with_its_own_words(model: jubilant.Juju):
    model.config("ceilometer", {"extra-message": "Services not running: ceilometer-api"})
    model.wait(shows("blocked", "ceilometer/0 is blocked: Services not running"))
    model.config("ceilometer", {"extra-message": ""})
    model.wait(shows("active", "ceilometer-upgrade done"), error=jubilant.any_error)


def test_a_wrong_password_is_told(
    model: jubilant.Juju, juju_user: Callable[[str], jubilant.SecretURI]
):
    good = model.config(APP)["juju-access"]
    secret = model.add_secret("wrong", {"username": "nobody", "password": "not-the-password"})
    model.grant_secret(secret, APP)
    model.config(APP, {"juju-access": secret})
    model.wait(shows("active", "does not take the password of nobody"))
    model.config(APP, {"juju-access": str(good)})
    model.wait(shows("active", "verified"))


def test_a_user_who_may_only_read_is_told_when_there_is_a_need(
    model: jubilant.Juju,
    juju_user: Callable[[str], jubilant.SecretURI],
    services: Stack,
    server: UpgradeServer,
):
    good = model.config(APP)["juju-access"]
    # first the right is taken, then the need arises: else a hook in between would run the action
    model.config(APP, {"juju-access": juju_user("read")})
    model.wait(lambda status: jubilant.all_agents_idle(status, APP))
    services.replace_gnocchi_database()
    model.wait(shows("blocked", ADVICE))
    runs = len(server.runs)
    model.config(APP, {"juju-access": str(good)})
    model.wait(shows("active", "ceilometer-upgrade done"))
    assert len(server.runs) == runs + 1


def test_three_units_and_another_leader_keep_the_record(
    model: jubilant.Juju, client_on_units: Callable[[], None], server: UpgradeServer
):
    before, runs = record(model), len(server.runs)
    model.add_unit(APP, num_units=2)
    model.wait(
        lambda status: len(status.apps[APP].units) == 3 and jubilant.all_active(status, APP)
    )
    client_on_units()
    first = leader(model)
    model.remove_unit(first)
    model.wait(
        lambda status: (
            first not in status.apps[APP].units
            and any(unit.leader for unit in status.apps[APP].units.values())
            and jubilant.all_active(status, APP)
        ),
    )
    assert record(model) == before
    assert len(server.runs) == runs
    units = model.status().apps[APP].units.values()
    standby = [unit for unit in units if not unit.leader]
    assert standby[0].workload_status.message.startswith("standby; leader active")


def test_a_leader_whose_machine_dies_is_followed_by_another(
    model: jubilant.Juju, client_on_units: Callable[[], None], server: UpgradeServer
):
    before, runs = record(model), len(server.runs)
    first = leader(model)
    machine = model.status().apps[APP].units[first].machine
    model.cli("remove-machine", "--force", "--no-prompt", machine)
    model.wait(
        lambda status: (
            first not in status.apps[APP].units
            and any(unit.leader for unit in status.apps[APP].units.values())
            and jubilant.all_active(status, APP)
        ),
    )
    assert record(model) == before
    assert len(server.runs) == runs
    model.add_unit(APP)
    model.wait(
        lambda status: len(status.apps[APP].units) == 2 and jubilant.all_active(status, APP)
    )
    client_on_units()


def test_a_leader_whose_agent_stops_is_followed_and_comes_back(
    model: jubilant.Juju, server: UpgradeServer
):
    runs = len(server.runs)
    first = leader(model)
    machine = model.status().apps[APP].units[first].machine
    agent = f"jujud-machine-{machine}"
    # in a scope of its own, since the agent that runs this line is the one that is killed
    killed = f"systemctl kill -s KILL {agent}; systemctl stop {agent}"
    again = f"sleep 180; systemctl start {agent}"
    model.ssh(first, f"sudo systemd-run --collect sh -c '{killed}; {again}'")
    model.wait(
        lambda status: any(
            unit.leader for name, unit in status.apps[APP].units.items() if name != first
        )
    )
    model.wait(lambda status: jubilant.all_agents_idle(status, APP))
    model.wait(shows("active", "verified"))
    assert len(server.runs) == runs


def test_what_keystone_announces_is_verified_at_once(model: jubilant.Juju, services: Stack):
    model.cli("model-config", "update-status-hook-interval=60m")  # it is not update-status
    services.services["aodh"].stop()
    model.config("keystone", {"notification": "aodh-endpoint-changed=down"})
    model.wait(shows("blocked", "Aodh refused the connection"))
    services.services["aodh"].start()
    model.config("keystone", {"notification": "aodh-endpoint-changed=up"})
    model.wait(shows("active", "verified"))
    model.cli("model-config", "update-status-hook-interval=1m")


def test_relations_may_go_and_come_back(model: jubilant.Juju, server: UpgradeServer):
    runs = len(server.runs)
    model.remove_relation(f"{APP}:identity-credentials", "keystone:identity-credentials")
    model.wait(shows("blocked", "missing relation identity-credentials"))
    model.integrate(f"{APP}:identity-credentials", "keystone:identity-credentials")
    model.wait(shows("active", "verified"))
    assert len(server.runs) == runs


def test_a_charm_that_waits_may_leave_and_come_back(model: jubilant.Juju):
    model.remove_relation(f"{APP}:telemetry-stack", "waiter:telemetry")
    model.wait(waiter_shows("blocked", "missing relation telemetry"))
    model.integrate(f"{APP}:telemetry-stack", "waiter:telemetry")
    model.wait(waiter_shows("active", "metrics from"))


def test_a_refresh_from_the_revision_before_keeps_the_record(
    model: jubilant.Juju, charm: pathlib.Path, server: UpgradeServer
):
    before, runs, since = record(model), len(server.runs), told(model)["since"]
    model.refresh(APP, path=charm)
    model.wait(lambda status: jubilant.all_agents_idle(status, APP))
    model.wait(shows("active", "verified"), error=jubilant.any_error)
    assert record(model) == before
    assert len(server.runs) == runs
    assert told(model)["since"] == since


def test_scaled_to_nothing_and_back_the_record_is_there(
    model: jubilant.Juju, client_on_units: Callable[[], None], server: UpgradeServer
):
    before, runs = record(model), len(server.runs)
    model.remove_unit(*model.status().apps[APP].units)
    model.wait(lambda status: not status.apps[APP].units)
    model.add_unit(APP)
    model.wait(
        lambda status: jubilant.all_agents_idle(status, APP) and bool(status.apps[APP].units)
    )
    client_on_units()
    model.wait(shows("active", "verified"), error=jubilant.any_error)
    assert record(model) == before
    assert len(server.runs) == runs
