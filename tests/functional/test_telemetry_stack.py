"""What charms that wait for the stack are told about real services."""

from __future__ import annotations

import json
import pathlib

import jsonschema
import pytest
from ops import testing

from charms.telemetry_coordinator.v0 import telemetry_stack
from tests.functional.deployment import ROOT, Deployment
from tests.support.openstack import Stack

pytestmark = pytest.mark.one_release
INTERFACE: pathlib.Path = ROOT / "docs/reference/interface/telemetry_stack/v1"
SCHEMA = json.loads((INTERFACE / "schema.json").read_text(encoding="utf-8"))


def told(deployment: Deployment, relation: testing.Relation) -> telemetry_stack.Stack:
    """What the related charm reads after the next hook."""
    deployment.update_status()
    text = deployment.state.get_relation(relation.id).local_app_data["stack"]
    jsonschema.validate(json.loads(text), SCHEMA)
    known = telemetry_stack.Stack.from_json(text)
    assert known is not None
    return known


def test_a_charm_that_waits_follows_the_stack(verified: Deployment, stack: Stack) -> None:
    relation = verified.relate("telemetry-stack", "waiter")

    ready = told(verified, relation)
    assert ready.ready
    assert ready.upgrade == "done"
    assert ready.services["metric"] == telemetry_stack.Service("ok", stack.gnocchi_url)
    assert {service.state for service in ready.services.values()} == {"ok"}

    stack.services["aodh"].stop()
    broken = told(verified, relation)
    assert not broken.ready
    assert broken.message.startswith("Aodh refused the connection")
    assert broken.services["alarming"].state == "failed"
    assert broken.since is not None
    assert ready.since is not None
    assert broken.since >= ready.since
    assert told(verified, relation).since == broken.since


def test_a_service_that_left_the_catalog_has_a_state(verified: Deployment, stack: Stack) -> None:
    relation = verified.relate("telemetry-stack", "waiter")
    stack.catalog.remove("key-manager")
    assert told(verified, relation).services["key-manager"] == telemetry_stack.Service("failed")
