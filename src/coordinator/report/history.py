"""The history of a unit's status: what changed, and since when each fault is known.

Nothing in it changes by itself, so that an equal history is an equal text: not written anew.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from coordinator.report import kept
from coordinator.report.finding import Severity
from coordinator.report.report import Report
from coordinator.text import plain

VERSION = 1
MOST_CHANGES = 200
SHOWN_CHANGES = 20
_MOST_EVENTS = 10
_MOST_NAMES = 500  # of endpoints, builds, units and checks each
_LONGEST_TEXT = 200

BEGIN = "first status of this leader"
"""The event of the first change: nothing was known before."""


class Facts(kept.Kept, frozen=True):
    """Facts whose change may explain another status.

    Attributes:
        endpoints: catalog type → URL.
        builds: catalog type → version.
        units: names of related units.
        upgrade: the last event of ceilometer-upgrade, with its time; or nothing.
    """

    endpoints: Mapping[str, str] = {}
    builds: Mapping[str, str] = {}
    units: tuple[str, ...] = ()
    upgrade: str = ""

    def changes_since(self, other: Facts) -> tuple[str, ...]:
        """The differences, for people; what was or is not known is no change."""
        events: list[str] = []
        for verb, before, now in (
            ("moved", other.endpoints, self.endpoints),
            ("went", other.builds, self.builds),
        ):
            events += [
                f"{service} {verb} from {before[service]} to {value}"
                for service, value in now.items()
                if before.get(service, value) != value
            ]
        if self.units and other.units:
            units = self.units[:_MOST_NAMES]  # as many as were kept
            events += [f"{unit} joined" for unit in units if unit not in other.units]
            events += [f"{unit} left" for unit in other.units if unit not in units]
        if self.upgrade and self.upgrade != other.upgrade:
            events.append(self.upgrade)
        more = len(events) - _MOST_EVENTS
        return (*events[:_MOST_EVENTS], *([f"{more} more"] if more > 0 else []))

    def filled_from(self, other: Facts) -> Facts:
        """The same, with what was known and is not known now."""
        return Facts(
            _bounded({**other.endpoints, **self.endpoints}),
            _bounded({**other.builds, **self.builds}),
            (self.units or other.units)[:_MOST_NAMES],
            self.upgrade or other.upgrade,
        )


class Change(kept.Kept, frozen=True):
    """One change of the status, or of what it rests on.

    Attributes:
        at: when it was seen, in UTC, in whole seconds.
        status: Juju's word for the one that followed: `blocked`, `active`, …
        summary: of that status, without what to type.
        check: the check that it was about, such as `metric.endpoint`; empty where none.
    """

    at: kept.Moment
    status: str
    summary: str
    check: str = ""
    events: tuple[str, ...] = ()

    @property
    def severity(self) -> Severity:
        """The status as a severity of findings."""
        if self.status == "active":
            return Severity.DEGRADED if self.check else Severity.OK
        return Severity.FAILED if self.status == "blocked" else Severity.SKIPPED

    def is_alike(self, other: Change) -> bool:
        """True if the status is the same: of one check, texts differ in numbers and names."""
        same = self.status == other.status and self.check == other.check
        return same and (bool(self.check) or self.summary == other.summary)


class History(kept.Kept, frozen=True):
    """The changes of a unit's status.

    Attributes:
        changes: the oldest first.
        onsets: check → when it was first seen not to be ok, for those that are not.
    """

    changes: tuple[Change, ...] = ()
    facts: Facts = Facts()
    onsets: Mapping[str, kept.Moment] = {}

    @property
    def recent(self) -> tuple[Change, ...]:
        """The changes that reports show, the newest first."""
        return tuple(reversed(self.changes[-SHOWN_CHANGES:]))

    def noted(
        self, change: Change, facts: Facts | None = None, report: Report | None = None
    ) -> History:
        """The history with a status, where that or what it rests on is another than the last."""
        at = change.at.replace(microsecond=0)
        facts = facts or Facts()
        events = facts.changes_since(self.facts) if self.changes else (BEGIN,)
        changes = self.changes
        if events or not change.is_alike(changes[-1]):
            summary = plain(change.summary, _LONGEST_TEXT)
            texts = tuple(plain(event, _LONGEST_TEXT) for event in events)
            change = Change(at, change.status, summary, change.check, texts)
            changes = (*changes, change)[-MOST_CHANGES:]
        onsets = self.onsets if report is None else _onsets(self.onsets, report, at)
        return History(changes, facts.filled_from(self.facts), onsets)

    def to_json(self) -> str:
        """Equal histories as equal texts."""
        return kept.dumps(self, VERSION)

    @classmethod
    def from_json(cls, text: str) -> History:
        """Read a kept history; one that cannot be read is empty."""
        return kept.loads(cls, text, VERSION) or cls()


def _onsets(
    before: Mapping[str, datetime.datetime], report: Report, at: datetime.datetime
) -> dict[str, datetime.datetime]:
    """Since when each check is not ok; one that could not be asked is as it was."""
    onsets: dict[str, datetime.datetime] = {}
    for finding in report.worst_first():
        known = before.get(finding.check)
        if finding.severity.is_fault:
            # a clock that was set back is no reason for a fault of the future
            onsets[finding.check] = min(known, at) if known else at
        elif finding.severity is Severity.SKIPPED and known:
            onsets.setdefault(finding.check, min(known, at))
    return _bounded(onsets)


def _bounded(data: Mapping[str, Any]) -> dict[str, Any]:
    return dict(list(data.items())[:_MOST_NAMES])
