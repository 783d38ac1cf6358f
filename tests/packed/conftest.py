"""Fixtures of the packed charm."""

from __future__ import annotations

import collections.abc
import pathlib

import pytest

from tests.support.agent import agent as agent_agent
from tests.support.agent.expectations import assert_at_rest
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
def lonely(
    charm_dir: pathlib.Path, tmp_path: pathlib.Path
) -> collections.abc.Iterator[agent_agent.Agent]:
    """A unit without relations; no hook has run. It must be at rest when the test ends."""
    with agent_agent.Agent(packing.place(charm_dir, tmp_path / "lonely/charm")) as unit:
        yield unit
        assert_at_rest(unit)


@pytest.fixture(scope="session")
def deployed(
    charm_dir: pathlib.Path,
    booted_stack: Stack,
    tmp_path_factory: pytest.TempPathFactory,
) -> collections.abc.Iterator[agent_agent.Agent]:
    """A unit related to keystone and a fresh gnocchi; all the hooks of a deployment have run."""
    booted_stack.replace_gnocchi_database()
    folder = packing.place(charm_dir, tmp_path_factory.mktemp("unit") / "charm")
    environment = {
        "CEILOMETER_UPGRADE_COMMAND": str(booted_stack.ceilometer_upgrade),
        "TMPDIR": str(tmp_path_factory.mktemp("tmp")),
    }
    with agent_agent.Agent(folder, environment=environment) as unit:
        # Watcher has no engines here, which need a Nova: it would be degraded all the time
        unit.config({"optional-services": ""})
        credentials = booted_stack.credentials_databag()
        unit.relate("identity-credentials", "keystone", {"keystone/0": credentials})
        gnocchi = {"gnocchi_url": booted_stack.gnocchi_url}
        unit.relate("metric-service", "gnocchi", {"gnocchi/0": gnocchi})
        unit.deploy()
        yield unit


@pytest.fixture
def coordinator(
    deployed: agent_agent.Agent, stack: Stack
) -> collections.abc.Iterator[agent_agent.Agent]:
    """The deployed unit; each test finds it as it was after its deployment.

    It must come to rest when the test ends and the services are whole again.
    """
    before = deployed.snapshot()
    yield deployed
    stack.reset()
    try:
        assert_at_rest(deployed)
    finally:
        deployed.restore(before)
