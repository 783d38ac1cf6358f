"""The one status: level and message that sum up everything. Pure."""

from __future__ import annotations

import datetime
import enum
import json
import re

import msgspec

from coordinator.report import kept
from coordinator.text import more, plain

LIMIT = 120
"""Characters of a message; more is cut off in `juju status` on an ordinary terminal."""

ROOM = 80
"""Characters of the summary's first words that are shown beside whatever remedy."""

_CUT = "..."
_FIRST = 24
"""Characters in which no detail begins: `standby; leader blocked:`."""

_DETAIL = re.compile(r"; | \(| at \w+://")
"""Where details begin: advice, numbers and places, behind what is the matter."""

_LONGEST_REMEDY = 2000
"""Characters of a remedy that other units are told: a longer one they are not told at all."""


class Level(enum.Enum):
    """Who has to act; the values are Juju's names of statuses."""

    BLOCKED = "blocked"  # a person
    WAITING = "waiting"  # another charm
    MAINTENANCE = "maintenance"  # the coordinator itself
    ACTIVE = "active"  # nobody


_COUNTS = re.compile(
    r"(?<!HTTP )(?<!line )(?<!port )(?<!task )(?<!version )(?<![\w./:@-])"
    r"\d+(?:\.\d+(?= s\b))?(?![\w./:-]*\w)"
)
"""Numbers that count or measure: not those of an HTTP status, a name, a version or a time."""


class Status(kept.Kept, frozen=True):
    """A status.

    Attributes:
        remedy: what to type; it is never cut.
        check: the check that it is about, such as `metric.endpoint`; empty where none.
        since: when that was first seen not to be ok, as people read it; empty where not known.
    """

    level: Level
    summary: str
    remedy: str = ""
    others: kept.Count = 0
    following: kept.Count = 0
    check: str = ""
    since: str = ""

    @property
    def message(self) -> str:
        """What `juju status` shows: at most `LIMIT` characters, unless the remedy is longer."""
        return message(self.summary, self.remedy, self.others, self.following, self.since)

    @property
    def text(self) -> str:
        """The same for other units and charms, without counts, which change by themselves."""
        return message(self.summary, self.remedy, since=self.since)

    def dated(self, onset: datetime.datetime | None) -> Status:
        """The status of a fault with the time since when; absolute, as it must not change."""
        since = f"{onset:%d %b %H:%MZ}".lstrip("0") if onset is not None and self.check else ""
        return msgspec.structs.replace(self, since=since)

    def settled(self, before: Status | None) -> Status:
        """What others are told: the status before, where only counts and measures differ.

        That holds for the time since when, too: another leader knows it no better.
        """
        if before is None or _shape(self) != _shape(before):
            return self
        return before if before.since or not self.since else self

    def to_json(self) -> str:
        """The status as JSON, for other units; without a remedy that is too long for them."""
        summary, remedy = _kept(self)
        data = {"level": self.level.value, "summary": summary, "remedy": remedy}
        if self.since:
            data["since"] = plain(self.since)
        return json.dumps(data, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Status | None:
        """Read a kept status; None when it is none."""
        try:
            found = kept.document(text)
            if "problem" in found:  # as earlier revisions called it
                found["summary"] = found.pop("problem")
            return kept.read(cls, found)
        except kept.NotKeptError:
            return None


def _kept(told: Status) -> tuple[str, str]:
    """Summary and remedy as other units are told them."""
    remedy = plain(told.remedy, len(told.remedy) + 4)
    return plain(told.summary), remedy if len(remedy) <= _LONGEST_REMEDY else ""


def _shape(told: Status) -> tuple[Level, str, str]:
    summary, remedy = _kept(told)
    return told.level, _COUNTS.sub("#", summary), remedy


def blocked(
    summary: str, remedy: str = "", others: int = 0, following: int = 0, check: str = ""
) -> Status:
    """A person has to act."""
    return Status(Level.BLOCKED, summary, remedy, others, following, check)


def waiting(text: str) -> Status:
    """Another charm has to act."""
    return Status(Level.WAITING, text)


def standby(leader: Status | None) -> Status:
    """The status of a unit that does not lead."""
    if leader is None:
        return Status(Level.ACTIVE, "standby; the leader has not reported yet")
    summary = f"standby; leader {leader.level.value}: {leader.summary}"
    return Status(Level.ACTIVE, summary, leader.remedy, since=leader.since)


def message(
    summary: str, remedy: str = "", others: int = 0, following: int = 0, since: str = ""
) -> str:
    """A message within the limit, as far as the first words of the summary and the remedy fit.

    The time is left out where the summary would be cut for it. The summary is cut between words,
    first what it tells in detail; its first words and what to type are never cut.
    """
    text = plain(summary, limit=1000)
    end = f"; {remedy}" if remedy else ""
    end += more(others, following)
    dated = f"{text} since {since}"
    if since and len(dated) + len(end) <= LIMIT:
        return dated + end
    detail = _DETAIL.search(text, _FIRST)
    first = len(text) if detail is None else detail.start() + len(_CUT)
    return _fitted(text, max(LIMIT - len(end), min(first, ROOM))) + end


def _fitted(text: str, room: int) -> str:
    """A text that is cut between two words; within one only where that fills the room."""
    if len(text) <= room:
        return text
    cut = text[: room - len(_CUT)]
    if text[len(cut)] not in " ;,":
        cut = cut.rpartition(" ")[0] or cut
    return cut.rstrip(" ,;:(") + _CUT
