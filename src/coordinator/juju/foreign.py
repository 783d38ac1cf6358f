"""Documents of the juju client, read without trust: a value of another type is refused.

What is not as Juju writes it ends in one exception, `NotUnderstoodError`; never in another one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from coordinator.report.kept import Json

LARGEST = 64 * 1024 * 1024
"""Characters of a document at most: a model of 3,000 units has about 3 million."""

# Grammars of names, as regular expressions: they are compiled when a document is read.

APPLICATION = r"[a-z][a-z0-9]*(?:-[0-9]*[a-z][a-z0-9]*)*"
"""Name of an application, also of a charm (juju/names, application.go; juju/charm, url.go)."""
NUMBER = r"(?:0|[1-9][0-9]{0,8})"
"""Number of a task or of an operation."""
UNIT = f"{APPLICATION}/{NUMBER}"
"""Name of a unit (juju/names, unit.go)."""
MACHINE = f"{NUMBER}(?:/[a-z]+/{NUMBER})*"
"""Number of a machine, or of a container such as `0/lxd/3` (juju/names, machine.go)."""
ENDPOINT = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
"""Name of an endpoint. Juju does not check those of metadata.yaml, so this is only what cannot
harm where it is shown or typed."""

_LONGEST = 250
"""Characters of a name at most."""


class NotUnderstoodError(ValueError):
    """A document is not what Juju writes."""


def load(text: str) -> Json:
    """Read a JSON document; null where nothing was printed."""
    if len(text) > LARGEST:
        raise NotUnderstoodError("a document that is too long")
    try:
        return json.loads(text) if text.strip() else None
    except (ValueError, RecursionError):
        raise NotUnderstoodError("no JSON document") from None


def check_name(text: Json, grammar: str) -> str:
    """Return a name that follows its grammar."""
    if not isinstance(text, str) or len(text) > _LONGEST or not re.fullmatch(grammar, text):
        raise NotUnderstoodError("a name that Juju does not allow")
    return text


class Node:
    """A mapping in a document. What is missing or null is empty."""

    __slots__ = ("_items",)

    def __init__(self, value: Json) -> None:
        if value is not None and not isinstance(value, Mapping):
            raise NotUnderstoodError("no mapping")
        self._items: Mapping[str, Json] = value or {}

    def __contains__(self, key: str) -> bool:
        return key in self._items

    def text(self, key: str) -> str:
        """A text; empty where there is none."""
        value = self._items.get(key)
        if value is not None and not isinstance(value, str):
            raise NotUnderstoodError(f"{key}: no text")
        return value or ""

    def name(self, key: str, grammar: str) -> str:
        """A name that follows its grammar; empty where there is none."""
        value = self.text(key)
        return check_name(value, grammar) if value else ""

    def number(self, key: str) -> int | None:
        """A whole number of up to nine digits; None where there is none."""
        value = self._items.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 10**9:
            raise NotUnderstoodError(f"{key}: no number")
        return value

    def items(self, key: str) -> list[Json]:
        """The items of a list; none where there is no list."""
        value = self._items.get(key)
        if value is not None and not isinstance(value, list):
            raise NotUnderstoodError(f"{key}: no list")
        return value or []

    def keys(self, grammar: str) -> list[str]:
        """Its keys, each a name that follows a grammar."""
        return [check_name(key, grammar) for key in self._items]

    def node(self, key: str) -> Node:
        """A mapping below; empty where there is none."""
        return Node(self._items.get(key))

    def nodes(self, key: str, grammar: str) -> dict[str, Node]:
        """The mappings in a mapping below, by names that follow a grammar."""
        below = self.node(key)
        return {name: below.node(name) for name in below.keys(grammar)}
