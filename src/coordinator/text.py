"""Words of messages; texts from elsewhere made fit for statuses, logs and commands."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

SHOWN = 5
"""Names in one finding or remedy; the others are counted."""

_NO_NAME = re.compile(r"[^A-Za-z0-9._:/-]")


class Secret(str):
    """A text that stays out of the repr of what holds it, and so out of logs and tracebacks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret()"


def plain(text: str, limit: int = 300) -> str:
    """The text on one line, without control characters, cut at the limit.

    A null byte or a lone surrogate in an answer would otherwise break the hook command that is
    to publish it.
    """
    line = " ".join(text.split())
    printable = "".join(character if character.isprintable() else "?" for character in line)
    return _cut(printable, limit)


def quoted(name: str, limit: int = 60) -> str:
    """A name that anybody may have chosen, in quotes, fit to stand beside what is to be typed.

    It is of a narrow alphabet, which no shell takes for anything else, and cut at the limit.
    """
    safe = _NO_NAME.sub("?", name[: limit + 1])
    return f"'{_cut(safe, limit)}'"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 3] + "..."


def more(others: int, following: int) -> str:
    """The end of a message about the first of several causes: what it does not tell."""
    parts = [f"+{others} more"] if others else []
    parts += [f"{following} caused by this"] if following else []
    return f" ({'; '.join(parts)})" if parts else ""


def counted(number: int, noun: str = "unit") -> str:
    """A number with its noun, such as `1 unit` or `no units`."""
    return f"1 {noun}" if number == 1 else f"{number or 'no'} {noun}s"


def named(names: Sequence[str], shown: int = SHOWN) -> str:
    """Some names, and how many more there are."""
    rest = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {rest} more" if rest > 0 else "")


def lasting(span: datetime.timedelta) -> str:
    """A span of time for people: `45 s`, `12 min`, `3 h`, `2 d`."""
    seconds = max(0, round(span.total_seconds()))
    for unit, length, most in (("s", 1, 120), ("min", 60, 120 * 60), ("h", 3600, 48 * 3600)):
        if seconds < most:
            return f"{seconds // length} {unit}"
    return f"{seconds // 86400} d"
