"""The record of ceilometer-upgrade: what was done, and what is under way."""

from __future__ import annotations

import datetime
import re
from typing import Annotated

import msgspec

from coordinator.report import kept

VERSION = 2
"""Version of the record's JSON form; 2 brought the running task."""

LONGEST_TASK = datetime.timedelta(minutes=60)
"""A task of Juju that was not seen for so long is given up; one that is seen to wait or run for so
long is told to a person, and waited for: two upgrades at once are worse than none."""

MEMBERS = 50
"""Names of members that are remembered: who left and comes back is nobody new. A list that is full
does not tell who is new; then the proof alone decides."""


class Fingerprint(msgspec.Struct, frozen=True):
    """The state that an upgrade depends on. Empty strings are unknown, and equal to anything.

    Attributes:
        endpoint: Gnocchi's endpoint in the catalog.
        scope: interface and region of that endpoint; another scope is our own options' doing.
        build: version of Gnocchi.
        release: version of Ceilometer.
        members: applications that are Ceilometer and are or were related, comma-separated.
    """

    endpoint: str
    scope: str = ""
    build: str = ""
    release: str = ""
    members: str = ""

    def changes_since(self, other: Fingerprint) -> str:
        """The changes that ceilometer-upgrade must follow, for people; or nothing.

        Units of one application may run different versions while they are upgraded, so only a
        newer version is a change; an application that left needs no resource types.
        """
        changes: list[str] = []
        moved = self.scope == other.scope and self.endpoint != other.endpoint
        if moved and self.endpoint and other.endpoint:
            changes.append(f"Gnocchi moved from {other.endpoint} to {self.endpoint}")
        if other.build and _numbers(self.build) > _numbers(other.build):
            changes.append(f"Gnocchi was upgraded from {other.build} to {self.build}")
        if other.release and _numbers(self.release) > _numbers(other.release):
            changes.append(f"Ceilometer was upgraded from {other.release} to {self.release}")
        known = _names(other.members)
        joined = sorted(_names(self.members) - known)
        if joined and len(known) < MEMBERS:
            changes.append(f"{', '.join(joined)} joined")
        return ", ".join(changes)

    def filled_from(self, other: Fingerprint) -> Fingerprint:
        """The same, with the newest versions and the members that are known."""
        return msgspec.structs.replace(
            self.with_members_of(other),
            build=max(other.build, self.build, key=_numbers),
            release=max(other.release, self.release, key=_numbers),
        )

    def with_members_of(self, other: Fingerprint) -> Fingerprint:
        """The same, with the members that are known, those that are related now first."""
        now = sorted(_names(self.members))
        known = [*now, *sorted(_names(other.members) - set(now))]
        return msgspec.structs.replace(self, members=",".join(sorted(known[:MEMBERS])))

    def completed_from(self, other: Fingerprint) -> Fingerprint:
        """The same, with the versions that were not known."""
        return msgspec.structs.replace(
            self, build=self.build or other.build, release=self.release or other.release
        )


def _names(members: str) -> set[str]:
    return set(members.split(",")) - {""}


def _numbers(version: str) -> tuple[int, ...]:
    """Numbers of a dotted version, to compare it; an unknown one is the oldest."""
    # the length is bounded since Python converts no number of thousands of digits
    return tuple(int(number) for number in re.findall(r"\d{1,18}", version))


class _Dated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    at: kept.Moment
    fingerprint: Fingerprint

    def __post_init__(self) -> None:
        _refuse_far(self.at)


def _refuse_far(time: datetime.datetime) -> None:
    # nothing can be added to it
    if not 1970 <= time.year <= 9000:
        raise ValueError(time)


class Success(_Dated, frozen=True):
    """The last state in which Gnocchi was proven to have all that Ceilometer needs.

    Attributes:
        ran: the coordinator ran ceilometer-upgrade; else it found its work already done.
        still_asks: ceilometer's own charm still asked for its action afterwards, although that
            ended well: as long as it does not stop asking, that is no new need.
    """

    ran: bool
    still_asks: bool = msgspec.field(default=False, name="unheard")


class Failure(_Dated, frozen=True):
    """Failures in a row, and the last of them.

    Attributes:
        cause: without secrets.
        by_action: it was a run of ceilometer's own action.
    """

    count: Annotated[int, msgspec.Meta(ge=1)]
    cause: str
    by_action: bool = False

    @property
    def retry_at(self) -> datetime.datetime:
        """Time of the next try: after 1, 2, 4 … minutes, at most 60."""
        return self.at + datetime.timedelta(minutes=min(2 ** min(self.count - 1, 6), 60))


class Running(_Dated, frozen=True):
    """A run of ceilometer's own action that was begun, and whose end was not seen yet.

    Attributes:
        behind: the proof was incomplete when it was begun.
        asked: ceilometer's charm asked for it then.
        seen: when it was last seen to wait or run; None before that.
    """

    task: str
    application: str
    behind: bool
    asked: bool
    seen: kept.Moment | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _refuse_far(self.seen or self.at)

    def is_late(self, now: datetime.datetime) -> bool:
        """Tell if it takes longer than any honest run."""
        return now >= self.at + LONGEST_TASK

    def is_out_of_sight(self, now: datetime.datetime) -> bool:
        """Tell if nobody has seen it for longer than any honest run takes."""
        return now >= (self.seen or self.at) + LONGEST_TASK

    def not_after(self, now: datetime.datetime) -> Running:
        """The same after the clock was set back: nothing of it is in the future."""
        seen = self.seen and min(self.seen, now)
        return msgspec.structs.replace(self, at=min(self.at, now), seen=seen)


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything of ceilometer-upgrade that outlives a hook, in the peer application databag."""

    success: Success | None = None
    failure: Failure | None = None
    running: Running | None = None

    @property
    def release(self) -> str:
        """The newest word about Ceilometer's version; empty where there is none."""
        parts = (self.running, self.failure, self.success)
        known = (part.fingerprint.release for part in parts if part is not None)
        return next(filter(None, known), "")

    def started(self, running: Running) -> Record:
        """The record after a run of ceilometer's own action was begun."""
        return msgspec.structs.replace(self, running=running)

    def succeeded(
        self, at: datetime.datetime, fingerprint: Fingerprint, *, still_asks: bool = False
    ) -> Record:
        """The record after a proven success."""
        if self.success is not None:
            fingerprint = fingerprint.filled_from(self.success.fingerprint)
        return Record(Success(at, fingerprint, ran=True, still_asks=still_asks))

    def adopted(
        self, at: datetime.datetime, fingerprint: Fingerprint, asks: bool | None = None
    ) -> Record:
        """The record after the proof was found complete without a run of ours."""
        before = self.success
        if before is None:
            return Record(Success(at, fingerprint, ran=False))
        known = fingerprint.filled_from(before.fingerprint)
        still_asks = before.still_asks and asks is not False
        return Record(msgspec.structs.replace(before, fingerprint=known, still_asks=still_asks))

    def failed(
        self,
        at: datetime.datetime,
        fingerprint: Fingerprint,
        cause: str,
        *,
        by_action: bool = False,
    ) -> Record:
        """The record after another failure; one under other circumstances starts a new row."""
        before = self.failure
        repeated = before is not None and not fingerprint.changes_since(before.fingerprint)
        count = before.count + 1 if before and repeated else 1
        for known in (before, self.success):
            if known is not None:
                fingerprint = fingerprint.with_members_of(known.fingerprint)
        return Record(self.success, Failure(at, fingerprint, count, cause, by_action))

    def to_json(self) -> str:
        """The record as JSON, equal records as equal texts."""
        return kept.dumps(self, VERSION)


class RecordError(ValueError):
    """A record that must be kept as it is: of a newer revision of the charm, or damaged."""

    def __init__(self, text: str, *, newer: bool) -> None:
        super().__init__(text)
        self.newer = newer


class _Header(msgspec.Struct, frozen=True):
    version: int


def load_record(text: str) -> Record:
    """Read a record; an empty text is an empty record.

    Raises:
        RecordError: it is damaged, or of a newer revision of the charm.
    """
    if not text:
        return Record()
    try:
        if kept.decode(_Header, text).version > VERSION:
            raise RecordError("the upgrade record is of a newer charm revision", newer=True)
        return kept.decode(Record, text)
    except kept.NotKeptError as error:
        text = "the upgrade record in the peer relation is damaged"
        raise RecordError(text, newer=False) from error
