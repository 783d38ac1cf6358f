"""The table of resource types against the real packages, and what they leave in Gnocchi."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from coordinator.blueprint import resource_types
from coordinator.upgrade import command, packages
from tests.functional import gnocchi
from tests.functional.conftest import Deploy
from tests.functional.deployment import Deployment
from tests.support.openstack import Stack

# Ceilometer's own lists, told by the Python that the release set runs on
OPERATIONS = """
import json
from ceilometer import gnocchi_client as client
print(json.dumps([client.resources_initial, client.resources_update_operations]))
"""


@pytest.fixture
def upgraded(stack: Stack, deploy: Deploy) -> Iterator[Deployment]:
    """A coordinator that ran the real ceilometer-upgrade on a fresh Gnocchi."""
    stack.replace_gnocchi_database()
    deployment = deploy()
    deployment.identity_changed()
    assert deployment.status[0] == "active", deployment.status
    yield deployment
    stack.replace_gnocchi_database()


def version() -> str:
    """The version of the set's Ceilometer, as the charm finds it (`deploy` sets the seam)."""
    found = command.CommandBackend(packages.Source()).release()
    assert resource_types.needed(found) != resource_types.needed(None), (
        f"ceilometer {found!r} is not in the table"
    )
    return found


def compare(stack: Stack) -> resource_types.Comparison:
    """What Gnocchi has now, compared with what the set's own Ceilometer needs."""
    answer = stack.session.get(f"{stack.gnocchi_url}/v1/resource_type").json()
    return resource_types.compare(resource_types.parse(answer), version())


def run_again(deployment: Deployment) -> None:
    assert not deployment.action("ceilometer-upgrade").failure


def patch(stack: Stack, name: str, *operations: dict[str, Any]) -> None:
    answer = requests.patch(
        f"{stack.gnocchi_url}/v1/resource_type/{name}",
        data=json.dumps(operations),
        headers={
            "X-Auth-Token": stack.admin_token(),
            "Content-Type": "application/json-patch+json",
        },
        timeout=30,
    )
    answer.raise_for_status()


def remove(attribute: str) -> dict[str, Any]:
    return {"op": "remove", "path": f"/attributes/{attribute}"}


def put(attribute: str, **value: Any) -> dict[str, Any]:
    return {"op": "add", "path": f"/attributes/{attribute}", "value": value}


def create(stack: Stack, name: str, **attributes: Any) -> None:
    answer = requests.post(
        f"{stack.gnocchi_url}/v1/resource_type",
        json={"name": name, "attributes": attributes},
        headers={"X-Auth-Token": stack.admin_token()},
        timeout=30,
    )
    answer.raise_for_status()


@pytest.mark.usefixtures("deploy")
def test_the_table_says_what_the_package_does(stack: Stack) -> None:
    ended = subprocess.run(
        [stack.ceilometer_upgrade.parent / "python", "-c", OPERATIONS],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    )
    types, operations = json.loads(ended.stdout)
    patched: dict[str, set[str]] = {}
    for operation in operations:
        name = operation["resource_type"]
        if operation["type"] == "create_resource_type":
            [data] = operation["data"]
            types[name] = data["attributes"]
            continue
        assert operation["type"] == "update_attribute_type"
        for data in operation["data"]:
            assert data["op"] == "add"
            attribute = data["path"].removeprefix("/attributes/")
            types[name][attribute] = data["value"]
            patched.setdefault(name, set()).add(attribute)

    assert resource_types.needed(version()) == {
        name: resource_types.Needed(
            {
                attribute: resource_types.Attribute(value["type"], value["required"])
                for attribute, value in attributes.items()
            },
            frozenset(patched.get(name, ())),
        )
        for name, attributes in types.items()
    }


def test_after_ceilometer_upgrade_nothing_is_behind_or_customised(
    stack: Stack, upgraded: Deployment
) -> None:
    assert compare(stack) == resource_types.Comparison()
    assert stack.resource_types() == {resource_types.GENERIC, *resource_types.needed(version())}


@pytest.mark.usefixtures("deploy")
def test_a_fresh_gnocchi_lacks_everything(stack: Stack) -> None:
    stack.replace_gnocchi_database()

    found = compare(stack)

    assert set(found.behind) == {f"{name} missing" for name in resource_types.needed(version())}
    assert not found.customised


def test_what_is_behind_is_named_and_mended_by_another_run(
    stack: Stack, upgraded: Deployment
) -> None:
    gnocchi.delete_resource_type(stack, "nova_compute")
    patch(stack, "volume", remove("volume_type"))
    patch(stack, "instance", put("host", type="string", required=True, options={"fill": ""}))
    behind = ("nova_compute missing", "volume lacks volume_type")
    if not resource_types.needed(version())["instance"].attributes["host"].required:
        behind += ("instance.host still required",)
    assert compare(stack) == resource_types.Comparison(behind=behind)

    run_again(upgraded)

    assert compare(stack) == resource_types.Comparison()


def test_what_another_run_leaves_alone_is_not_behind(stack: Stack, upgraded: Deployment) -> None:
    patch(stack, "manila_share", remove("status"))
    create(stack, "rack", room={"type": "string", "required": False})
    patch(stack, "volume", put("tier", type="string", required=False))
    patch(stack, "instance", put("flavor_id", type="string", required=False))
    expected = resource_types.Comparison(
        customised=("instance.flavor_id made optional", "type rack added", "volume.tier added"),
        beyond_upgrade=("manila_share lacks status",),
    )
    assert compare(stack) == expected

    run_again(upgraded)

    assert compare(stack) == expected
