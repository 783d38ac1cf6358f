"""Fixtures of the packed charm: packed once in a session, before any test's time runs."""

from __future__ import annotations

import collections.abc
import os
import pathlib
from typing import Any

import pytest

from tests.support.agent import agent as agent_agent
from tests.support.agent import tiny_charm
from tests.support.openstack import Stack
from tests.support.packing import charmcraft_tool, packing

CHARM = pytest.StashKey[pathlib.Path | Exception]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    if session.config.option.collectonly:
        return
    if any("packed_charm" in getattr(item, "fixturenames", ()) for item in session.items):
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter:
            reporter.write_line("packing the charm")
        session.config.stash[CHARM] = _packed()


def _packed() -> pathlib.Path | Exception:
    try:
        return packing.pack()
    except (charmcraft_tool.UnavailableError, packing.PackingError) as problem:
        return problem


def require(packed: pathlib.Path | Exception) -> pathlib.Path:
    """The packed charm. Where charmcraft cannot run, skip; a CI may not skip and fails."""
    if isinstance(packed, pathlib.Path):
        return packed
    if isinstance(packed, charmcraft_tool.UnavailableError) and os.environ.get("CI") != "true":
        pytest.skip(str(packed))
    raise packed


@pytest.fixture(scope="session")
def packed_charm(request: pytest.FixtureRequest) -> pathlib.Path:
    """The .charm of the tree as it is now."""
    return require(request.config.stash[CHARM])


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


@pytest.fixture
def make(tmp_path: pathlib.Path) -> collections.abc.Iterator[tiny_charm.MakeAgent]:
    """Makes a unit of a tiny charm whose dispatch is the given shell script."""
    made: list[agent_agent.Agent] = []

    def agent(script: str, **arguments: Any) -> agent_agent.Agent:
        tiny_charm.write(tmp_path, script)
        made.append(agent_agent.Agent(tmp_path, "tiny", **arguments))
        return made[-1]

    yield agent
    for unit in made:
        unit.close()
