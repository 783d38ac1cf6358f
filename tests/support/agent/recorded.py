"""Reads the recordings of Juju 4.0.14 (recordings/)."""

from __future__ import annotations

import dataclasses
import pathlib
import re

FOLDER = pathlib.Path(__file__).with_name("recordings")


@dataclasses.dataclass(frozen=True)
class Command:
    """A command on a unit: what it printed, outputs and errors, and its exit code.

    Where `unit` is empty, `words` say what an operator did.
    """

    unit: str
    words: str
    printed: str = ""
    code: int = 0


@dataclasses.dataclass(frozen=True)
class Segment:
    """What was done, and the hooks that followed: (unit, name of the hook, remote unit)."""

    done: str
    hooks: tuple[tuple[str, ...], ...]


def read_commands(name: str) -> list[Command]:
    """The commands of a recording in their order."""
    return parse_commands((FOLDER / name).read_text())


def parse_commands(text: str) -> list[Command]:
    """Commands as a recording writes them: `$ UNIT WORDS`, what was printed, `--- CODE`."""
    found: list[Command] = []
    for match in re.finditer(
        r"^! (.*)$|^\$ (\S+) (.*?)\n((?:(?!\$ |--- \d).*\n)*)--- (\d+)$", text, re.MULTILINE
    ):
        done, unit, words, printed, code = match.groups()
        if done:
            found.append(Command("", done))
        else:
            found.append(Command(unit, words, printed, int(code)))
    return found


def read_hooks(name: str = "hooks.txt") -> list[Segment]:
    """The segments of a recording in their order."""
    parts = (FOLDER / name).read_text().split("=== ")[1:]
    return [
        Segment(head, tuple(tuple(line.split()) for line in lines))
        for head, *lines in (part.splitlines() for part in parts)
    ]


def read_inside(name: str = "inside.txt") -> dict[str, list[Command]]:
    """The commands that were run inside hooks, by UNIT HOOK REMOTE-UNIT."""
    parts = (FOLDER / name).read_text().split("=== ")[1:]
    return {part.splitlines()[0]: parse_commands(part) for part in parts}


def read_environments(name: str = "environment.txt") -> dict[str, dict[str, str]]:
    """The variables of each recorded hook, by the recording's name; "..." is any value."""
    return {
        segment.done: dict(line[0].split("=", 1) for line in segment.hooks)
        for segment in read_hooks(name)
    }


def without_accidents(text: str) -> str:
    """A text without what is another at every run: UUIDs, ids, times, paths, addresses."""
    for pattern, word in (
        (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "UUID"),
        (r"\b[0-9a-v]{20}\b", "ID"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", "TIME"),
        (r"\b00(:[0-9a-f]{2}){5}\b", "MAC"),
        (r"^\S+: line \d+: (\S+: command not found)", r"\1"),
        (r"\bGet https://\S+ ", ""),
        (r"for application UUID", "for application"),
    ):
        text = re.sub(pattern, word, text, flags=re.MULTILINE)
    return text
