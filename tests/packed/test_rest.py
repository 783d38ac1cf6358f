"""The packed charm comes to rest: hooks and verifications from a deployment on."""

from __future__ import annotations

import collections.abc
import dataclasses
import json
import pathlib

import pytest
import trustme

from tests.packed.doorkeeper import Doorkeeper
from tests.support.agent.agent import Agent
from tests.support.agent.expectations import assert_at_rest, assert_quiet, assert_verified
from tests.support.agent.unit_state import HookResult
from tests.support.openstack import Stack
from tests.support.packing import packing

pytestmark = pytest.mark.one_release
MOST_HOOKS = 30
"""Of a deployment with all relations: Juju's own, and those that the charm causes."""


MOST_COMMANDS = 6
MOST_COMMANDS_OF_THE_LEADER = 12
"""Hook commands of an update-status without news; an empty charm with ops has 4."""


@pytest.fixture(scope="module")
def keystone(booted_stack: Stack) -> collections.abc.Iterator[Doorkeeper]:
    """Counts verifications."""
    with Doorkeeper(booted_stack.services["keystone"].port) as keeper:
        yield keeper


def related(stack: Stack, keystone: Doorkeeper, folder: pathlib.Path) -> Agent:
    """A unit that has the needed relations before its first hook."""
    made = Agent(folder, environment={"CEILOMETER_UPGRADE_COMMAND": str(stack.ceilometer_upgrade)})
    made.config({"optional-services": "", "deep-verification": "always"})
    credentials = stack.credentials_databag(credentials_port=str(keystone.port))
    made.relate("identity-credentials", "keystone", {"keystone/0": credentials})
    made.relate("metric-service", "gnocchi", {"gnocchi/0": {"gnocchi_url": stack.gnocchi_url}})
    return made


@pytest.fixture
def plain(
    charm_dir: pathlib.Path, stack: Stack, keystone: Doorkeeper, tmp_path: pathlib.Path
) -> collections.abc.Iterator[Agent]:
    """A unit with the needed relations; no hook has run."""
    keystone.tokens = 0
    with related(stack, keystone, packing.place(charm_dir, tmp_path / "unit/charm")) as made:
        yield made


@dataclasses.dataclass(frozen=True)
class Deployed:
    """A unit with all relations, its hooks from the first on, and how often it verified."""

    unit: Agent
    ran: list[HookResult]
    verifications: int


@pytest.fixture(scope="module")
def deployed_with_all(
    charm_dir: pathlib.Path,
    booted_stack: Stack,
    keystone: Doorkeeper,
    tmp_path_factory: pytest.TempPathFactory,
) -> collections.abc.Iterator[Deployed]:
    """It has all relations before its first hook, as from a bundle."""
    authority = trustme.CA().cert_pem.bytes().decode()
    folder = packing.place(charm_dir, tmp_path_factory.mktemp("unit") / "charm")
    with related(booted_stack, keystone, folder) as unit:
        unit.relate("identity-notifications", "keystone", {"keystone/0": {}})
        unit.relate("certificates", "vault", {"vault/0": {"ca": authority, "chain": authority}})
        certificates = {"certificates": json.dumps([authority]), "version": "1"}
        unit.relate("receive-ca-cert", "certs", {"certs/0": {}}, certificates)
        unit.relate("member", "aodh", {"aodh/0": {}})
        unit.relate("telemetry-stack", "horizon", {"horizon/0": {}})
        keystone.tokens = 0
        ran = unit.deploy()
        assert keystone.tokens, "the charm was not seen asking Keystone"
        yield Deployed(unit, ran, keystone.tokens)


@pytest.fixture
def unit(
    deployed_with_all: Deployed, stack: Stack, keystone: Doorkeeper
) -> collections.abc.Iterator[Agent]:
    """The unit with all relations; each test finds it as it was after its deployment."""
    made = deployed_with_all.unit
    before = made.snapshot()
    keystone.tokens = 0
    yield made
    made.restore(before)


def tell(what: str, ran: list[HookResult], verifications: int) -> None:
    print(f"{what}: {len(ran)} hooks, {verifications} verifications")


def test_a_deployment_comes_to_rest_with_few_hooks_and_verifications(
    deployed_with_all: Deployed,
) -> None:
    ran = deployed_with_all.ran

    tell("a deployment with all relations", ran, deployed_with_all.verifications)
    for result in ran:
        assert_quiet(result)
    assert_verified(deployed_with_all.unit)
    assert len(ran) <= MOST_HOOKS
    # what changes: Gnocchi's URL beside the credentials, the certificates, a unit of a member;
    # where Gnocchi lacks resource types, ceilometer-upgrade asks for a token too, and its proof
    assert deployed_with_all.verifications <= 5


def test_an_option_that_changes_nothing_of_the_cloud_is_verified_once(
    unit: Agent, keystone: Doorkeeper
) -> None:
    unit.config({"verify-timeout": 19})
    ran = unit.settle()

    tell("an option", ran, keystone.tokens)
    assert [result.name for result in ran] == ["config-changed", "config-changed"]
    assert keystone.tokens <= 1


def test_a_charm_that_waits_for_the_stack_is_told_and_verifies_nothing(
    unit: Agent, keystone: Doorkeeper
) -> None:
    relation = unit.relate("telemetry-stack", "grafana", {"grafana/0": {}})
    unit.settle()

    assert unit.relation(relation).local_app_data
    assert keystone.tokens == 0


def test_idle_hours_write_nothing(unit: Agent) -> None:
    assert_at_rest(unit)

    for _ in range(5):
        result = unit.hook("update-status")
        assert_quiet(result)
        assert not result.written
        assert unit.due is None


# What a hook without news costs


def commands_of(unit: Agent) -> list[str]:
    """The hook commands of an update-status after one without news."""
    unit.hook("update-status")
    result = unit.hook("update-status")
    assert_quiet(result)
    print(f"update-status without news: {len(result.commands)} hook commands, {result.commands}")
    return list(result.commands)


def test_an_update_status_of_the_leader_asks_each_endpoint_once(
    plain: Agent, keystone: Doorkeeper
) -> None:
    plain.config({"deep-verification": "on-change"})  # canaries of every hook are announced
    plain.deploy()

    assert len(commands_of(plain)) <= MOST_COMMANDS_OF_THE_LEADER
    assert keystone.tokens


def test_an_update_status_of_another_unit_asks_only_who_leads_and_what_the_leader_said(
    plain: Agent, keystone: Doorkeeper
) -> None:
    plain.leader = False
    plain.deploy()

    assert len(commands_of(plain)) <= MOST_COMMANDS
    assert keystone.tokens == 0
