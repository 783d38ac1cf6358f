"""What can be played in the rehearsal without the services."""

from __future__ import annotations

import pathlib
import re
from unittest import mock

import pytest

from tests.rehearsal import scenarios

PAGES = pathlib.Path(__file__).parents[3] / "docs" / "reference"
TOLD = "".join((PAGES / name).read_text("utf-8") for name in ("statuses.md", "causes.md"))


def test_every_fault_is_listed_with_what_it_is():
    lines = scenarios.listed().splitlines()
    assert len(lines) == len(scenarios.SCENARIOS)
    assert all(scenario.title in scenarios.listed() for scenario in scenarios.SCENARIOS.values())


@pytest.mark.parametrize("name", scenarios.SCENARIOS)
def test_a_fault_is_awaited_in_words_that_the_charm_has(name: str):
    for step in scenarios.SCENARIOS[name].steps(mock.MagicMock()):
        if step.status == "blocked":
            assert re.sub(r"\d+", "N", step.message) in TOLD


def test_a_half_integrated_model_is_planned():
    told = scenarios.SCENARIOS["plan"].tells()
    assert "juju deploy watcher --channel" in told
    assert "juju integrate watcher:identity-service keystone:identity-service" in told
