"""ceilometer-upgrade as the action of ceilometer's own charm.

Juju is a stand-in, but its ceilometer's action runs the real ceilometer-upgrade on real services.
"""

from __future__ import annotations

import pathlib
import time
from collections.abc import Callable

import pytest

from coordinator.juju import client
from coordinator.report.finding import Severity
from tests.functional.conftest import Upgrades
from tests.functional.deployment import Deployment
from tests.support.juju import models
from tests.support.juju.controller import ASKING, BLOCKED, READY, Controller
from tests.support.openstack import Stack, ceilometer

pytestmark = pytest.mark.one_release
USER, PASSWORD = "telemetry-coordinator", "correct-horse"
STILL_ASKING = (
    "degraded: the charm of ceilometer asks for its action ceilometer-upgrade; "
    "juju run ceilometer/leader ceilometer-upgrade"
)
DeployBeside = Callable[..., Deployment]


@pytest.fixture
def juju(
    stack: Stack, upgrades: Upgrades, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> Controller:
    """A controller whose ceilometer is as its charm leaves it: blocked until its action ran."""
    stack.replace_gnocchi_database()
    made = Controller(tmp_path / "juju")
    made.add_user(USER, PASSWORD)
    made.deploy(status=BLOCKED)
    config = ceilometer.write_config(stack.credentials_databag(), tmp_path / "ceilometer.conf")
    made.set_command(
        "ceilometer-upgrade", str(upgrades.command), "--config-file", str(config), "--retry", "3"
    )
    (tmp_path / "agent.conf").write_text(made.agent_conf())
    monkeypatch.setenv("PATH", f"{made.bin}:/usr/bin:/bin")
    monkeypatch.setenv("JUJU_API_ADDRESSES", "192.0.2.1:17070")
    return made


@pytest.fixture
def deploy(stack: Stack, juju: Controller, tmp_path: pathlib.Path) -> DeployBeside:
    """Deploys a coordinator with access to the controller."""

    def deployed(password: str = PASSWORD, unit: int = 0, **config: str) -> Deployment:
        deployment = Deployment(stack, config, tmp_path, unit)
        deployment.lead(unit == 0)
        deployment.grant_juju_access(username=USER, password=password)
        return deployment

    return deployed


def settle(deployment: Deployment, juju: Controller) -> None:
    """Let the action end, and the coordinator look at it."""
    end = time.monotonic() + 60
    while any(task.status in ("pending", "running") for task in juju.tasks.values()):
        assert time.monotonic() < end, "the action did not end"
        time.sleep(0.1)
    deployment.update_status()


@pytest.mark.parametrize("method", ["auto", "action"])
def test_a_fresh_stack_is_upgraded_by_ceilometers_own_action(
    deploy: DeployBeside, juju: Controller, upgrades: Upgrades, stack: Stack, method: str
):
    deployment = deploy(**{"upgrade-method": method})
    assert deployment.status[0] == "maintenance"
    assert deployment.status[1].startswith("ceilometer-upgrade runs as task 2 on ceilometer")

    settle(deployment, juju)

    assert deployment.status[0] == "active"
    assert "ceilometer-upgrade done" in deployment.status[1]
    assert upgrades.runs == 1
    assert "instance" in stack.resource_types()
    assert deployment.finding("telemetry.charm").summary == (
        "the charm of ceilometer does not ask for ceilometer-upgrade"
    )
    for _ in range(3):
        deployment.update_status()
    assert upgrades.runs == 1
    assert len(juju.tasks) == 1


def test_an_action_that_waits_for_its_machine_is_looked_at_again(
    deploy: DeployBeside, juju: Controller
):
    juju.hold()
    deployment = deploy()
    deployment.update_status()
    deployment.update_status()
    assert deployment.status[0] == "maintenance"
    assert list(juju.tasks) == ["2"]


def test_a_ceilometer_that_asks_is_heard_although_the_proof_is_complete(
    deploy: DeployBeside, juju: Controller, upgrades: Upgrades
):
    deployment = deploy()
    settle(deployment, juju)
    juju.set_status("ceilometer", ("blocked", f"Missing relations: messaging, {ASKING}"))

    deployment.update_status()
    settle(deployment, juju)

    assert deployment.status[0] == "active"
    assert upgrades.runs == 2
    assert deployment.finding("telemetry.charm").severity.value == "ok"


def test_customised_types_are_not_overwritten_because_ceilometer_asks(
    deploy: DeployBeside, juju: Controller, upgrades: Upgrades
):
    deployment = deploy(**{"upgrade-policy": "when-needed"})
    settle(deployment, juju)
    juju.set_status("ceilometer", BLOCKED)

    deployment.update_status()

    assert deployment.status == ("active", STILL_ASKING)
    assert upgrades.runs == 1


def test_a_run_that_nobody_can_see_any_more_is_told(deploy: DeployBeside, juju: Controller):
    juju.hold()
    deployment = deploy()

    deployment.reset("juju-access")

    assert deployment.status[0] == "maintenance"
    finding = deployment.finding("telemetry.charm")
    assert finding.severity.value == "degraded"
    assert finding.summary == "task 2 on ceilometer is not seen"


def test_a_ceilometer_that_goes_on_asking_is_told_and_not_run_again(
    deploy: DeployBeside,
    juju: Controller,
    upgrades: Upgrades,
    stack: Stack,
    tmp_path: pathlib.Path,
):
    config = tmp_path / "ceilometer.conf"
    juju.set_command(
        "ceilometer-upgrade", str(upgrades.command), "--config-file", str(config), then=BLOCKED
    )
    deployment = deploy()
    settle(deployment, juju)
    for _ in range(3):
        deployment.update_status()
    assert upgrades.runs == 1
    assert deployment.status == ("active", STILL_ASKING)


def test_the_command_leaves_ceilometers_charm_asking_and_says_so(
    deploy: DeployBeside, juju: Controller, upgrades: Upgrades
):
    deployment = deploy(**{"upgrade-method": "command"})
    assert upgrades.runs == 1
    assert juju.tasks == {}
    assert deployment.status == ("active", STILL_ASKING)


def test_advice_follows_ceilometers_own_request(deploy: DeployBeside, juju: Controller):
    deployment = deploy(**{"upgrade-method": "advise"})
    assert deployment.status[0] == "blocked"
    assert deployment.status[1].endswith("juju run ceilometer/leader ceilometer-upgrade")
    assert juju.tasks == {}


# What goes wrong


@pytest.fixture
def broken(juju: Controller, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Breaks the way through the controller in one of the ways that happen."""

    def act(fault: str) -> None:
        if fault == "read-only":
            juju.add_user(USER, PASSWORD, "read")
        elif fault == "no access":
            juju.add_user(USER, PASSWORD, "none")
        elif fault == "unreachable":
            juju.behave("refuses")
            monkeypatch.setattr(client, "LIMIT", 1)
        elif fault == "no ceilometer":
            juju.deploy("ceilometer", "postgresql")
        elif fault == "two ceilometers":
            model = models.openstack()
            model.deploy("ceilometer-two")
            model.integrate("ceilometer-two:metric-service", "gnocchi:metric-service", "gnocchi")
            juju.fill(model)
            juju.deploy("ceilometer-two", status=BLOCKED)
        elif fault == "no action":
            juju.deploy(actions=("pause",), status=BLOCKED)
        else:
            raise ValueError(fault)

    return act


FAULTS = {
    "read-only": ("juju-permission-denied", "juju grant telemetry-coordinator write"),
    "no access": ("juju-permission-denied", "juju grant telemetry-coordinator write"),
    "unreachable": ("controller-unreachable", "juju show-controller"),
    "no ceilometer": ("ceilometer-not-in-model", "juju status --model"),
    "two ceilometers": ("several-ceilometers", "juju integrate telemetry-coordinator:member"),
    "no action": ("action-not-defined", "juju refresh ceilometer"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_stands_in_the_way_of_the_action_is_told_with_its_remedy(
    deploy: DeployBeside,
    juju: Controller,
    upgrades: Upgrades,
    broken: Callable[[str], None],
    fault: str,
):
    broken(fault)
    deployment = deploy(**{"upgrade-method": "action"})
    finding = deployment.finding("telemetry.charm")
    cause, remedy = FAULTS[fault]
    assert finding.cause is not None
    assert (finding.cause.value, finding.severity.value) == (cause, "degraded")
    assert finding.remedy.startswith(remedy)
    assert deployment.status[0] == "blocked"
    assert upgrades.runs == 0


@pytest.mark.parametrize("fault", ["read-only", "unreachable"])
def test_where_the_action_is_not_possible_auto_runs_the_command(
    deploy: DeployBeside, upgrades: Upgrades, broken: Callable[[str], None], fault: str
):
    broken(fault)
    deployment = deploy()
    assert upgrades.runs == 1
    deployment.update_status()
    deployment.update_status()
    assert upgrades.runs == 1
    assert deployment.record["success"]["ran"]


def test_a_wrong_password_is_told_and_a_new_one_is_taken(deploy: DeployBeside, juju: Controller):
    deployment = deploy(password="wrong", **{"upgrade-method": "action"})
    assert deployment.finding("telemetry.charm").cause is not None
    deployment.grant_juju_access(username=USER, password=PASSWORD)
    settle(deployment, juju)
    assert deployment.status[0] == "active"


def test_a_failed_action_is_waited_out_and_then_the_command_is_run(
    deploy: DeployBeside, juju: Controller, upgrades: Upgrades, stack: Stack
):
    juju.set_command("ceilometer-upgrade", "/bin/sh", "-c", "echo no such luck; exit 1")
    deployment = deploy()
    settle(deployment, juju)
    assert deployment.record["failure"]["cause"] == "task 2 on ceilometer failed: no such luck"
    assert deployment.status[0] == "maintenance"

    deployment.age_failure(minutes=2)
    deployment.update_status()

    assert upgrades.runs == 1
    assert len(juju.tasks) == 1
    assert "instance" in stack.resource_types()


def test_a_failed_action_is_repeated_where_no_command_may_run(
    deploy: DeployBeside, juju: Controller, upgrades: Upgrades
):
    juju.set_command("ceilometer-upgrade", "/bin/sh", "-c", "echo no such luck; exit 1")
    deployment = deploy(**{"upgrade-method": "action"})
    settle(deployment, juju)
    for minutes in (2, 4):
        deployment.age_failure(minutes=minutes)
        deployment.update_status()
        settle(deployment, juju)
    assert upgrades.runs == 0
    assert len(juju.tasks) == 3
    assert deployment.status[0] == "blocked"
    assert deployment.status[1].startswith("ceilometer-upgrade failed 3 times: task 6 on ceil")


def test_a_task_that_was_cancelled_is_begun_again(
    deploy: DeployBeside, juju: Controller, upgrades: Upgrades
):
    juju.hold()
    deployment = deploy(**{"upgrade-method": "action"})
    juju.finish("2", "cancelled")
    juju.hold(False)
    deployment.update_status()
    assert deployment.record["failure"]["cause"] == "task 2 on ceilometer got lost"
    deployment.age_failure(minutes=2)
    deployment.update_status()
    settle(deployment, juju)
    assert deployment.status[0] == "active"
    assert upgrades.runs == 1


def test_a_record_that_was_lost_after_the_action_was_begun_doubles_nothing(
    deploy: DeployBeside, juju: Controller
):
    juju.hold()
    deployment = deploy()
    deployment.forget_record()  # the hook was killed before Juju took what it wrote
    deployment.update_status()
    assert list(juju.tasks) == ["2"]
    assert deployment.record["running"]["task"] == "2"


def test_another_leader_looks_at_the_task_that_was_begun(
    deploy: DeployBeside, juju: Controller, upgrades: Upgrades
):
    juju.hold()
    first, second = deploy(), deploy(unit=1)
    second.keep(first.peer_data())
    second.lead(leads=True)
    second.leader_elected()
    assert second.status == first.status
    assert second.status[0] == "maintenance"

    juju.finish("2", "failed", "the unit was removed")
    second.update_status()

    assert list(juju.tasks) == ["2"]
    assert second.record["failure"]["cause"].endswith("failed: the unit was removed")
    assert upgrades.runs == 0


def test_two_leaders_for_a_moment_begin_one_task(deploy: DeployBeside, juju: Controller):
    juju.hold()
    first, second = deploy(), deploy(unit=1)
    second.lead(leads=True)  # and it has not seen what the first one wrote
    second.update_status()
    assert list(juju.tasks) == ["2"]
    assert second.record["running"]["task"] == first.record["running"]["task"]


# Actions of the coordinator


def test_the_operators_own_run_is_begun_and_named(deploy: DeployBeside, juju: Controller):
    deployment = deploy()
    settle(deployment, juju)
    done = deployment.action("ceilometer-upgrade")
    assert done.failure == ""
    assert done.results == {"outcome": "started", "task": "4", "application": "ceilometer"}
    settle(deployment, juju)
    assert deployment.status[0] == "active"


def test_the_operators_own_run_that_is_refused_says_what_to_type(
    deploy: DeployBeside, juju: Controller
):
    juju.add_user(USER, PASSWORD, "read")
    deployment = deploy(**{"upgrade-method": "action"})
    refused = deployment.action("ceilometer-upgrade")
    assert "may not run actions" in refused.failure
    assert "juju grant telemetry-coordinator write" in refused.failure


def test_the_password_of_the_juju_user_is_said_nowhere(deploy: DeployBeside, juju: Controller):
    deployment = deploy()
    settle(deployment, juju)
    deployment.action("verify-stack")
    assert PASSWORD not in deployment.everything_said()
    assert not any(PASSWORD in word for call in juju.calls for word in call)


def test_a_ready_ceilometer_is_left_alone(
    deploy: DeployBeside, juju: Controller, upgrades: Upgrades, stack: Stack
):
    deployment = deploy(**{"upgrade-method": "command"})
    juju.set_status("ceilometer", READY)
    deployment.configure(upgrade_method="auto")
    assert upgrades.runs == 1
    assert juju.tasks == {}
    assert deployment.status[0] == "active"


# The whole model


@pytest.fixture
def cloud() -> models.Model:
    """The model that the services under test could be of."""
    return models.openstack()


def test_a_healthy_model_changes_nothing_about_the_status(
    deploy: DeployBeside, juju: Controller, cloud: models.Model
):
    juju.fill(cloud)
    deployment = deploy()
    settle(deployment, juju)
    assert deployment.status[0] == "active"
    assert "ceilometer-upgrade done" in deployment.status[1]
    assert deployment.finding("rabbitmq-server.application").severity.value == "ok"


def test_a_sealed_vault_blocks_although_barbican_still_lists_secrets(
    deploy: DeployBeside, juju: Controller, cloud: models.Model
):
    cloud.say("vault", "blocked", "Unit is sealed")
    cloud.say("barbican", "blocked", "secrets-storage incomplete")
    juju.fill(cloud)
    deployment = deploy()
    settle(deployment, juju)
    assert deployment.status[0] == "blocked"
    assert deployment.status[1].startswith("vault/0 is blocked: Unit is sealed")
    assert deployment.status[1].endswith(
        "; juju ssh vault/0 VAULT_ADDR=http://127.0.0.1:8220 vault operator unseal"
        " (1 caused by this)"
    )
    assert deployment.finding("key-manager.application").because == "vault.application"


def test_a_lost_host_blocks_nothing_that_works(
    deploy: DeployBeside, juju: Controller, cloud: models.Model
):
    cloud.lose("nova-compute/1")
    cloud.separate("aodh:amqp", "rabbitmq-server:amqp")  # aodh's charm is content without it
    juju.fill(cloud)
    deployment = deploy()
    settle(deployment, juju)
    assert deployment.status[0] == "active"
    assert deployment.status[1].startswith("degraded: nova-compute/1 is without a working Juju")
    (cause,) = deployment.report.causes(Severity.DEGRADED)
    assert cause.remedy == "juju show-machine 17"


def test_the_model_explains_why_a_service_does_not_answer(
    deploy: DeployBeside, juju: Controller, cloud: models.Model, stack: Stack
):
    cloud.say("mysql-innodb-cluster", "blocked", "Cluster is inaccessible from this instance.")
    cloud.say("aodh", "error", 'hook failed: "shared-db-relation-changed"')
    juju.fill(cloud)
    deployment = deploy()
    settle(deployment, juju)
    stack.services["aodh"].stop()
    deployment.update_status()
    found = deployment.finding("alarming.endpoint")
    assert found.because == "alarming.application"
    assert deployment.status[0] == "blocked"
    assert deployment.status[1].startswith("aodh/0 is in error")
    assert deployment.status[1].endswith("juju resolved aodh/0 (1 caused by this)")


def test_a_read_only_user_sees_the_model(
    deploy: DeployBeside, juju: Controller, cloud: models.Model
):
    juju.add_user(USER, PASSWORD, "read")
    cloud.say("vault", "blocked", "Unit is sealed")
    juju.fill(cloud)
    deployment = deploy(**{"upgrade-method": "command"})
    assert deployment.finding("vault.application").severity.value == "failed"
