"""The blueprint in force: the charm's own, with what the option `blueprint` changes."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Callable

import msgspec

from coordinator.blueprint.systems import SERVICES, Blueprint, BlueprintError

PATH = pathlib.Path(__file__).with_name("blueprint.yaml")


@functools.lru_cache(maxsize=4)
def load(changes: str = "") -> Blueprint:
    """The charm's own blueprint, with the changes that the option `blueprint` says.

    Raises:
        BlueprintError: the changes are wrong.
    """
    from coordinator.blueprint import parser, yaml_lines  # noqa: PLC0415 - not in a quiet hook

    own = yaml_lines.read(PATH.name, PATH.read_text(encoding="utf-8"), own=True)
    return parser.read(own, yaml_lines.read("option blueprint", changes))


class Choice(msgspec.Struct, frozen=True):
    """The choice which blueprint is in force.

    Attributes:
        changes: what the option says, or said when it was last right.
        fault: why the option as it is now is not followed; empty when it is.
    """

    changes: str = ""
    fault: str = ""

    @property
    def blueprint(self) -> Blueprint:
        """The blueprint in force."""
        return load(self.changes)

    @property
    def services(self) -> tuple[str, ...]:
        """Its catalog types."""
        return tuple(self.blueprint.services) if self.changes else SERVICES


def choose(option: str, last_good: Callable[[], str]) -> Choice:
    """Decide which blueprint is in force, from the option and what it said when it was last right.

    Nothing else decides that.
    """
    if not option.strip():
        return Choice()
    fault = _fault_of(option)
    if not fault:
        return Choice(option)
    kept = last_good()
    return Choice("" if _fault_of(kept) else kept, fault)


def _fault_of(changes: str) -> str:
    try:
        load(changes)
    except BlueprintError as error:
        return str(error)
    return ""
