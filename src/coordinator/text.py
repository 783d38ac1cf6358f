"""Texts that come from elsewhere, made fit for statuses, logs and arguments of commands."""

from __future__ import annotations


def plain(text: str, limit: int = 300) -> str:
    """The text on one line, without control characters, cut at the limit.

    A null byte or a lone surrogate in an answer would otherwise break the hook command that is
    to publish it.
    """
    line = " ".join(text.split())
    printable = "".join(character if character.isprintable() else "?" for character in line)
    return printable if len(printable) <= limit else printable[: limit - 3] + "..."
