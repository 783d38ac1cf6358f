"""What a real Juju printed, as data."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import shlex
from typing import Any

_HERE = pathlib.Path(__file__).parent
STATUSES = sorted(path.stem for path in (_HERE / "status").iterdir())
"""Names of the recorded models."""


@dataclasses.dataclass(frozen=True)
class Recording:
    """A command and what it printed.

    Attributes:
        user: who asked.
    """

    user: str
    words: tuple[str, ...]
    exit: int
    stdout: str
    stderr: str


def status(name: str) -> dict[str, Any]:
    """A recorded `juju status --format json`."""
    return json.loads((_HERE / "status" / f"{name}.json").read_text(encoding="utf-8"))


def commands() -> list[Recording]:
    """All recorded commands."""
    return [
        Recording(
            entry["as"],
            tuple(shlex.split(entry["command"])[1:]),
            entry["exit"],
            entry["stdout"],
            entry["stderr"],
        )
        for entry in json.loads((_HERE / "commands.json").read_text(encoding="utf-8"))
    ]
