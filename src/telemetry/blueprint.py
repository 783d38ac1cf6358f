"""The systems of a complete telemetry stack, read from `blueprint.yaml`."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from collections.abc import Mapping

PATH = pathlib.Path(__file__).with_name("blueprint.yaml")


@dataclasses.dataclass(frozen=True)
class System:
    """One system of the stack; the attributes are described at the top of `blueprint.yaml`."""

    type: str
    name: str
    title: str
    api: str
    charm: str
    check: str


@functools.cache
def load() -> Mapping[str, System]:
    """The systems by catalog type, in the order of reports."""
    import yaml  # noqa: PLC0415 - a quiet hook reads no blueprint

    entries = yaml.safe_load(PATH.read_text(encoding="utf-8"))["systems"]
    return {entry["type"]: System(**entry) for entry in entries}
