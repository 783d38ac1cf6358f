"""Rules for values of a blueprint: each reads one kind, or says what is allowed instead.

A rule is a function of a value; a table of rules is the schema of a mapping.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, TypeVar

from coordinator.blueprint.yaml_lines import Value, error, short

LONGEST = 200
"""Characters of a text, such as a title."""

MOST = 99
"""The largest number, such as that of units."""

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


def form(pattern: re.Pattern[str], what: str, allowed: str) -> Rule[str]:
    """A text of a form."""

    def rule(value: Value) -> str:
        found = text(value)
        if not pattern.fullmatch(found):
            raise value.invalid(f"'{short(found)}' is no {what}", allowed)
        return found

    return rule


NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""A name of a charm, an endpoint, a system or a catalog type."""

NAMES = "use small letters, digits and dashes"

name = form(NAME, "name", NAMES)


def one_of(names: Collection[str], plural: str, unknown: str) -> Rule[str]:
    """One of some texts; `unknown` begins what is said of another one."""

    def rule(value: Value) -> str:
        found = text(value)
        if found not in names:
            raise value.invalid(f"{unknown} '{short(found)}'", listed(plural, names))
        return found

    return rule


def flag(value: Value) -> bool:
    """True or false, in YAML's words."""
    if value.kind != "bool":
        raise value.invalid(f"must be true or false, not {value.described()}")
    return str(value.data).lower() in {"true", "yes", "on"}


def number(value: Value) -> int:
    """A number from 1 to `MOST`."""
    found = value.data if isinstance(value.data, str) else ""
    if not re.fullmatch(r"[1-9][0-9]{0,4}", found) or int(found) > MOST:
        raise value.invalid(f"must be a number from 1 to {MOST}, not {value.described()}")
    return int(found)


def items(value: Value) -> list[Value]:
    """The values of a list."""
    if not isinstance(value.data, list):
        raise value.invalid(f"must be a list, not {value.described()}")
    return value.data


def mapping(value: Value) -> dict[str, Value]:
    """The values of a mapping by key."""
    if not isinstance(value.data, dict):
        raise value.invalid(f"must be KEY: VALUE lines, not {value.described()}")
    return value.data


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


def keys(
    make: Callable[..., _Kind], rules: Mapping[str, Rule[Any]], required: Iterable[str] = ()
) -> Rule[_Kind]:
    """A mapping with these keys, made into a value; keys that are empty are left out."""

    def rule(value: Value) -> _Kind:
        pairs = mapping(value)
        for key, found in pairs.items():
            if key not in rules:
                fault = f"unknown key '{short(key)}'"
                raise error(found.source, found.line, value.where, fault, listed("keys", rules))
        present = {key: found for key, found in pairs.items() if not found.is_empty}
        for key in required:
            if key not in present:
                raise value.invalid(f"missing key '{key}'")
        return make(**{key: rules[key](found) for key, found in present.items()})

    return rule


def listed(plural: str, names: Iterable[str]) -> str:
    """Everything that is allowed, as a list."""
    return f"{plural} are {', '.join(names)}"
