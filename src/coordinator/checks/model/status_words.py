"""What charms say when something is wrong, and what that means: `status_words.yaml`."""

from __future__ import annotations

import functools
import pathlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from coordinator.juju.status import JujuLevel
from coordinator.report.finding import Cause, Severity

_PATH = pathlib.Path(__file__).with_name("status_words.yaml")


class Words(msgspec.Struct, frozen=True):
    """One entry of the file.

    Attributes:
        dead: True: it fits only where no unit of the application is well, False: only where one
            is; None: either.
        used: it fits only where others use the application, and are content.
        remedy: with places for names, as are the others.
        then: commands that come next.
        hint: what one must know to choose well.
    """

    level: JujuLevel
    said: str
    is_pattern: bool
    dead: bool | None
    used: bool
    cause: Cause
    severity: Severity
    remedy: str
    then: tuple[str, ...]
    hint: str

    def fits(self, level: JujuLevel, message: str) -> bool:
        """Whether a status has these words."""
        if level is not self.level:
            return False
        return bool(re.search(self.said, message)) if self.is_pattern else self.said in message


def find(
    charm: str, level: JujuLevel, message: str, *, dead: bool, used: bool = False
) -> Words | None:
    """What a status of a charm's unit means; None where it is not known."""
    if level not in {
        JujuLevel.ACTIVE,
        JujuLevel.BLOCKED,
        JujuLevel.WAITING,
        JujuLevel.MAINTENANCE,
    }:
        return None
    for words in _known().get(charm, ()):
        fits = words.dead in (None, dead) and (used or not words.used)
        if fits and words.fits(level, message):
            return words
    return None


@functools.cache
def _known() -> Mapping[str, tuple[Words, ...]]:
    """Entries by charm, in the order in which they count."""
    found: dict[str, list[Words]] = {}
    for charms, words in _entries():
        for charm in charms:
            found.setdefault(charm, []).append(words)
    return {charm: tuple(entries) for charm, entries in found.items()}


def _entries() -> Iterator[tuple[list[str], Words]]:
    dead = {"all": True, "some": False, "": None}
    entries: list[dict[str, Any]] = msgspec.yaml.decode(_PATH.read_bytes())
    for entry in entries:
        yield (
            entry["charm"],
            Words(
                level=JujuLevel(entry["level"]),
                said=entry["words"],
                is_pattern=entry["match"] == "regex",
                dead=dead[entry.get("units", "")],
                used=entry.get("used", False),
                cause=Cause(entry["cause"]),
                severity=Severity(entry["severity"]),
                remedy=entry["remedy"],
                then=tuple(entry.get("then", ())),
                hint=entry.get("hint", "").strip(),
            ),
        )
