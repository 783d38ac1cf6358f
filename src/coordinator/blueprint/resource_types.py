"""What ceilometer-upgrade leaves behind in Gnocchi: the proof that it ran. Pure.

Each release of Ceilometer makes other resource types; `resource_types.yaml` lists them.
"""

from __future__ import annotations

import functools
import pathlib
import re
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from coordinator.blueprint import data
from coordinator.text import plain

PATH = pathlib.Path(__file__).with_name("resource_types.yaml")

BASELINE = frozenset({"identity", "image", "instance", "network", "volume"})
"""Resource types that ceilometer-upgrade of every release creates.

Source: `resources_initial` in ceilometer/gnocchi_client.py.
"""

GENERIC = "generic"
"""The resource type that Gnocchi itself has from the start."""

# 21.0.0, 24.0.0.0rc1 or Debian's 2:21.0.0-0ubuntu1~cloud0, but no year such as 2023.2
_VERSION = re.compile(r"(?:\d+:)?(\d{1,3})(?:\D.*)?")


class Attribute(msgspec.Struct, frozen=True):
    """An attribute of a resource type; its length or range is the operator's affair.

    Attributes:
        type: Gnocchi's word for it, such as `string` or `uuid`.
        required: whether Gnocchi refuses a resource without it.
    """

    type: str
    required: bool


Types = Mapping[str, Mapping[str, Attribute]]
"""Resource types by name, each with its attributes by name."""


class Needed(msgspec.Struct, frozen=True):
    """What Gnocchi must have of one resource type.

    Attributes:
        attributes: by name.
        patched: names of those that ceilometer-upgrade also adds to or changes in a type that is
            already there; the others come only when it creates the type.
    """

    attributes: Mapping[str, Attribute] = {}
    patched: frozenset[str] = frozenset()

    def with_patch(self, changed: Mapping[str, Attribute]) -> Needed:
        """The same type after a release added or changed these attributes."""
        return Needed({**self.attributes, **changed}, self.patched | changed.keys())


class Comparison(msgspec.Struct, frozen=True):
    """How Gnocchi's resource types differ from those of a release, in short phrases.

    Attributes:
        behind: what ceilometer-upgrade would mend, most important first.
        customised: what an operator added or changed; no fault. With a Ceilometer newer than the
            table, what that release brings is among it.
        beyond_upgrade: attributes that are missing, and that ceilometer-upgrade does not add since
            their type exists already.
    """

    behind: tuple[str, ...] = ()
    customised: tuple[str, ...] = ()
    beyond_upgrade: tuple[str, ...] = ()


class _Release(msgspec.Struct, frozen=True):
    """A major version of Ceilometer, and all types that it makes."""

    since: int
    types: Mapping[str, Needed]


def phrased(differences: Collection[str], limit: int = 3) -> str:
    """Differences for people: the first few, and how many more there are."""
    first, others = list(differences)[:limit], len(differences) - limit
    return "; ".join(first) + (f"; {others} more" if others > 0 else "")


def is_version(release: str) -> bool:
    """Whether a text is a version of Ceilometer, and not a year, a word or nothing."""
    return _major(release) is not None


def needed(release: str | None) -> Mapping[str, Needed]:
    """What Gnocchi must have for a version of Ceilometer such as `21.0.0`.

    A version newer than the table counts as the newest one that is known. Of one that is older,
    unknown or unreadable, only the baseline is needed, without attributes.
    """
    known = _find(release)
    return known.types if known else {name: Needed() for name in sorted(BASELINE)}


def compare(types: Types, release: str | None) -> Comparison:
    """Compare Gnocchi's resource types with what a version of Ceilometer needs.

    What another release of Ceilometer made is neither behind nor customised.
    """
    wanted = needed(release)
    missing = [f"{name} missing" for name in sorted(wanted, key=_rank) if name not in types]
    lacks: list[str] = []
    strict: list[str] = []
    beyond: list[str] = []
    for name in wanted.keys() & types.keys():
        need, has = wanted[name], types[name]
        absent = [attribute for attribute in need.attributes if attribute not in has]
        lacks += _lacks(name, [a for a in absent if a in need.patched])
        beyond += _lacks(name, [a for a in absent if a not in need.patched])
        strict += [
            f"{name}.{attribute} still required"
            for attribute in need.attributes.keys() & has.keys()
            if _is_still_required(name, attribute, need.attributes[attribute], has[attribute])
        ]
    return Comparison(
        behind=(*missing, *sorted(lacks), *sorted(strict)),
        customised=_customised(types),
        beyond_upgrade=tuple(sorted(beyond)),
    )


def parse(answer: Any) -> Types:
    """Read Gnocchi's answer to `GET /v1/resource_type`.

    Raises:
        ValueError: it is no list of resource types; the text tells what is wrong.
    """
    entries = _expect(answer, list, "the answer")
    return dict(_parse_type(entry) for entry in entries)


def _parse_type(entry: Any) -> tuple[str, Mapping[str, Attribute]]:
    fields = _expect(entry, dict, "a resource type")
    name = plain(_expect(fields.get("name"), str, "the name of a resource type"))
    attributes = _expect(fields.get("attributes") or {}, dict, f"attributes of {name}")
    return name, {
        plain(attribute): _parse_attribute(value, f"{name}.{plain(attribute)}")
        for attribute, value in attributes.items()
    }


def _parse_attribute(value: Any, name: str) -> Attribute:
    fields = _expect(value, dict, name)
    type_ = plain(_expect(fields.get("type"), str, f"the type of {name}"))
    # Gnocchi's own default (gnocchi/resource_type.py, CommonAttributeSchema.meta_schema)
    return Attribute(type_, fields.get("required") is not False)


_JSON_WORDS = {dict: "object", list: "list", str: "string"}


def _expect(value: Any, kind: type, what: str) -> Any:
    if isinstance(value, kind):
        return value
    raise ValueError(f"{what}: no JSON {_JSON_WORDS[kind]}")


# Comparing


def _rank(name: str) -> tuple[bool, str]:
    """Sorts the baseline first: nothing works without it."""
    return name not in BASELINE, name


def _lacks(name: str, attributes: list[str]) -> list[str]:
    return [f"{name} lacks {', '.join(attributes)}"] if attributes else []


def _is_still_required(type_: str, name: str, need: Attribute, has: Attribute) -> bool:
    """Whether the attribute is required as an older release made it, and no longer should be."""
    return has.required and not need.required and has in _forms()[type_][name]


def _customised(types: Types) -> tuple[str, ...]:
    phrases: list[str] = []
    for name in sorted(types.keys() - {GENERIC}):
        forms = _forms().get(name)
        if forms is None:
            phrases.append(f"type {name} added")
            continue
        for attribute, has in sorted(types[name].items()):
            change = _change(has, forms.get(attribute, frozenset()))
            if change:
                phrases.append(f"{name}.{attribute} {change}")
    return tuple(phrases)


def _change(has: Attribute, forms: frozenset[Attribute]) -> str:
    """What an operator did to an attribute that releases made in these forms; empty: nothing."""
    if not forms:
        return "added"
    if has in forms:
        return ""
    kinds = sorted({form.type for form in forms})
    if has.type not in kinds:
        return f"is {has.type}, not {' or '.join(kinds)}"
    return "made required" if has.required else "made optional"


# The table


def _major(version: str | None) -> int | None:
    found = _VERSION.fullmatch((version or "").strip())
    return int(found[1]) if found else None


def _find(version: str | None) -> _Release | None:
    """The newest known release that is not newer than a version."""
    major = _major(version)
    if major is None:
        return None
    return next((known for known in reversed(_releases()) if known.since <= major), None)


@functools.cache
def _releases() -> tuple[_Release, ...]:
    """All known releases, oldest first."""
    releases: list[_Release] = []
    types: Mapping[str, Needed] = {}
    for entry in data.read(PATH)["releases"]:
        types = _grown(types, entry)
        releases.append(_Release(entry["since"], types))
    return tuple(releases)


def _grown(before: Mapping[str, Needed], entry: Mapping[str, Any]) -> Mapping[str, Needed]:
    """The types of a release, from those of the release before and its entry in the table."""
    removed = entry.get("removed", ())
    types = {name: known for name, known in before.items() if name not in removed}
    for name, attributes in entry.get("types", {}).items():
        types[name] = Needed(_attributes(attributes))
    for name, attributes in entry.get("attributes", {}).items():
        types[name] = types[name].with_patch(_attributes(attributes))
    for name, attributes in entry.get("optional", {}).items():
        had = types[name].attributes
        relaxed = {a: msgspec.structs.replace(had[a], required=False) for a in attributes}
        types[name] = types[name].with_patch(relaxed)
    return types


def _attributes(texts: Mapping[str, str]) -> Mapping[str, Attribute]:
    """Attributes from their words in the table, `TYPE` or `TYPE required`."""
    words = {name: text.partition(" ") for name, text in texts.items()}
    return {name: Attribute(type_, rest == "required") for name, (type_, _, rest) in words.items()}


@functools.cache
def _forms() -> Mapping[str, Mapping[str, frozenset[Attribute]]]:
    """All types and attributes that any release makes, each in every form that it ever had."""
    forms: dict[str, dict[str, frozenset[Attribute]]] = {}
    for release in _releases():
        for name, known in release.types.items():
            seen = forms.setdefault(name, {})
            for attribute, form in known.attributes.items():
                seen[attribute] = seen.get(attribute, frozenset()) | {form}
    return forms
