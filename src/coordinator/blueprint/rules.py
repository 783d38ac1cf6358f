"""What a value of a blueprint may be: each rule reads one kind, or says what is allowed instead.

A rule is a function of a value; a table of rules is the schema of a mapping.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from coordinator.blueprint.yaml_lines import Value, error, short

LONGEST = 200
"""Characters of a text, such as a title."""

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

NAMES = "use small letters, digits and dashes"
"""What a name may be."""
_OPTION = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")
_CONTROL = re.compile(r"[^\S\n\t ]|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

_Kind = TypeVar("_Kind")
Rule = Callable[[Value], _Kind]


def text(value: Value) -> str:
    """A line of text."""
    if not isinstance(value.data, str) or value.kind != "str":
        raise value.invalid(f"must be text, not {value.described()}")
    found = value.data.strip()
    if not found or not found.isprintable() or len(found) > LONGEST:
        raise value.invalid(f"must be one line of text, at most {LONGEST} characters")
    return found


def name(value: Value) -> str:
    """A name of a charm, an endpoint, a system or a catalog type."""
    found = text(value)
    if not NAME.fullmatch(found):
        raise value.invalid(f"'{short(found)}' is no name", NAMES)
    return found


def flag(value: Value) -> bool:
    """True or false, in YAML's words."""
    if value.kind != "bool":
        raise value.invalid(f"must be true or false, not {value.described()}")
    return str(value.data).lower() in {"true", "yes", "on"}


def number(most: int) -> Rule[int]:
    """A number from 1."""

    def rule(value: Value) -> int:
        found = value.data if isinstance(value.data, str) else ""
        if not re.fullmatch(r"[1-9][0-9]{0,4}", found) or int(found) > most:
            raise value.invalid(f"must be a number from 1 to {most}, not {value.described()}")
        return int(found)

    return rule


def form(pattern: str, what: str, allowed: str) -> Rule[str]:
    """A text of a form."""

    def rule(value: Value) -> str:
        found = text(value)
        if not re.fullmatch(pattern, found):
            raise value.invalid(f"'{short(found)}' is no {what}", allowed)
        return found

    return rule


def some(rule: Rule[_Kind], least: str = "") -> Rule[tuple[_Kind, ...]]:
    """A list.

    Args:
        rule: of its items.
        least: what is said of an empty one; empty where that is allowed.
    """

    def read(value: Value) -> tuple[_Kind, ...]:
        if not isinstance(value.data, list):
            raise value.invalid(f"must be a list, not {value.described()}")
        if least and not value.data:
            raise value.invalid(least)
        return tuple(rule(item) for item in value.data)

    return read


def options(value: Value) -> dict[str, str]:
    """Options of a charm, with their values as text."""
    found: dict[str, str] = {}
    for key, option in mapping(value).items():
        if not _OPTION.fullmatch(key):
            raise option.invalid("is no name of an option", "use letters, digits, dashes and _")
        if not isinstance(option.data, str):
            raise option.invalid(f"must be text or a number, not {option.described()}")
        if _CONTROL.search(option.data):
            raise option.invalid("must be text without control characters")
        found[key] = option.data
    return found


def mapping(value: Value) -> dict[str, Value]:
    """The values of a mapping by key."""
    if not isinstance(value.data, dict):
        raise value.invalid(f"must be KEY: VALUE lines, not {value.described()}")
    return value.data


def keys(rules: Mapping[str, Rule[Any]], required: Iterable[str] = ()) -> Rule[dict[str, Any]]:
    """A mapping with these keys; those that are empty are left out."""

    def read(value: Value) -> dict[str, Any]:
        pairs = mapping(value)
        for key, found in pairs.items():
            if key not in rules:
                fault = f"unknown key '{short(key)}'"
                raise error(found.source, found.line, value.where, fault, listed("keys", rules))
        present = {key: found for key, found in pairs.items() if not found.is_empty}
        for key in required:
            if key not in present:
                raise value.invalid(f"missing key '{key}'")
        return {key: rules[key](found) for key, found in present.items()}

    return read


def listed(what: str, names: Iterable[str]) -> str:
    """What is allowed, as a list."""
    return f"{what} are {', '.join(names)}"
