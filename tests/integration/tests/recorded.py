"""What Juju 4.0.14 printed."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re
from typing import Any

FOLDER = pathlib.Path(__file__).with_name("recordings")


@dataclasses.dataclass(frozen=True)
class Command:
    """One command and its answer."""

    stdout: str
    stderr: str
    exit_code: int


def text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def document(name: str) -> Any:
    return json.loads(text(name))


def command(name: str) -> Command:
    """A recording with the command, both of its outputs and its exit code."""
    whole = re.fullmatch(
        r"\$ [^\n]*\n(?P<out>.*?)--- stderr\n(?P<err>.*)--- exit (?P<code>\d+), .*\n",
        text(name),
        re.DOTALL,
    )
    assert whole is not None
    return Command(whole["out"], whole["err"], int(whole["code"]))
