"""Blueprints as text: what they say, or in which line they are wrong and what is allowed there."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from coordinator.blueprint import platforms, rules
from coordinator.blueprint.systems import Blueprint, Deployment, Integration, Registration, System
from coordinator.blueprint.yaml_lines import Value, short

RESERVED = ("identity", "model", "report", "status", "summary", "telemetry", "trust")
"""These cannot be catalog types: reports and results of actions have these keys already."""

FIXED = ("keystone", "ceilometer")
"""Systems that every verification looks at, whatever is ordered."""

_FORM = "write it as OUR-ENDPOINT: SYSTEM:ENDPOINT"


def read(own: Value | None, changes: Value | None) -> Blueprint:
    """The charm's own blueprint with changes.

    The keys of a system replace those that it had, a key without a value takes one away, and a
    system without keys is removed.

    Raises:
        BlueprintError: one of them is wrong.
    """
    entries = dict(_systems(own))
    used = (rules.mapping(entry).get("check") for entry in entries.values())
    checks = sorted(rules.text(check) for check in used if check is not None)
    removed: dict[str, Value] = {}
    for key, value in _systems(changes).items():
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
    rule = _system_rule(entries, removed, checks)
    systems = {key: _system(key, rule(entry)) for key, entry in entries.items()}
    _refuse_shared(systems, entries)
    return Blueprint({key: _beside_all(one, systems) for key, one in systems.items()})


def _systems(root: Value | None) -> Mapping[str, Value]:
    found = rules.mapping(root) if root else {}
    for key, value in found.items():
        if not rules.NAME.fullmatch(key):
            raise value.invalid("is no name of a system", rules.NAMES)
    return found


def _type(value: Value) -> str:
    found = rules.name(value)
    if found in RESERVED:
        raise value.invalid(f"'{found}' is reserved", f"so are {', '.join(RESERVED)}")
    return found


_CATALOG = rules.keys(
    Registration,
    {
        "type": _type,
        "name": rules.text,
        "api": rules.form(re.compile(r"v\d+"), "version", "write it as v1"),
    },
    required=("type", "name"),
)
_DEPLOY = rules.keys(
    Deployment,
    {
        "base": rules.flag,
        "units": rules.number,
        "track": rules.one_of(platforms.FAMILIES, "tracks", "unknown track"),
        "origin": rules.form(re.compile(r"[a-z][\w-]*"), "option", "write it as openstack-origin"),
        "options": rules.options,
        "metal": rules.flag,
        "person": rules.text,
    },
)


def _charms(value: Value) -> tuple[str, ...]:
    if not rules.items(value):
        raise value.invalid("must name at least one charm")
    return tuple(rules.name(item) for item in rules.items(value))


def _system_rule(
    known: Collection[str], removed: Mapping[str, Value], checks: Collection[str]
) -> rules.Rule[dict[str, Any]]:
    """The rule for a system in a blueprint with these systems and checks.

    Systems that were removed are given with the place where that was said.
    """

    def refer(value: Value, key: str) -> bool:
        """True if a value names a system that is there, false if that was removed."""
        if key not in known and key not in removed:
            allowed = rules.listed("systems", sorted(known))
            raise value.invalid(f"unknown system '{short(key)}'", allowed)
        return key in known

    def beside(value: Value) -> tuple[str, ...]:
        named = ((item, rules.text(item)) for item in rules.items(value))
        return tuple(key for item, key in named if refer(item, key))

    def integrations(value: Value, *, optional: bool) -> tuple[Integration, ...]:
        system = value.where.partition(":")[0]
        found: list[Integration] = []
        ends = [(item, *_ends(item)) for item in rules.items(value)]
        for item, endpoint, other, theirs in ends:
            if other in removed and not optional:
                fault = f"cannot be removed, since {system} needs it"
                raise removed[other].invalid(fault, f"remove {system} too")
            if refer(item, other):
                found.append(Integration(endpoint, other, theirs, optional))
        return tuple(found)

    return rules.keys(
        dict[str, Any],
        {
            "title": rules.text,
            "charms": _charms,
            "catalog": _CATALOG,
            "check": rules.one_of(checks, "checks", "there is no check"),
            "optional": rules.flag,
            "beside": beside,
            "apart": rules.flag,
            "needs": lambda value: integrations(value, optional=False),
            "may": lambda value: integrations(value, optional=True),
            "deploy": _DEPLOY,
        },
        required=("title", "charms"),
    )


def _ends(value: Value) -> tuple[str, str, str]:
    """Our endpoint, the other system and its endpoint."""
    pairs = value.data if isinstance(value.data, dict) else {}
    if len(pairs) != 1:
        raise value.invalid(f"{value.described()} is no integration", _FORM)
    ((endpoint, target),) = pairs.items()
    other, _, theirs = (target.data if isinstance(target.data, str) else "").partition(":")
    if not all(rules.NAME.fullmatch(name) for name in (endpoint, other, theirs)):
        raise value.invalid(f"'{short(endpoint)}' is no integration", _FORM)
    return endpoint, other, theirs


def _system(key: str, fields: dict[str, Any]) -> System:
    integrations = (*fields.pop("needs", ()), *fields.pop("may", ()))
    return System(key=key, integrations=integrations, **fields)


def _refuse_shared(systems: Mapping[str, System], entries: Mapping[str, Value]) -> None:
    """Refuse a catalog type, or a charm, of two systems."""
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


def _beside_all(system: System, systems: Mapping[str, System]) -> System:
    """A system of which each other has an application for itself is beside all that need it."""
    if not system.apart:
        return system
    needing = (other.key for other in systems.values() if system.key in other.needs)
    return msgspec.structs.replace(system, beside=tuple(dict.fromkeys((*system.beside, *needing))))
