"""Bundles: those in `bundles/`, and any plan as a bundle."""

import pathlib
from typing import Any

import jsonschema
import pytest
import yaml

from coordinator.blueprint import loader, platforms
from coordinator.juju.status import Application, Base, JujuIntegration, Machine, Model
from coordinator.plan import bundle, completion, plan
from tests import bundles
from tests.unit.plan.test_plan import FULL, WHOLE, made, without

OWN = loader.load()
FILES = sorted(bundles.FOLDER.glob("*.yaml"))
END = r"^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*$"
NAME = r"^[a-z][a-z0-9-]*$"
PLACE = r"^(\d+|lxd:(\d+|new))$"
BASE = r"^ubuntu@\d\d\.04/stable$"

SCHEMA = {
    "type": "object",
    "required": ["applications", "relations"],
    "additionalProperties": False,
    "properties": {
        "machines": {
            "type": "object",
            "propertyNames": {"pattern": r"^\d+$"},
            "additionalProperties": {
                "properties": {"base": {"pattern": BASE}},
                "additionalProperties": False,
            },
        },
        "applications": {
            "type": "object",
            "propertyNames": {"pattern": NAME},
            "additionalProperties": {
                "type": "object",
                "required": ["charm"],
                "additionalProperties": False,
                "properties": {
                    "charm": {"type": "string", "pattern": NAME},
                    "channel": {"type": "string", "pattern": r"^[a-z0-9.]+/[a-z]+$"},
                    "base": {"type": "string", "pattern": BASE},
                    "num_units": {"type": "integer", "minimum": 1},
                    "to": {"type": "array", "items": {"type": "string", "pattern": PLACE}},
                    "options": {
                        "type": "object",
                        "additionalProperties": {"type": ["string", "number", "boolean"]},
                    },
                },
            },
        },
        "relations": {
            "type": "array",
            "uniqueItems": True,
            "items": {
                "type": "array",
                "minItems": 2,
                "maxItems": 2,
                "items": {"type": "string", "pattern": END},
            },
        },
    },
}
"""What Juju's reference "Bundle" allows, as far as it is used here."""


def valid(text: str) -> dict[str, Any]:
    content = yaml.safe_load(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(content)
    return content


def endpoints() -> set[tuple[str, str]]:
    """Endpoints that the blueprint knows, by charm."""
    found: set[tuple[str, str]] = set()
    for system in (*OWN.systems.values(), plan.COORDINATOR):
        for one in system.integrations:
            found |= {(system.charm, one.endpoint), (OWN.systems[one.system].charm, one.other)}
    return found


def loose(content: dict[str, Any]) -> list[str]:
    """Ends of integrations that lead to no application or endpoint."""
    charms = {name: entry["charm"] for name, entry in content["applications"].items()}
    ends = [end.split(":") for pair in content["relations"] for end in pair]
    known = endpoints()
    return [":".join(end) for end in ends if (charms.get(end[0]), end[1]) not in known]


# Those in bundles/


def test_the_files_are_those_that_are_made():
    assert {path.name for path in FILES} == set(bundles.texts())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_bundle_is_current(path: pathlib.Path):
    assert path.read_text() == bundles.texts()[path.name], "run make bundles"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_bundle_is_valid(path: pathlib.Path):
    valid(path.read_text())


def test_integrations_of_the_whole_bundle_lead_to_its_applications():
    assert loose(valid((bundles.FOLDER / "telemetry.yaml").read_text())) == []


def test_integrations_of_the_overlay_lead_to_its_applications_or_the_clouds_own():
    content = valid((bundles.FOLDER / "telemetry-overlay.yaml").read_text())
    own = {key: {"charm": key} for key, system in OWN.systems.items() if system.deploy.base}
    assert not own.keys() & content["applications"].keys()
    assert loose({**content, "applications": {**content["applications"], **own}}) == []


def test_the_bundles_are_of_the_newest_release_that_is_documented_in_full():
    newest = plan.Wishes(channel=platforms.parse(bundles.RELEASE))
    assert completion.complete(OWN, Model(), newest).undecided == ()
    later = platforms.releases()[platforms.releases().index(bundles.RELEASE) + 1]
    wishes = plan.Wishes(channel=platforms.parse(later))
    assert completion.complete(OWN, Model(), wishes).undecided


def test_the_whole_bundle_brings_every_system():
    content = valid((bundles.FOLDER / "telemetry.yaml").read_text())
    charms = {entry["charm"] for entry in content["applications"].values()}
    assert {system.charm for system in OWN.systems.values()} <= charms


# Any plan


def test_nothing_that_is_there_is_in_the_bundle():
    after = made(without(FULL, "watcher", "watcher-mysql-router"))
    content = valid(bundle.of_plan(after))
    assert set(content["applications"]) == {"watcher", "watcher-mysql-router"}
    assert content["relations"] == [
        ["watcher:shared-db", "watcher-mysql-router:shared-db"],
    ]


def test_integrations_with_what_is_there_are_left():
    after = made(without(FULL, "watcher", "watcher-mysql-router"))
    content = valid(bundle.of_plan(after))
    pairs = [[link.one, link.other] for link in bundle.left(after)]
    assert ["watcher:amqp", "rabbitmq-server:amqp"] in pairs
    assert len(pairs) + len(content["relations"]) == len(after.missing)
    new = set(content["applications"])
    assert all({end.partition(":")[0] for end in pair} - new for pair in pairs)


def test_a_complete_model_has_an_empty_bundle():
    content = valid(bundle.of_plan(made(FULL)))
    assert (content["applications"], content["relations"]) == ({}, [])


def test_an_application_of_another_model_is_not_in_the_bundle():
    us = Application(
        "telemetry-coordinator",
        "telemetry-coordinator",
        integrations=(
            JujuIntegration("identity-credentials", "identity", "identity-credentials"),
        ),
    )
    after = made(Model({us.name: us}))
    content = valid(bundle.of_plan(after))
    assert "identity" not in content["applications"]
    assert loose(content) == []
    ends = {link.other.partition(":")[0] for link in bundle.left(after)}
    assert "identity" in ends


def test_machines_that_are_used_are_named():
    wishes = plan.Wishes(channel=platforms.parse("yoga"), placement=("lxd:4", "7", "lxd"))
    content = valid(bundle.of_plan(completion.complete(OWN, Model(), wishes)))
    assert set(content["machines"]) == {"4", "7"}
    assert content["machines"]["4"] == {"base": "ubuntu@22.04/stable"}


def test_a_machine_for_what_is_not_in_the_bundle_is_not_named():
    """Juju refuses a bundle with a machine that no unit of it is on."""
    later = platforms.releases()[platforms.releases().index(bundles.RELEASE) + 1]
    placement = tuple(str(number) for number in range(40))
    wishes = plan.Wishes(channel=platforms.parse(later), placement=placement)
    after = completion.complete(OWN, Model(), wishes)
    content = valid(bundle.of_plan(after))
    used = {place for entry in content["applications"].values() for place in entry.get("to", ())}
    assert {place for app in after.undecided for place in app.to} - used
    assert set(content["machines"]) == used


def test_without_placement_no_machine_is_named():
    assert "machines" not in valid(bundle.of_plan(completion.complete(OWN, Model(), WHOLE)))


def test_a_machine_that_is_there_keeps_its_base():
    made = completion.complete(
        loader.load(),
        Model(machines={"0": Machine("0", base=Base("ubuntu", "20.04"))}),
        plan.Wishes(channel=platforms.parse("yoga"), placement=("lxd:0",)),
    )
    content = yaml.safe_load(bundle.of_plan(made))
    assert content["machines"] == {"0": {"base": "ubuntu@20.04/stable"}}
