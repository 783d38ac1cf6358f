"""The form of the one status: level and message; upgrade/summary.py chooses what it tells."""

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

_ROOM = 80
"""Characters of the summary's first words that are shown beside any remedy."""

_CUT = "..."
_FIRST = 24
"""Characters in which no detail begins: `standby; leader blocked:`."""

_DETAIL = re.compile(r"; | \(| at \w+://")
"""The begin of details (advice, numbers, places) behind the fault itself."""

_LONGEST_REMEDY = 2000
"""Characters of a remedy that other units are told; of a longer one they are told nothing."""


class Level(enum.Enum):
    """Levels by who has to act; the values are Juju's names of statuses."""

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
        check: the check that it is about, such as `metric.endpoint`; empty where none.
        since: when that was first seen not to be ok, for people; empty where not known.
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
        """At most `LIMIT` characters, unless the first words and the remedy are longer.

        The time is left out where the summary would be cut for it. The summary is cut between
        words, first in its details; the remedy is never cut.
        """
        text = plain(self.summary, limit=1000)
        end = f"; {self.remedy}" if self.remedy else ""
        end += more(self.others, self.following)
        dated = f"{text} since {self.since}"
        if self.since and len(dated) + len(end) <= LIMIT:
            return dated + end
        detail = _DETAIL.search(text, _FIRST)
        first = detail.start() + len(_CUT) if detail else len(text)
        return _fitted(text, max(LIMIT - len(end), min(first, _ROOM))) + end

    @property
    def text(self) -> str:
        """The message for other units and charms, without counts, which change by themselves."""
        return msgspec.structs.replace(self, others=0, following=0).message

    def dated(self, onset: datetime.datetime | None) -> Status:
        """The status with the absolute time since when its check is not ok."""
        since = f"{onset:%d %b %H:%MZ}".lstrip("0") if onset is not None and self.check else ""
        return msgspec.structs.replace(self, since=since)

    def settled(self, before: Status | None) -> Status:
        """The status for others: the one before, where only counts, measures or times differ."""
        if before is None or _shape(self) != _shape(before):
            return self
        return before if before.since or not self.since else self

    def to_json(self) -> str:
        """The status for other units, without a remedy that is too long for them."""
        summary, remedy = _for_others(self)
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


def _for_others(status: Status) -> tuple[str, str]:
    """Summary and remedy for other units."""
    remedy = plain(status.remedy, len(status.remedy))
    return plain(status.summary), remedy if len(remedy) <= _LONGEST_REMEDY else ""


def _shape(status: Status) -> tuple[Level, str, str]:
    summary, remedy = _for_others(status)
    return status.level, _COUNTS.sub("#", summary), remedy


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


def _fitted(text: str, room: int) -> str:
    """The text cut between two words; within one only where that fills the room."""
    if len(text) <= room:
        return text
    cut = text[: room - len(_CUT)]
    if text[len(cut)] not in " ;,":
        cut = cut.rpartition(" ")[0] or cut
    return cut.rstrip(" ,;:(") + _CUT
