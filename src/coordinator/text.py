"""Texts that come from elsewhere, made fit for statuses, logs and arguments of commands."""

from __future__ import annotations

import re

_NO_NAME = re.compile(r"[^A-Za-z0-9._:/-]")


def plain(text: str, limit: int = 300) -> str:
    """The text on one line, without control characters, cut at the limit.

    A null byte or a lone surrogate in an answer would otherwise break the hook command that is
    to publish it.
    """
    line = " ".join(text.split())
    printable = "".join(character if character.isprintable() else "?" for character in line)
    return printable if len(printable) <= limit else printable[: limit - 3] + "..."


def quoted(name: str, limit: int = 60) -> str:
    """A name that anybody may have chosen, in quotes, where it stands beside what is to be typed.

    It is of a narrow alphabet, which no shell takes for anything else, and cut at the limit.
    """
    safe = _NO_NAME.sub("?", name[: limit + 1])
    return f"'{safe if len(safe) <= limit else safe[: limit - 3] + '...'}'"


def more(others: int, following: int) -> str:
    """What is not said of a list of causes: how many others, and what follows from the first."""
    parts = [f"+{others} more"] if others else []
    parts += [f"{following} follow{'s' if following == 1 else ''}"] if following else []
    return f" ({', '.join(parts)})" if parts else ""
