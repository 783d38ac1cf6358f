"""The table of resource types, and Gnocchi's resource types compared with it."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from coordinator.blueprint import resource_types
from coordinator.blueprint.resource_types import Attribute, Comparison

MAJORS = [
    entry["since"]
    for entry in yaml.safe_load(resource_types.PATH.read_text(encoding="utf-8"))["releases"]
]
OLDEST, NEWEST = f"{MAJORS[0]}.0.0", f"{MAJORS[-1]}.0.0"
BOBCAT, DALMATIAN, EPOXY, FLAMINGO, GAZPACHO = (f"{n}.0.0" for n in (21, 23, 24, 25, 26))

Types = dict[str, dict[str, Attribute]]

versions = st.sampled_from(MAJORS).map(lambda major: f"{major}.0.0")
names = st.from_regex(r"[a-z][a-z0-9_]{0,11}", fullmatch=True)
attributes = st.builds(
    Attribute, st.sampled_from(["string", "uuid", "number", "bool", "datetime"]), st.booleans()
)


def full(version: str | None) -> Types:
    """Gnocchi as this version's ceilometer-upgrade leaves a fresh one."""
    made = {name: dict(known.attributes) for name, known in resource_types.needed(version).items()}
    return {resource_types.GENERIC: {}, **made}


def upgraded(types: Types, version: str) -> Types:
    """Gnocchi after this version's ceilometer-upgrade ran on it."""
    return {
        **types,
        **{
            name: {
                **types.get(name, known.attributes),
                **{attribute: known.attributes[attribute] for attribute in known.patched},
            }
            for name, known in resource_types.needed(version).items()
        },
    }


def behind(types: Mapping[str, Mapping[str, Attribute]], version: str | None) -> tuple[str, ...]:
    return resource_types.compare(types, version).behind


def customised(types: Types, version: str | None = BOBCAT) -> tuple[str, ...]:
    return resource_types.compare(types, version).customised


# The table


def test_the_table_has_every_version_once_and_in_order():
    assert list(range(8, 28)) == MAJORS


@pytest.mark.parametrize("version", [f"{major}.0.0" for major in MAJORS])
def test_every_release_makes_the_baseline(version: str):
    assert resource_types.needed(version).keys() >= resource_types.BASELINE


@pytest.mark.parametrize("version", [None, "", "unknown", "7.0.0", "2015.1.0", "2023.2", "-3"])
def test_without_a_known_version_the_baseline_is_needed(version: str | None):
    needed = resource_types.needed(version)

    assert needed.keys() == resource_types.BASELINE
    assert all(not known.attributes for known in needed.values())


@pytest.mark.parametrize("version", ["28.0.0", "99.1.0"])
def test_a_version_newer_than_the_table_counts_as_the_newest(version: str):
    assert resource_types.needed(version) == resource_types.needed(NEWEST)


def test_a_later_release_keeps_what_it_does_not_change():
    assert resource_types.needed("12.0.0") == resource_types.needed("11.0.0")


def test_an_attribute_comes_with_its_release():
    assert "volume_type_id" not in resource_types.needed(DALMATIAN)["volume"].attributes
    assert resource_types.needed(EPOXY)["volume"].attributes["volume_type_id"] == Attribute(
        "string", required=False
    )


def test_an_attribute_becomes_optional_with_its_release():
    assert resource_types.needed(EPOXY)["instance"].attributes["host"].required
    assert not resource_types.needed(FLAMINGO)["instance"].attributes["host"].required


@pytest.mark.parametrize("name", ["port", "switch", "switch_port"])
def test_a_removed_type_is_not_demanded_later(name: str):
    assert name in resource_types.needed(DALMATIAN)
    assert name not in resource_types.needed(EPOXY)


# What is behind


@given(versions)
def test_a_full_set_is_complete(version: str):
    assert resource_types.compare(full(version), version) == Comparison()


@pytest.mark.parametrize("version", [BOBCAT, NEWEST])
def test_a_fresh_gnocchi_lacks_every_type_the_baseline_first(version: str):
    found = behind({resource_types.GENERIC: {}}, version)

    assert found[:5] == tuple(f"{name} missing" for name in sorted(resource_types.BASELINE))
    assert set(found) == {f"{name} missing" for name in resource_types.needed(version)}


@given(versions, st.data())
def test_a_missing_type_is_named_alone(version: str, data: st.DataObject):
    types = full(version)
    name = data.draw(st.sampled_from(sorted(resource_types.needed(version))))
    del types[name]

    assert resource_types.compare(types, version) == Comparison(behind=(f"{name} missing",))


def test_without_a_known_version_missing_attributes_do_not_count():
    assert behind({name: {} for name in resource_types.BASELINE}, None) == ()


def test_without_a_known_version_a_missing_baseline_type_is_named():
    types = {name: {} for name in resource_types.BASELINE - {"volume"}}

    assert behind(types, None) == ("volume missing",)


def test_attributes_that_an_upgrade_adds_are_named_by_type():
    types = full(BOBCAT)
    del types["instance"]["launched_at"], types["instance"]["deleted_at"]

    assert behind(types, BOBCAT) == ("instance lacks launched_at, deleted_at",)


def test_an_attribute_that_is_still_required_is_named():
    types = full(GAZPACHO)
    types["instance"]["host"] = Attribute("string", required=True)

    assert behind(types, GAZPACHO) == ("instance.host still required",)


def test_what_is_behind_comes_in_the_order_of_weight():
    types = full(DALMATIAN)
    del types["volume"], types["ipmi"]

    assert behind(types, GAZPACHO) == (
        "volume missing",
        "dns_zone missing",
        "ipmi missing",
        "loadbalancer missing",
        "swift_account lacks storage_policy",
        "image.container_format still required",
        "image.disk_format still required",
        "instance.host still required",
    )


@given(versions, versions)
def test_nothing_is_behind_after_an_upgrade_from_any_release(before: str, after: str):
    found = resource_types.compare(upgraded(full(before), after), after)

    assert found.behind == ()
    assert found.customised == ()


def test_nothing_is_behind_after_an_upgrade_through_all_releases():
    types = full(None)
    for major in MAJORS:
        types = upgraded(types, f"{major}.0.0")

    assert behind(types, NEWEST) == ()


def test_a_type_with_attributes_is_beyond_the_upgrade_when_an_older_release_made_it_without():
    types = upgraded(full("18.1.0"), GAZPACHO)

    assert resource_types.compare(types, GAZPACHO) == Comparison(
        beyond_upgrade=("loadbalancer lacks name, availability_zone, vip_address, provider",)
    )


def test_an_attribute_that_comes_only_with_its_type_is_beyond_the_upgrade():
    types = full(BOBCAT)
    del types["manila_share"]["status"]

    assert resource_types.compare(types, BOBCAT) == Comparison(
        beyond_upgrade=("manila_share lacks status",)
    )


# What an operator did


@given(versions, st.data())
def test_customisations_are_never_behind(version: str, data: st.DataObject):
    types = full(version)
    for name in data.draw(st.lists(st.one_of(st.sampled_from(sorted(types)), names))):
        of_ceilometer = (
            resource_types.needed(version).get(name, resource_types.Needed()).attributes
        )
        own = data.draw(st.dictionaries(names, attributes, max_size=3))
        optional = {
            attribute: Attribute(known.type, required=False)
            for attribute, known in of_ceilometer.items()
            if data.draw(st.booleans())
        }
        types[name] = {**own, **types.get(name, {}), **optional}

    found = resource_types.compare(types, version)

    assert found.behind == ()
    assert found.beyond_upgrade == ()


@given(versions, names.map("rack_{}".format), attributes)
def test_what_an_operator_added_is_named(version: str, name: str, attribute: Attribute):
    types = full(version)
    types[name] = {"room": attribute}
    types["volume"][name] = attribute

    assert customised(types, version) == (f"type {name} added", f"volume.{name} added")


@pytest.mark.parametrize(
    ("type_", "attribute", "now", "phrase"),
    [
        ("volume", "image_id", Attribute("string", False), "volume.image_id is string, not uuid"),
        ("volume", "image_id", Attribute("string", True), "volume.image_id is string, not uuid"),
        ("volume", "volume_type", Attribute("string", True), "volume.volume_type made required"),
        (
            "instance",
            "flavor_id",
            Attribute("string", False),
            "instance.flavor_id made optional",
        ),
    ],
)
def test_what_an_operator_changed_is_named_and_respected(
    type_: str, attribute: str, now: Attribute, phrase: str
):
    types = full(BOBCAT)
    types[type_][attribute] = now

    assert resource_types.compare(types, BOBCAT) == Comparison(customised=(phrase,))


@given(versions, versions)
def test_what_another_release_made_is_not_an_operators(made: str, version: str):
    assert customised(full(made), version) == ()


def test_types_left_by_an_older_release_are_no_fault():
    types = {**full(BOBCAT), **full(NEWEST)}

    assert {"port", "switch", "switch_port", "switch_table"} <= types.keys()
    assert resource_types.compare(types, NEWEST) == Comparison()


# For people


@pytest.mark.parametrize(
    ("differences", "text"),
    [
        ((), ""),
        (("a",), "a"),
        (("a", "b", "c"), "a; b; c"),
        (("a", "b", "c", "d"), "a; b; c; 1 more"),
        (("a", "b", "c", "d", "e"), "a; b; c; 2 more"),
    ],
)
def test_differences_are_counted_after_the_third(differences: tuple[str, ...], text: str):
    assert resource_types.phrased(differences) == text


def test_the_limit_of_differences_may_be_another():
    assert resource_types.phrased(("a", "b", "c"), limit=1) == "a; 2 more"


# Gnocchi's answer


def test_an_answer_of_gnocchi_is_read():
    answer = [
        {"name": "generic", "state": "active", "attributes": {}},
        {
            "name": "instance_disk",
            "state": "active",
            "attributes": {
                "name": {
                    "type": "string",
                    "required": True,
                    "min_length": 0,
                    "max_length": 255,
                },
                "instance_id": {"type": "uuid", "required": False},
            },
        },
    ]

    assert resource_types.parse(answer) == {
        "generic": {},
        "instance_disk": {
            "name": Attribute("string", required=True),
            "instance_id": Attribute("uuid", required=False),
        },
    }


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [("\x1b[31mred", "?[31mred"), ("two\nlines", "two lines"), ("\x00", "?"), ("\ud800", "?")],
)
def test_names_from_gnocchi_are_made_plain(hostile: str, shown: str):
    answer = [{"name": hostile, "attributes": {hostile: {"type": hostile, "required": False}}}]

    assert resource_types.parse(answer) == {shown: {shown: Attribute(shown, required=False)}}


@pytest.mark.parametrize("hostile", ["\x1b[31m", "a\nb", "\ud800"])
def test_what_is_refused_is_told_in_plain_text(hostile: str):
    with pytest.raises(ValueError, match="no JSON object") as raised:
        resource_types.parse([{"name": "volume", "attributes": {hostile: 5}}])

    assert str(raised.value).isprintable()


@pytest.mark.parametrize("entry", [{"name": "volume"}, {"name": "volume", "attributes": None}])
def test_a_type_may_come_without_attributes(entry: dict[str, Any]):
    assert resource_types.parse([entry]) == {"volume": {}}


def test_an_attribute_is_required_unless_said_otherwise():
    answer = [{"name": "volume", "attributes": {"size": {"type": "number"}}}]

    assert resource_types.parse(answer) == {"volume": {"size": Attribute("number", required=True)}}


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({}, "the answer: no JSON list"),
        (None, "the answer: no JSON list"),
        (["volume"], "a resource type: no JSON object"),
        ([{"attributes": {}}], "the name of a resource type: no JSON string"),
        ([{"name": "volume", "attributes": ["size"]}], "attributes of volume: no JSON object"),
        ([{"name": "volume", "attributes": {"size": 1}}], "volume.size: no JSON object"),
        (
            [{"name": "volume", "attributes": {"size": {"required": True}}}],
            "the type of volume.size: no JSON string",
        ),
    ],
)
def test_what_is_no_list_of_resource_types_is_refused(answer: Any, text: str):
    with pytest.raises(ValueError, match=re.escape(text)):
        resource_types.parse(answer)
