"""The packed charm deployed beside the real services of each release."""

from __future__ import annotations

import json
import pathlib

from tests.support.agent.agent import Agent
from tests.support.agent.expectations import assert_verified, runs
from tests.support.openstack import Stack


def test_a_deployment_ends_verified(coordinator: Agent) -> None:
    assert_verified(coordinator)
    assert coordinator.workload_version.startswith("gnocchi ")


def test_a_deployment_runs_ceilometer_upgrade_once(coordinator: Agent, stack: Stack) -> None:
    assert len(runs(coordinator)) == 1
    assert "instance" in stack.resource_types()
    assert json.loads(coordinator.peer_app_data["record"])["success"]["ran"] is True


def test_no_hook_says_a_password(coordinator: Agent) -> None:
    identity = coordinator.relation(coordinator.relation_id("identity-credentials"))
    password = identity.remote_units["keystone/0"].data["credentials_password"]

    said = [result.text() for result in coordinator.history]
    said += [str(relation.local_unit_data) for relation in coordinator.databags.relations.values()]
    said += coordinator.peer_app_data.values()

    assert password
    assert not [text for text in said if password in text]


def test_no_file_is_left_behind(coordinator: Agent) -> None:
    assert not list(pathlib.Path(coordinator.environment["TMPDIR"]).iterdir())
