"""Words of charms for what is wrong, with their meaning: reads `status_words.yaml`."""

from __future__ import annotations

import functools
import pathlib
import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from coordinator.juju.status import CharmStatus, JujuLevel
from coordinator.report.finding import Cause, Severity

_PATH = pathlib.Path(__file__).with_name("status_words.yaml")


class Words(msgspec.Struct, frozen=True):
    """One entry of the file, which describes the attributes at its top."""

    charm: tuple[str, ...]
    level: JujuLevel
    match: Literal["text", "regex"]
    words: str
    cause: Cause
    remedy: str
    severity: Severity
    units: Literal["all", "some", ""] = ""
    used: bool = False
    then: tuple[str, ...] = ()
    hint: str = ""

    def fits(self, status: CharmStatus, *, dead: bool, used: bool) -> bool:
        """True if a status has these words, of an application that is as the entry says."""
        if status.level is not self.level or (self.used and not used):
            return False
        if self.units not in ("", "all" if dead else "some"):
            return False
        if self.match == "regex":
            return re.search(self.words, status.message) is not None
        return self.words in status.message


def find(charm: str, status: CharmStatus, *, dead: bool, used: bool = False) -> Words | None:
    """The meaning of a status of a charm's unit; None where it is not known."""
    known = _known().get(charm, ())
    return next((words for words in known if words.fits(status, dead=dead, used=used)), None)


@functools.cache
def _known() -> Mapping[str, list[Words]]:
    """Entries by charm, in the order in which they count."""
    found: dict[str, list[Words]] = {}
    for words in msgspec.yaml.decode(_PATH.read_bytes(), type=list[Words]):
        for charm in words.charm:
            found.setdefault(charm, []).append(words)
    return found
