"""The whole model, against one that was recorded while all of it was well."""

from __future__ import annotations

import pathlib
import zipfile
from typing import Any

import pytest
import yaml

from tests.integration import full_model, testers
from tests.integration.tests import recorded

OURS = {"telemetry-coordinator", "waiter"}
Edge = tuple[str, str, str]


@pytest.fixture(scope="module")
def healthy() -> dict[str, Any]:
    return recorded.document("status-healthy.json")["applications"]


def charm_of(app: str) -> str:
    return full_model.SUBORDINATES.get(app, app)


@pytest.fixture(scope="module")
def metadata() -> dict[str, dict[str, Any]]:
    """The metadata of each charm, by name."""
    return {
        name: yaml.safe_load(testers.contents(name)["metadata.yaml"][0]) for name in testers.ALL
    }


def endpoint(metadata: dict[str, dict[str, Any]], end: str) -> tuple[str, dict[str, str]]:
    """Role and description of an endpoint, such as `aodh:amqp`."""
    app, _, name = end.partition(":")
    for role in ("provides", "requires", "peers"):
        found = metadata[charm_of(app)].get(role, {})
        if name in found:
            return role, found[name]
    raise LookupError(end)


def test_the_applications_are_those_of_a_recorded_stack(healthy: dict[str, Any]):
    ours = {*full_model.MACHINES, *full_model.SUBORDINATES}
    assert ours - OURS == set(healthy) - OURS


def test_each_application_has_the_recorded_charm(healthy: dict[str, Any]):
    for name, app in healthy.items():
        if name not in OURS:
            assert charm_of(name) == app["charm-name"]


def test_units_are_on_the_recorded_machines(healthy: dict[str, Any]):
    for name, app in healthy.items():
        if name not in OURS and "subordinate-to" not in app:
            machines = sorted(unit["machine"] for unit in app["units"].values())
            assert tuple(machines) == full_model.MACHINES[name]


def test_the_integrations_are_the_recorded_ones(
    healthy: dict[str, Any], metadata: dict[str, dict[str, Any]]
):
    recorded_ones: set[Edge] = {
        (f"{name}:{end}", other["related-application"], other["interface"])
        for name, app in healthy.items()
        for end, others in app["relations"].items()
        for other in others
        if OURS.isdisjoint({name, other["related-application"]})
        and other["related-application"] != name
    }
    ours: set[Edge] = {
        (end, other.partition(":")[0], endpoint(metadata, end)[1]["interface"])
        for pair in full_model.INTEGRATIONS
        for end, other in (pair, pair[::-1])
    }
    assert ours == recorded_ones


def test_both_ends_of_an_integration_fit(metadata: dict[str, dict[str, Any]]):
    for pair in full_model.INTEGRATIONS:
        (role, one), (other_role, other) = (endpoint(metadata, end) for end in pair)
        assert {role, other_role} == {"provides", "requires"}, pair
        assert one["interface"] == other["interface"], pair


def test_peers_are_the_recorded_ones(healthy: dict[str, Any], metadata: dict[str, dict[str, Any]]):
    for name, app in healthy.items():
        if name in OURS:
            continue
        found = {
            end: others[0]["interface"]
            for end, others in app["relations"].items()
            if others[0]["related-application"] == name
        }
        peers = metadata[charm_of(name)].get("peers", {})
        assert {end: peer["interface"] for end, peer in peers.items()} == found, name


def test_every_subordinate_requires_an_endpoint_beside_its_principal(
    metadata: dict[str, dict[str, Any]],
):
    # Juju refuses a subordinate charm without one
    for name, charm in metadata.items():
        if charm.get("subordinate"):
            scopes = {end.get("scope") for end in charm["requires"].values()}
            assert "container" in scopes, name


@pytest.mark.parametrize("name", testers.ALL)
def test_every_charm_can_be_packed(name: str, tmp_path: pathlib.Path):
    with zipfile.ZipFile(testers.pack(name, tmp_path)) as archive:
        assert yaml.safe_load(archive.read("metadata.yaml"))["name"] == name
        assert archive.getinfo("dispatch").external_attr >> 16 & 0o111


def test_the_bundle_names_every_application_its_base_and_its_options(tmp_path: pathlib.Path):
    charms = {name: tmp_path / f"{name}.charm" for name in testers.ALL}
    made = full_model.bundle(charms, {"gnocchi": {"url": "http://192.0.2.1:8041"}})
    apps = made["applications"]
    assert set(apps) == {*full_model.MACHINES, *full_model.SUBORDINATES}
    assert apps["gnocchi"]["options"] == {"url": "http://192.0.2.1:8041"}
    assert apps["memcached"]["options"] == {"workload": ""}
    assert apps["ceph-mon"]["to"] == ["0", "1", "2"]
    assert "num_units" not in apps["vault-mysql-router"]
    assert apps["vault-mysql-router"]["charm"] == str(tmp_path / "mysql-router.charm")
    assert set(made["machines"]) == {"0", "1", "2"}
