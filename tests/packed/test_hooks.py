"""Every hook as a process, on a unit whose relations are missing or empty: no service is asked."""

from __future__ import annotations

import pytest

from tests.support.agent.agent import Agent
from tests.support.agent.expectations import assert_quiet
from tests.support.agent.unit_state import Status

HOOKS = ("install", "start", "config-changed", "leader-elected", "update-status", "upgrade-charm")
ENDPOINTS = ("identity-credentials", "metric-service", "receive-ca-cert")
"""Those that do something without data; the others run beside the real services."""
MISSING = Status(
    "blocked",
    "missing relation identity-credentials; juju integrate telemetry-coordinator "
    "keystone:identity-credentials (+1 more)",
)


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_without_relations_says_what_is_missing(lonely: Agent, name: str) -> None:
    assert_quiet(lonely.hook(name))

    assert lonely.unit_status == MISSING
    assert lonely.app_status == MISSING


@pytest.mark.parametrize("name", ["stop", "remove"])
def test_leaving_is_said(lonely: Agent, name: str) -> None:
    assert_quiet(lonely.hook(name))

    assert lonely.unit_status == Status("maintenance", "leaving the model")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_event_of_a_relation_without_data_succeeds(lonely: Agent, endpoint: str) -> None:
    relation = lonely.relate(endpoint, "remote", {"remote/0": {}})

    events = [*lonely.announce(relation), *lonely.break_relation(relation)]

    assert {event.name.rpartition("-")[2] for event in events} == {
        "created",
        "joined",
        "changed",
        "departed",
        "broken",
    }
    for event in events:
        assert_quiet(event)
    assert lonely.unit_status == MISSING


def test_every_event_of_the_peer_relation_succeeds(lonely: Agent) -> None:
    peer = lonely.relation_id("coordinators")
    lonely.update_remote(peer, "telemetry-coordinator/1", {})

    events = [lonely.relation_event("coordinators", "created"), *lonely.announce(peer)]
    lonely.remove()

    for event in [*events, *lonely.settle()]:
        assert_quiet(event)


def test_a_unit_that_does_not_lead_stands_by(lonely: Agent) -> None:
    lonely.leader = False

    for result in lonely.deploy():
        assert_quiet(result)

    assert lonely.unit_status == Status("active", "standby; the leader has not reported yet")


def test_keystone_is_asked_for_a_user(lonely: Agent) -> None:
    lonely.announce(lonely.relate("identity-credentials", "keystone", {"keystone/0": {}}))

    asked = lonely.relation(lonely.relation_id("identity-credentials")).local_unit_data
    assert asked["username"] == "telemetry-coordinator"
    assert lonely.unit_status.name == "blocked"


def test_a_wrong_option_is_named(lonely: Agent) -> None:
    lonely.config({"interface": "sideways"})

    assert_quiet(lonely.hook("config-changed"))

    assert lonely.unit_status.name == "blocked"
    for part in ("interface", "sideways", "public", "internal", "admin"):
        assert part in lonely.unit_status.message


@pytest.mark.parametrize("name", ["verify-stack", "ceilometer-upgrade", "show-report"])
def test_an_action_without_relations_fails_and_says_why(lonely: Agent, name: str) -> None:
    lonely.hook("install")

    result = lonely.action(name)

    assert result.status == "failed"
    assert result.hook.exit_code == 0
    assert "missing relation identity-credentials" in result.message


def test_a_plan_needs_no_relations(lonely: Agent) -> None:
    lonely.hook("install")

    result = lonely.action("plan-stack", {"channel": "2024.1/stable", "format": "commands"})

    assert result.succeeded
    assert "juju deploy gnocchi --channel 2024.1/stable" in str(result.results["plan"])


def test_a_wrong_blueprint_is_told_with_its_line_and_stops_nothing(lonely: Agent) -> None:
    lonely.config({"blueprint": "gnocchi:\n  chrms: [gnocchi]\n"})

    lonely.hook("config-changed")

    assert lonely.unit_status.name == "blocked"  # by what comes first: the missing relations
    told = "option blueprint line 2: gnocchi: unknown key 'chrms'; keys are title, charms,"
    assert any(line.message.startswith(told) for line in lonely.log)
    result = lonely.action("plan-stack", {"channel": "yoga", "format": "bundle"})
    assert "applications:" in str(result.results["plan"])
