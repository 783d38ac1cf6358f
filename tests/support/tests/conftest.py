"""Fixtures of the tests of what other tests stand on."""

from __future__ import annotations

import collections.abc
import pathlib
from typing import Any

import pytest

from tests.support.agent import agent as agent_agent
from tests.support.agent import tiny_charm


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
