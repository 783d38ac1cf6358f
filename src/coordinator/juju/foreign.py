"""Documents of the juju client, read without trust: a value of another type is refused.

Every reader is total. What is not as Juju writes it ends in one exception, `NotUnderstoodError`,
with the place of the value; never in another one. Pure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from coordinator.report.kept import Json

LARGEST = 64 * 1024 * 1024
"""Characters of a document at most: a model of 3,000 units has about 3 million."""

_APPLICATION = r"[a-z][a-z0-9]*(?:-[0-9]*[a-z][a-z0-9]*)*"
_NUMBER = r"(?:0|[1-9][0-9]{0,8})"
APPLICATION = re.compile(_APPLICATION)
"""Name of an application, also of a charm (juju/names, application.go; juju/charm, url.go)."""
UNIT = re.compile(f"{_APPLICATION}/{_NUMBER}")
"""Name of a unit (juju/names, unit.go)."""
MACHINE = re.compile(f"{_NUMBER}(?:/[a-z]+/{_NUMBER})*")
"""Number of a machine, or of a container such as `0/lxd/3` (juju/names, machine.go)."""
ENDPOINT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
"""Name of an endpoint or of an interface. Juju does not check those of metadata.yaml, so this is
only what cannot harm where it is shown or typed."""
ADDRESS = re.compile(r"[A-Za-z0-9.:\[\]-]+")
"""Address and port of a controller."""
TASK = re.compile(_NUMBER)
"""Number of a task or of an operation."""

_LONGEST = 250
"""Characters of a name at most."""


class NotUnderstoodError(ValueError):
    """A document is not what Juju writes; the text says where, without the value."""


def load(text: str) -> Json:
    """A JSON document; null where nothing was printed."""
    if len(text) > LARGEST:
        raise NotUnderstoodError("a document that is too long")
    try:
        document: Json = json.loads(text) if text.strip() else None
    except (ValueError, RecursionError):
        raise NotUnderstoodError("no JSON document") from None
    return document


def name(text: str, grammar: re.Pattern[str], place: str) -> str:
    """A name that follows its grammar."""
    if len(text) > _LONGEST or not grammar.fullmatch(text):
        raise NotUnderstoodError(f"{place}: a name that Juju does not allow")
    return text


class Entry:
    """A mapping in a document. What is missing or null is empty."""

    __slots__ = ("_items", "_place")

    def __init__(self, value: Json, place: str) -> None:
        """Take a mapping, and where it is, for errors."""
        if value is not None and not isinstance(value, Mapping):
            raise NotUnderstoodError(f"{place}: no mapping")
        self._items: Mapping[str, Json] = value or {}
        self._place = place

    def __contains__(self, key: str) -> bool:
        return key in self._items

    def __bool__(self) -> bool:
        return bool(self._items)

    def text(self, key: str) -> str:
        """A text; empty where there is none."""
        value = self._items.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise NotUnderstoodError(f"{self._place}.{key}: no text")
        return value

    def name(self, key: str, grammar: re.Pattern[str]) -> str:
        """A name that follows its grammar; empty where there is none."""
        value = self.text(key)
        return name(value, grammar, f"{self._place}.{key}") if value else ""

    def number(self, key: str) -> int | None:
        """A whole number of up to nine digits; None where there is none."""
        value = self._items.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 10**9:
            raise NotUnderstoodError(f"{self._place}.{key}: no number")
        return value

    def entry(self, key: str) -> Entry:
        """A mapping below; empty where there is none."""
        return Entry(self._items.get(key), f"{self._place}.{key}")

    def items(self, grammar: re.Pattern[str]) -> Iterator[tuple[str, Json, str]]:
        """Names that follow a grammar, their values, and the place of these."""
        for title, value in self._items.items():
            yield name(title, grammar, self._place), value, self._place

    def entries(self, key: str, grammar: re.Pattern[str]) -> Iterator[tuple[str, Entry]]:
        """The mappings below, by names that follow a grammar."""
        for title, value, place in self.entry(key).items(grammar):
            yield title, Entry(value, place)

    def lists(self, key: str, grammar: re.Pattern[str]) -> Iterator[tuple[str, list[Json]]]:
        """The lists below, by names that follow a grammar."""
        for title, value, place in self.entry(key).items(grammar):
            yield title, _listed(value, place)

    def names(self, key: str, grammar: re.Pattern[str]) -> tuple[str, ...]:
        """A list of names."""
        place = f"{self._place}.{key}"
        listed = (Entry({"": one}, place) for one in _listed(self._items.get(key), place))
        return tuple(name(one.text(""), grammar, place) for one in listed)


def _listed(value: Json, place: str) -> list[Json]:
    if value is not None and not isinstance(value, list):
        raise NotUnderstoodError(f"{place}: no list")
    return value or []
