"""Fixtures of the packed charm."""

from __future__ import annotations

import collections.abc
import pathlib

import pytest

from tests.support.agent import agent as agent_agent
from tests.support.openstack import Stack
from tests.support.packing import packing


@pytest.fixture(scope="session")
def charm_dir(
    packed_charm: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> pathlib.Path:
    """The charm, unpacked as Juju does. Tests share it: none may change it."""
    folder = tmp_path_factory.mktemp("charm")
    packing.unpack(packed_charm, folder)
    return folder


@pytest.fixture
def lonely(charm_dir: pathlib.Path) -> collections.abc.Iterator[agent_agent.Agent]:
    """A unit without relations; no hook has run."""
    with agent_agent.Agent(charm_dir) as unit:
        yield unit


@pytest.fixture(scope="session")
def deployed(
    charm_dir: pathlib.Path,
    booted_stack: Stack,
    tmp_path_factory: pytest.TempPathFactory,
) -> collections.abc.Iterator[agent_agent.Agent]:
    """A unit related to keystone and a fresh gnocchi; all the hooks of a deployment have run."""
    booted_stack.replace_gnocchi_database()
    environment = {
        "CEILOMETER_UPGRADE_COMMAND": str(booted_stack.ceilometer_upgrade),
        "TMPDIR": str(tmp_path_factory.mktemp("tmp")),
    }
    with agent_agent.Agent(charm_dir, environment=environment) as unit:
        # Watcher has no engines here, which need a Nova: it would be degraded all the time
        unit.config({"optional-services": ""})
        unit.deploy()
        credentials = booted_stack.credentials_databag()
        unit.announce(unit.relate("identity-credentials", "keystone", {"keystone/0": credentials}))
        gnocchi = {"gnocchi_url": booted_stack.gnocchi_url}
        unit.announce(unit.relate("metric-service", "gnocchi", {"gnocchi/0": gnocchi}))
        yield unit


@pytest.fixture
def coordinator(
    deployed: agent_agent.Agent, stack: Stack
) -> collections.abc.Iterator[agent_agent.Agent]:
    """The deployed unit; each test finds it as it was after its deployment."""
    before = deployed.snapshot()
    yield deployed
    deployed.restore(before)
