"""What can be played in the rehearsal without the services."""

from __future__ import annotations

from tests.rehearsal import scenarios


def test_every_fault_is_listed_with_what_it_is():
    lines = scenarios.listed().splitlines()
    assert len(lines) == len(scenarios.SCENARIOS)
    assert all(scenario.title in scenarios.listed() for scenario in scenarios.SCENARIOS.values())


def test_a_half_integrated_model_is_planned():
    told = scenarios.SCENARIOS["plan"].tells()
    assert "juju deploy watcher --channel" in told
    assert "juju integrate watcher:identity-service keystone:identity-service" in told
