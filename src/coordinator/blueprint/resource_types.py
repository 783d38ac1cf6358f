"""The resource types that ceilometer-upgrade makes in Gnocchi: the proof that it ran.

Each release of Ceilometer makes other resource types; `resource_types.yaml` lists them.
"""

from __future__ import annotations

import functools
import pathlib
import re
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from coordinator.text import plain

PATH = pathlib.Path(__file__).with_name("resource_types.yaml")

BASELINE = frozenset({"identity", "image", "instance", "network", "volume"})
"""Resource types of every release (`resources_initial` in ceilometer/gnocchi_client.py)."""

GENERIC = "generic"
"""The resource type that Gnocchi itself has from the start."""

# 21.0.0, 24.0.0.0rc1 or Debian's 2:21.0.0-0ubuntu1~cloud0, but no year such as 2023.2
_VERSION = re.compile(r"(?:\d+:)?(\d{1,3})(?:\D.*)?")


class Attribute(msgspec.Struct, frozen=True):
    """An attribute of a resource type, with Gnocchi's word for its type, such as `uuid`.

    Its length or range is the operator's affair.
    """

    type: str
    required: bool


Types = Mapping[str, Mapping[str, Attribute]]
"""Resource types by name, each with its attributes by name."""


class Needed(msgspec.Struct, frozen=True):
    """A resource type as Gnocchi must have it.

    Attributes:
        patched: names of those attributes that ceilometer-upgrade also adds to or changes in a
            type that is already there; the others come only when it creates the type.
    """

    attributes: Mapping[str, Attribute] = {}
    patched: frozenset[str] = frozenset()

    def with_patch(self, changed: Mapping[str, Attribute]) -> Needed:
        """The same type after a release added or changed these attributes."""
        return Needed({**self.attributes, **changed}, self.patched | changed.keys())


class Comparison(msgspec.Struct, frozen=True):
    """Differences of Gnocchi's resource types from those of a release, in short phrases.

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


class _Difference(msgspec.Struct, frozen=True):
    """An entry of the table: how a major version of Ceilometer differs from the one before."""

    since: int
    types: Mapping[str, Mapping[str, str]] = {}
    attributes: Mapping[str, Mapping[str, str]] = {}
    optional: Mapping[str, tuple[str, ...]] = {}
    removed: tuple[str, ...] = ()


def phrased(differences: Collection[str], limit: int = 3) -> str:
    """Differences for people: the first few, and how many more there are."""
    first, others = list(differences)[:limit], len(differences) - limit
    return "; ".join(first) + (f"; {others} more" if others > 0 else "")


def is_version(release: str) -> bool:
    """Tell if a text is a version of Ceilometer, and not a year, a word or nothing."""
    return _major(release) is not None


def _major(version: str | None) -> int | None:
    found = _VERSION.fullmatch((version or "").strip())
    return int(found[1]) if found else None


def needed(release: str | None) -> Mapping[str, Needed]:
    """The types that Gnocchi must have for a version of Ceilometer such as `21.0.0`.

    A version newer than the table counts as the newest one that is known. Of one that is older,
    unknown or unreadable, only the baseline is needed, without attributes.
    """
    major = _major(release)
    types: Mapping[str, Needed] = {name: Needed() for name in sorted(BASELINE)}
    for since, made in _releases().items():
        if major is not None and since <= major:
            types = made
    return types


def compare(types: Types, release: str | None) -> Comparison:
    """Compare Gnocchi's resource types with what a version of Ceilometer needs.

    What another release of Ceilometer made is neither behind nor customised.
    """
    wanted = needed(release)
    # nothing works without the baseline, so it comes first
    by_weight = sorted(wanted, key=lambda name: (name not in BASELINE, name))
    lacks: list[str] = []
    strict: list[str] = []
    beyond: list[str] = []
    for name in wanted.keys() & types.keys():
        absent: list[str] = []
        for attribute, wish in wanted[name].attributes.items():
            has = types[name].get(attribute)
            if has is None:
                absent.append(attribute)
            elif has.required and not wish.required and has in _forms()[name][attribute]:
                # as an older release made it
                strict.append(f"{name}.{attribute} still required")
        lacks += _lacks(name, [a for a in absent if a in wanted[name].patched])
        beyond += _lacks(name, [a for a in absent if a not in wanted[name].patched])
    return Comparison(
        behind=(
            *(f"{name} missing" for name in by_weight if name not in types),
            *sorted(lacks),
            *sorted(strict),
        ),
        customised=_customised(types),
        beyond_upgrade=tuple(sorted(beyond)),
    )


def _lacks(name: str, attributes: list[str]) -> list[str]:
    return [f"{name} lacks {', '.join(attributes)}"] if attributes else []


def _customised(types: Types) -> tuple[str, ...]:
    phrases: list[str] = []
    for name in sorted(types.keys() - {GENERIC}):
        forms = _forms().get(name)
        if forms is None:
            phrases.append(f"type {name} added")
            continue
        for attribute, has in sorted(types[name].items()):
            change = _change(has, forms.get(attribute, set()))
            if change:
                phrases.append(f"{name}.{attribute} {change}")
    return tuple(phrases)


def _change(has: Attribute, forms: Collection[Attribute]) -> str:
    """The operator's change of an attribute that releases made in these forms, or nothing."""
    if not forms:
        return "added"
    if has in forms:
        return ""
    kinds = sorted({form.type for form in forms})
    if has.type not in kinds:
        return f"is {has.type}, not {' or '.join(kinds)}"
    return "made required" if has.required else "made optional"


@functools.cache
def _forms() -> Mapping[str, Mapping[str, set[Attribute]]]:
    """All types and attributes that any release makes, each in every form that it ever had."""
    forms: dict[str, dict[str, set[Attribute]]] = {}
    for types in _releases().values():
        for name, known in types.items():
            seen = forms.setdefault(name, {})
            for attribute, form in known.attributes.items():
                seen.setdefault(attribute, set()).add(form)
    return forms


@functools.cache
def _releases() -> Mapping[int, Mapping[str, Needed]]:
    """The types that each known release makes, by the major version; oldest first."""
    releases: dict[int, Mapping[str, Needed]] = {}
    types: dict[str, Needed] = {}
    table = msgspec.yaml.decode(PATH.read_bytes(), type=dict[str, list[_Difference]])
    for entry in table["releases"]:
        types = {name: known for name, known in types.items() if name not in entry.removed}
        for name, attributes in entry.types.items():
            types[name] = Needed(_attributes(attributes))
        for name, attributes in entry.attributes.items():
            types[name] = types[name].with_patch(_attributes(attributes))
        for name, attributes in entry.optional.items():
            had = types[name].attributes
            relaxed = {a: Attribute(had[a].type, required=False) for a in attributes}
            types[name] = types[name].with_patch(relaxed)
        releases[entry.since] = types
    return releases


def _attributes(texts: Mapping[str, str]) -> Mapping[str, Attribute]:
    """Attributes from their words in the table, `TYPE` or `TYPE required`."""
    words = {name: text.split() for name, text in texts.items()}
    return {name: Attribute(word[0], "required" in word) for name, word in words.items()}


# Gnocchi's answer


def parse(answer: Any) -> Types:
    """Read Gnocchi's answer to `GET /v1/resource_type`.

    Raises:
        ValueError: it is no list of resource types; the text tells what is wrong.
    """
    types: dict[str, Mapping[str, Attribute]] = {}
    for entry in _expect(answer, list, "the answer"):
        fields = _expect(entry, dict, "a resource type")
        name = plain(_expect(fields.get("name"), str, "the name of a resource type"))
        attributes = _expect(fields.get("attributes") or {}, dict, f"attributes of {name}")
        types[name] = {
            plain(attribute): _parse_attribute(value, f"{name}.{plain(attribute)}")
            for attribute, value in attributes.items()
        }
    return types


def _parse_attribute(value: Any, name: str) -> Attribute:
    fields = _expect(value, dict, name)
    type_ = plain(_expect(fields.get("type"), str, f"the type of {name}"))
    # Gnocchi's own default (gnocchi/resource_type.py, CommonAttributeSchema.meta_schema)
    return Attribute(type_, fields.get("required") is not False)


def _expect(value: Any, kind: type, what: str) -> Any:
    if isinstance(value, kind):
        return value
    words = {dict: "object", list: "list", str: "string"}
    raise ValueError(f"{what}: no JSON {words[kind]}")
