"""Names and numbers in the words of findings. Pure."""

from __future__ import annotations

from collections.abc import Sequence

SHOWN = 5
"""Names that are told in one finding or remedy; the others are counted."""


def counted(number: int, what: str = "unit") -> str:
    """A number of things: `1 unit`, `3 units`."""
    return f"{number} {what}{'s' if number != 1 else ''}"


def named(names: Sequence[str]) -> str:
    """Some names, and how many more there are."""
    shown, more = names[:SHOWN], len(names) - SHOWN
    return f"{', '.join(shown)} and {more} more" if more > 0 else ", ".join(shown)


def be(number: int) -> str:
    """The verb for a number of things."""
    return "is" if number == 1 else "are"
