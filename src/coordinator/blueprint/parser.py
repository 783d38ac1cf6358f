"""Blueprints as text: what they say, or in which line they are wrong and what is allowed there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from coordinator.blueprint import platforms, rules, yaml_lines
from coordinator.blueprint.systems import Blueprint, Deployment, Integration, Registration, System
from coordinator.blueprint.yaml_lines import Text, Value, short

RESERVED = ("identity", "model", "report", "status", "summary", "telemetry", "trust")
"""What cannot be a catalog type: reports and results of actions have these keys already."""

FIXED = ("keystone", "ceilometer")
"""Systems that every verification looks at, whatever is ordered."""

_FORM = "write it as OUR-ENDPOINT: SYSTEM:ENDPOINT"


def _type(value: Value) -> str:
    found = rules.name(value)
    if found in RESERVED:
        raise value.invalid(f"'{found}' is reserved", f"so are {', '.join(RESERVED)}")
    return found


def _track(value: Value) -> str:
    found = rules.text(value)
    if found not in platforms.FAMILIES:
        allowed = rules.listed("tracks", platforms.FAMILIES)
        raise value.invalid(f"unknown track '{short(found)}'", allowed)
    return found


def _ends(value: Value) -> tuple[str, str, str]:
    """Our endpoint, the other system and its endpoint."""
    pairs = value.data if isinstance(value.data, dict) else {}
    if len(pairs) != 1:
        raise value.invalid(f"{value.described()} is no integration", _FORM)
    ((endpoint, target),) = pairs.items()
    other, colon, theirs = (target.data if isinstance(target.data, str) else "").partition(":")
    if not colon or not all(rules.NAME.fullmatch(name) for name in (endpoint, other, theirs)):
        raise value.invalid(f"'{short(endpoint)}' is no integration", _FORM)
    return endpoint, other, theirs


_CATALOG = rules.keys(
    {
        "type": _type,
        "name": rules.text,
        "api": rules.form(r"v\d+", "version", "write it as v1"),
    },
    required=("type", "name"),
)
_DEPLOY = rules.keys(
    {
        "base": rules.flag,
        "units": rules.number(99),
        "track": _track,
        "origin": rules.form(r"[a-z][\w-]*", "option", "write it as openstack-origin"),
        "options": rules.options,
        "metal": rules.flag,
        "person": rules.text,
    }
)


class _Schema:
    """What a system may say, in a blueprint with these systems and checks.

    Attributes:
        known: keys of all systems.
        removed: systems that were taken out, at the place where.
        checks: names of checks.
    """

    def __init__(
        self, known: Collection[str], removed: Mapping[str, Value], checks: Sequence[str]
    ) -> None:
        self._known = known
        self._removed = removed
        self._checks = checks
        self.system = rules.keys(
            {
                "title": rules.text,
                "charms": rules.some(rules.name, "must name at least one charm"),
                "catalog": lambda value: Registration(**_CATALOG(value)),
                "check": self._check,
                "optional": rules.flag,
                "beside": lambda value: tuple(filter(None, rules.some(self._beside)(value))),
                "apart": rules.flag,
                "needs": lambda value: self._integrations(value, optional=False),
                "may": lambda value: self._integrations(value, optional=True),
                "deploy": lambda value: Deployment(**_DEPLOY(value)),
            },
            required=("title", "charms"),
        )

    def _check(self, value: Value) -> str:
        found = rules.text(value)
        if found not in self._checks:
            allowed = rules.listed("checks", self._checks)
            raise value.invalid(f"there is no check '{short(found)}'", allowed)
        return found

    def _beside(self, value: Value) -> str:
        return self._reference(value, rules.text(value))

    def _reference(self, value: Value, key: str) -> str:
        """The key of another system; nothing when that was removed."""
        if key in self._removed:
            return ""
        if key not in self._known:
            allowed = rules.listed("systems", sorted(self._known))
            raise value.invalid(f"unknown system '{short(key)}'", allowed)
        return key

    def _integrations(self, value: Value, *, optional: bool) -> tuple[Integration, ...]:
        system = value.where.partition(":")[0]
        found: list[Integration] = []
        for item, (endpoint, other, theirs) in rules.some(lambda one: (one, _ends(one)))(value):
            if other in self._removed and not optional:
                fault = f"cannot be removed, since {system} needs it"
                raise self._removed[other].invalid(fault, f"remove {system} too")
            if self._reference(item, other):
                found.append(Integration(endpoint, other, theirs, optional))
        return tuple(found)


def read(*texts: Text) -> Blueprint:
    """Read blueprints, each of which extends and overrides those before.

    The keys of a system replace those that it had, a key without a value takes one away, and a
    system without keys is removed.

    Raises:
        BlueprintError: a text is wrong.
    """
    entries: dict[str, Value] = {}
    removed: dict[str, Value] = {}
    for text in texts:
        for key, value in _systems(text).items():
            if not value.is_empty:
                before = rules.mapping(entries[key]) if key in entries else {}
                pairs = {**before, **rules.mapping(value)}
                entries[key] = msgspec.structs.replace(value, data=pairs)
                continue
            if key not in entries:
                raise value.invalid("there is no such system", rules.listed("systems", entries))
            if key in FIXED:
                raise value.invalid("cannot be removed, since the coordinator asks it itself")
            removed[key] = value
            del entries[key]
    schema = _Schema(entries.keys(), removed, _checks(texts[0]))
    systems = {key: _system(key, schema.system(entry)) for key, entry in entries.items()}
    _tell_apart(systems, entries)
    return Blueprint({key: _spread(one, systems) for key, one in systems.items()})


def _systems(text: Text) -> Mapping[str, Value]:
    root = yaml_lines.read(text)
    found = rules.mapping(root) if root else {}
    for key, value in found.items():
        if not rules.NAME.fullmatch(key):
            raise value.invalid("is no name of a system", rules.NAMES)
    return found


def _checks(text: Text) -> tuple[str, ...]:
    """The checks that the first blueprint, the charm's own, uses: others it does not have."""
    entries = (rules.mapping(value) for value in _systems(text).values() if not value.is_empty)
    return tuple(sorted(rules.text(entry["check"]) for entry in entries if "check" in entry))


def _system(key: str, fields: dict[str, Any]) -> System:
    integrations = (*fields.pop("needs", ()), *fields.pop("may", ()))
    return System(key=key, integrations=integrations, **fields)


def _spread(system: System, systems: Mapping[str, System]) -> System:
    """A system of which each other has an application for itself is beside all that need it."""
    if not system.apart:
        return system
    needing = (other.key for other in systems.values() if system.key in other.needs)
    return msgspec.structs.replace(system, beside=tuple(dict.fromkeys((*system.beside, *needing))))


def _tell_apart(systems: Mapping[str, System], entries: Mapping[str, Value]) -> None:
    """A catalog type, and a charm, belongs to one system."""
    types: dict[str, str] = {}
    charms: dict[str, str] = {}
    for key, system in systems.items():
        place = rules.mapping(entries[key])
        kind = system.catalog.type if system.catalog else ""
        if kind and types.setdefault(kind, key) != key:
            fault = f"type '{kind}' is that of {types[kind]} already"
            raise place["catalog"].invalid(fault, "give each system a type of its own")
        for charm in system.charms:
            if charms.setdefault(charm, key) != key:
                fault = f"charm '{charm}' is that of {charms[charm]} already"
                raise place["charms"].invalid(fault, "a charm brings one system only")
