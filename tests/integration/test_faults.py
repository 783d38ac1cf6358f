"""A whole model with one fault each: the report names that fault, and nothing else.

Each test leaves the model without a fault.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration import full_model, testers
from tests.integration.conftest import Place
from tests.integration.coordinator import Coordinator, shows
from tests.integration.lab import Lab, faults
from tests.integration.upgrade_server import UpgradeServer

pytestmark = pytest.mark.usefixtures("access")

OUTAGE = 100
"""Seconds for which the agent of a machine is stopped."""


@pytest.fixture(autouse=True)
def whole(coordinator: Coordinator) -> Iterator[None]:
    """Each test begins and ends with a model without a fault."""
    yield
    coordinator.wait_for_faults()


def test_a_healthy_model_has_no_fault(coordinator: Coordinator):
    found = coordinator.findings()
    assert [f for f in found if f.severity in {"failed", "degraded"}] == []
    told = {finding.check for finding in found if finding.check.endswith(".application")}
    assert {"identity.application", "metric.application", "vault.application"} <= told


@pytest.mark.parametrize(
    ("app", "check"),
    [
        ("aodh", "alarming.application"),
        ("rabbitmq-server", "rabbitmq-server.application"),
        ("vault", "vault.application"),
        ("ceilometer-agent", "ceilometer-agent.application"),
    ],
)
def test_a_blocked_application_is_named_with_its_own_words(
    lab: Lab, coordinator: Coordinator, app: str, check: str
):
    with lab.configured(app, workload="blocked", message="Services not running that should be"):
        (found,) = coordinator.wait_for_faults((check, "charm-blocked"))
        assert f"{app}/0" in found.summary
        assert "Services not running that should be" in found.summary


def test_a_ceilometer_that_is_blocked_for_another_reason_is_named(
    lab: Lab, coordinator: Coordinator, server: UpgradeServer
):
    runs = len(server.runs)
    with lab.configured("ceilometer", extra_message="Missing relations: messaging"):
        (found,) = coordinator.wait_for_faults(("telemetry.application", "charm-blocked"))
        assert "Missing relations: messaging" in found.summary
    assert len(server.runs) == runs


def test_a_sealed_vault_is_told_with_its_unsealing(lab: Lab, coordinator: Coordinator):
    with lab.configured("vault", workload="blocked", message="Unit is sealed"):
        (found,) = coordinator.wait_for_faults(("vault.application", "charm-blocked"))
        assert "unseal" in found.remedy


def test_a_paused_application_is_named_with_its_resuming(lab: Lab, coordinator: Coordinator):
    paused = "Paused. Use 'resume' action to resume normal service."
    with lab.configured("aodh", workload="maintenance", message=paused):
        (found,) = coordinator.wait_for_faults(("alarming.application", "paused"))
        assert found.remedy == "juju run aodh/0 resume"


def test_an_application_that_has_just_begun_to_wait_is_no_fault(
    lab: Lab, coordinator: Coordinator
):
    with lab.configured("aodh", workload="waiting", message="Incomplete relations: shared-db"):
        lab.settle("aodh")
        coordinator.wait_for_faults()


def test_a_failed_hook_is_named_although_juju_tries_it_again(lab: Lab, coordinator: Coordinator):
    with lab.configured("rabbitmq-server", failing_hook="config-changed"):
        (found,) = coordinator.wait_for_faults(("rabbitmq-server.application", "hook-failed"))
        assert "rabbitmq-server/0" in found.summary


@pytest.mark.parametrize(
    ("one", "other", "check"),
    [
        ("aodh:amqp", "rabbitmq-server:amqp", "alarming.integrations"),
        ("gnocchi:coordinator-memcached", "memcached:cache", "metric.integrations"),
        ("aodh:shared-db", "aodh-mysql-router:shared-db", "alarming.integrations"),
    ],
)
def test_a_missing_integration_is_named_with_the_command_that_makes_it(
    lab: Lab, coordinator: Coordinator, one: str, other: str, check: str
):
    lab.separate(one, other)
    try:
        (found,) = coordinator.wait_for_faults((check, "not-integrated"))
        assert found.remedy == f"juju integrate {one} {other}"
    finally:
        lab.integrate(one, other)
        lab.settle()


def test_a_compute_host_without_an_agent_of_ceilometer_is_named(
    lab: Lab, coordinator: Coordinator
):
    ends = ("ceilometer-agent:nova-ceilometer", "nova-compute:nova-ceilometer")
    lab.separate(*ends)
    try:
        expected = ("ceilometer-agent.subordinates", "subordinate-missing")
        (found,) = coordinator.wait_for_faults(expected)
        assert "nova-compute" in found.summary
    finally:
        lab.integrate(*ends)
        lab.settle()


def test_an_application_without_units_is_named(lab: Lab, coordinator: Coordinator):
    (unit,) = lab.units("memcached")
    lab.juju.remove_unit(unit)
    lab.wait("memcached to have no units", lambda status: not status.apps["memcached"].units)
    try:
        (found,) = coordinator.wait_for_faults(("memcached.application", "no-units"))
        assert found.remedy == "juju add-unit memcached"
    finally:
        lab.juju.add_unit("memcached", to="0")
        lab.wait("memcached to be back", lambda status: bool(status.apps["memcached"].units))
        lab.settle()


def test_an_application_that_cannot_end_is_told_as_one_that_goes(
    lab: Lab, coordinator: Coordinator, place: Place
):
    lab.juju.config("memcached", {"failing-hook": "stop"})
    lab.settle("memcached")
    lab.juju.remove_application("memcached")
    try:
        found = coordinator.wait_for_report(
            "memcached to be told as leaving, and nothing else",
            lambda found: (
                "leaving-the-model" in {fault.cause for fault in found}
                and {fault.check.partition(".")[0] for fault in found} == {"memcached"}
            ),
        )
        assert not any("plan-stack" in fault.remedy for fault in found)
    finally:
        lab.juju.config("memcached", {"failing-hook": ""})
        lab.wait("memcached to be gone", lambda status: "memcached" not in status.apps)
        lab.juju.deploy(
            testers.pack("memcached", place.folder),
            base=full_model.BASE,
            to="0",
            config=dict(full_model.OPTIONS["memcached"]),
        )
        lab.integrate("gnocchi:coordinator-memcached", "memcached:cache")
        lab.wait("memcached to be back", lambda status: bool(status.apps["memcached"].units))
        lab.settle()


def test_agents_that_are_lost_are_named_and_nothing_else(lab: Lab, coordinator: Coordinator):
    apps = [name for name, machines in full_model.MACHINES.items() if machines == ("2",)]
    agent = "jujud-machine-2"
    down = f"systemctl kill -s KILL {agent}; systemctl stop {agent}"
    lab.on_machine("2", f"{down}; sleep {OUTAGE}; systemctl start {agent}")
    try:
        lab.wait(
            "the agents to be lost",
            lambda status: all(
                unit.juju_status.current == "lost"
                for name in apps
                for unit in status.apps[name].units.values()
            ),
        )
        found = coordinator.findings()
        assert {fault.cause for fault in faults(found)} == {"agent-lost"}
        lost = [finding.summary for finding in found if finding.cause == "agent-lost"]
        assert any("barbican/0" in summary for summary in lost)
    finally:
        lab.settle()


def test_the_coordinator_itself_is_active_after_all_that(lab: Lab):
    lab.wait("the coordinator to verify again", shows("active"))
