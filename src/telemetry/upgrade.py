"""Whether ceilometer-upgrade has to run now: the record of what was done, and the decision. Pure.

The decision rests on three values: what the last verification showed (`Observed`), what earlier
hooks left behind (`Record`), and the operator's wish (method and policy). See
docs/explanation/upgrade.md for the table of states.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import re
from collections.abc import Mapping
from typing import Any, cast

from telemetry import juju_model, schema

VERSION = 2
"""Version of the record's JSON form; 2 brought the running task."""

FAILURES_TO_BLOCK = 3
"""After so many failures in a row a person is called."""

LONGEST_WAIT = datetime.timedelta(minutes=60)

LONGEST_TASK = datetime.timedelta(minutes=60)
"""A task of Juju that was not seen for so long is given up; one that is seen to wait or run for so
long is told to a person, and waited for: two upgrades at once are worse than none."""


@dataclasses.dataclass(frozen=True)
class Fingerprint:
    """What an upgrade depends on. Empty strings are unknown, and equal to anything.

    Attributes:
        endpoint: Gnocchi's endpoint in the catalog.
        scope: interface and region of that endpoint; another scope is our own options' doing.
        build: version of Gnocchi.
        release: version of Ceilometer.
        members: related applications that are Ceilometer, comma-separated.
    """

    endpoint: str
    scope: str = ""
    build: str = ""
    release: str = ""
    members: str = ""

    def changes_since(self, other: Fingerprint) -> str:
        """What has changed that ceilometer-upgrade must follow, for people; or nothing.

        Units of one application may run different versions while they are upgraded, so only a
        newer version is a change; an application that left needs no resource types.
        """
        changes: list[str] = []
        moved = self.scope == other.scope and self.endpoint != other.endpoint
        if moved and self.endpoint and other.endpoint:
            changes.append(f"Gnocchi moved from {other.endpoint} to {self.endpoint}")
        if other.build and _newer(self.build, other.build):
            changes.append(f"Gnocchi was upgraded from {other.build} to {self.build}")
        if other.release and _newer(self.release, other.release):
            changes.append(f"Ceilometer was upgraded from {other.release} to {self.release}")
        joined = sorted(set(self.members.split(",")) - set(other.members.split(",")) - {""})
        if joined:
            changes.append(f"{', '.join(joined)} joined")
        return ", ".join(changes)

    def filled_from(self, other: Fingerprint) -> Fingerprint:
        """The same, with the newest versions that are known."""
        return dataclasses.replace(
            self,
            build=self.build if _newer(self.build, other.build) else other.build,
            release=self.release if _newer(self.release, other.release) else other.release,
        )

    def completed_from(self, other: Fingerprint) -> Fingerprint:
        """The same, with the versions that were not known."""
        return dataclasses.replace(
            self, build=self.build or other.build, release=self.release or other.release
        )


def _newer(version: str, other: str) -> bool:
    """Whether a dotted version is newer than another; an unknown one is the oldest."""
    return _numbers(version) > _numbers(other)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


@dataclasses.dataclass(frozen=True)
class Success:
    """The last state in which Gnocchi was proven to have all that Ceilometer needs.

    Attributes:
        ran: whether the coordinator ran ceilometer-upgrade, or found its work already done.
        unheard: whether ceilometer's own charm still asked for its action afterwards, although
            the action ended well: as long as it does not stop asking, that is no new need.
    """

    at: datetime.datetime
    fingerprint: Fingerprint
    ran: bool
    unheard: bool = False


@dataclasses.dataclass(frozen=True)
class Failure:
    """Failures in a row, the last of them.

    Attributes:
        count: how many.
        cause: of the last, without secrets.
        by_action: whether the last was a run of ceilometer's own action.
    """

    at: datetime.datetime
    fingerprint: Fingerprint
    count: int
    cause: str
    by_action: bool = False

    @property
    def retry_at(self) -> datetime.datetime:
        """When to try again: after 1, 2, 4 … minutes, at most 60."""
        minutes = 2 ** min(self.count - 1, 6)
        return self.at + min(datetime.timedelta(minutes=minutes), LONGEST_WAIT)


@dataclasses.dataclass(frozen=True)
class Running:
    """A run of ceilometer's own action that was begun, and whose end was not seen yet.

    Attributes:
        task: number of Juju's task.
        application: whose action it is.
        behind: whether the proof was incomplete when it was begun.
        asked: whether ceilometer's charm asked for it then.
        seen: when it was last seen to wait or run; None before that.
    """

    at: datetime.datetime
    fingerprint: Fingerprint
    task: str
    application: str
    behind: bool
    asked: bool
    seen: datetime.datetime | None = None

    def is_late(self, now: datetime.datetime) -> bool:
        """Whether it takes longer than any honest run."""
        return now >= self.at + LONGEST_TASK

    def is_out_of_sight(self, now: datetime.datetime) -> bool:
        """Whether nobody has seen it for longer than any honest run takes."""
        return now >= (self.seen or self.at) + LONGEST_TASK

    def not_after(self, now: datetime.datetime) -> Running:
        """The same after the clock was set back: nothing of it is in the future."""
        seen = self.seen and min(self.seen, now)
        return dataclasses.replace(self, at=min(self.at, now), seen=seen)


@dataclasses.dataclass(frozen=True)
class Record:
    """What outlives a hook, in the peer application databag."""

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
        return dataclasses.replace(self, running=running)

    def succeeded(
        self, at: datetime.datetime, fingerprint: Fingerprint, *, unheard: bool = False
    ) -> Record:
        """The record after a proven success."""
        if self.success is not None:
            fingerprint = fingerprint.filled_from(self.success.fingerprint)
        return Record(success=Success(at, fingerprint, ran=True, unheard=unheard))

    def adopted(
        self, at: datetime.datetime, fingerprint: Fingerprint, asks: bool | None = None
    ) -> Record:
        """The record after the proof was found complete without a run of ours.

        Args:
            at: now.
            fingerprint: what was seen.
            asks: whether ceilometer's charm asks for its action; None when that is not known.
        """
        if self.success is None:
            return Record(success=Success(at, fingerprint, ran=False))
        known = fingerprint.filled_from(self.success.fingerprint)
        unheard = self.success.unheard and asks is not False
        return Record(
            success=dataclasses.replace(self.success, fingerprint=known, unheard=unheard)
        )

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
        failure = Failure(at, fingerprint, count, cause, by_action)
        return Record(self.success, failure)

    def to_json(self) -> str:
        """The record as JSON, equal records as equal texts."""
        data: dict[str, Any] = {"version": VERSION}
        parts = {"success": self.success, "failure": self.failure, "running": self.running}
        for key, part in parts.items():
            if part is not None:
                data[key] = dataclasses.asdict(part)
        return json.dumps(data, sort_keys=True, default=datetime.datetime.isoformat)


class UnreadableRecord(ValueError):  # noqa: N818 - reads as what it says
    """The peer databag holds a record that must be kept as it is.

    Attributes:
        newer: whether a newer revision of the charm wrote it; else it is damaged.
    """

    def __init__(self, text: str, *, newer: bool) -> None:
        super().__init__(text)
        self.newer = newer


def load_record(text: str) -> Record:
    """Read a record; an empty text is an empty record.

    Raises:
        UnreadableRecord: it is damaged, or of a newer revision of the charm.
    """
    if not text:
        return Record()
    try:
        data = cast("dict[str, Any]", json.loads(text))
        newer = int(data["version"]) > VERSION
        record = Record() if newer else _record(data)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        text = "the upgrade record in the peer relation is damaged"
        raise UnreadableRecord(text, newer=False) from error
    if newer:
        raise UnreadableRecord("the upgrade record is of a newer charm revision", newer=True)
    return record


def _record(data: Mapping[str, Any]) -> Record:
    return Record(
        success=Success(**_part(data["success"])) if data.get("success") else None,
        failure=Failure(**_part(data["failure"])) if data.get("failure") else None,
        running=Running(**_part(data["running"])) if data.get("running") else None,
    )


def _part(data: Mapping[str, Any]) -> dict[str, Any]:
    times = {"at": _time(data["at"])}
    if data.get("seen") is not None:
        times["seen"] = _time(data["seen"])
    fingerprint = Fingerprint(**data["fingerprint"])
    texts = dataclasses.astuple(fingerprint)
    kinds = {"count": int, "cause": str, "task": str, "application": str}
    kinds |= dict.fromkeys(("ran", "unheard", "by_action", "behind", "asked"), bool)
    typed = all(isinstance(data[key], kinds[key]) for key in kinds.keys() & data.keys())
    if not typed or not all(isinstance(text, str) for text in texts):
        raise ValueError("a value of the wrong type")
    return {**data, **times, "fingerprint": fingerprint}


def _time(text: str) -> datetime.datetime:
    time = datetime.datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("a time without its zone")
    return time


class Step(enum.Enum):
    """What to do about ceilometer-upgrade."""

    NOTHING = "nothing"
    ADOPT = "adopt"  # the work is done already: remember that, run nothing
    RUN = "run"
    WAIT = "wait"  # failed a short time ago
    POLL = "poll"  # a run was begun; its end is looked for at later events
    ADVISE = "advise"  # a person is to run it
    IMPOSSIBLE = "impossible"  # Gnocchi does not answer: nothing can be said or done


@dataclasses.dataclass(frozen=True)
class Observed:
    """What the last verification showed.

    Attributes:
        missing: what Gnocchi's resource types lack; None when they could not be read.
        fingerprint: None when Gnocchi's endpoint is not known.
        at: now, in UTC.
        asks: whether ceilometer's charm asks for its action; None when that is not known.
        task: the task of a run that was begun; None when it could not be seen.
    """

    missing: tuple[str, ...] | None
    fingerprint: Fingerprint | None
    at: datetime.datetime
    asks: bool | None = None
    task: juju_model.Task | None = None


@dataclasses.dataclass(frozen=True)
class Wish:
    """What the operator allows.

    Attributes:
        runs: whether the coordinator may run it at all (else it only advises).
        on_change: whether a change of the fingerprint is a reason to run.
        heeds: whether that ceilometer's charm asks for its action is a reason: not where running
            the command elsewhere would not make it stop, nor where the proof alone counts.
    """

    runs: bool
    on_change: bool
    heeds: bool = False


@dataclasses.dataclass(frozen=True)
class Decision:
    """What to do, and why.

    Attributes:
        reason: for people, empty where there is nothing to say.
        asked: whether the only reason is that ceilometer's charm asks for its action.
        remedy: what to type where it is not the usual.
    """

    step: Step
    reason: str = ""
    asked: bool = False
    remedy: str = ""


ASKED = "ceilometer's charm asks for ceilometer-upgrade"


def settle(observed: Observed, record: Record) -> Record:
    """The record after a look at the run that was begun; unchanged while its end is not known.

    The proof decides, not the task: one that failed or got lost may have done its work, and one
    that ended well may not. What changed meanwhile is left to the next decision: the outcome is
    recorded under what the run began with.
    """
    running = record.running
    if running is None:
        return record
    running = running.not_after(observed.at)
    going = observed.task is not None and observed.task.state is juju_model.State.GOING
    if going:
        running = dataclasses.replace(running, seen=observed.at)
    record = record.started(running)
    if going or observed.missing is None or observed.fingerprint is None:
        return record
    state = observed.task.state if observed.task else None
    cleared = running.asked and observed.asks is False
    there = running.behind and observed.fingerprint.endpoint == running.fingerprint.endpoint
    did_it = not observed.missing and (there or cleared)
    if state is None and not did_it and not running.is_out_of_sight(observed.at):
        return record
    fingerprint = running.fingerprint.completed_from(observed.fingerprint)
    ended_well = state is juju_model.State.DONE
    if did_it or (ended_well and not observed.missing):
        unheard = ended_well and bool(observed.asks)
        return record.succeeded(observed.at, fingerprint, unheard=unheard)
    return record.failed(observed.at, fingerprint, _end(observed, running), by_action=True)


def _end(observed: Observed, running: Running) -> str:
    """Why a run that was begun is no success."""
    task = observed.task
    if task is not None and task.state is juju_model.State.DONE:
        behind = schema.phrased(observed.missing or ())
        return f"it ended well, but Gnocchi is still behind ({behind})"
    if task is not None and task.state is juju_model.State.FAILED:
        return f"task {running.task} on {running.application} failed: {task.cause}"
    return f"task {running.task} on {running.application} got lost"


def decide(observed: Observed, record: Record, wish: Wish) -> Decision:
    """Decide what to do about ceilometer-upgrade."""
    fingerprint = observed.fingerprint
    if observed.missing is None or fingerprint is None:
        return Decision(Step.IMPOSSIBLE, "Gnocchi does not answer")
    if record.running is not None:
        return Decision(Step.POLL)
    reason = _reason(observed, fingerprint, record, wish)
    unheard = record.success is not None and record.success.unheard
    asked = not reason and wish.heeds and bool(observed.asks) and not unheard
    if asked:
        reason = ASKED
    if not reason:
        known = record.adopted(observed.at, fingerprint, observed.asks) == record
        return Decision(Step.NOTHING if known else Step.ADOPT)
    if not wish.runs:
        return Decision(Step.ADVISE, reason, asked)
    if _too_early(observed.at, fingerprint, record.failure):
        return Decision(Step.WAIT, reason, asked)
    return Decision(Step.RUN, reason, asked)


def _reason(observed: Observed, fingerprint: Fingerprint, record: Record, wish: Wish) -> str:
    """Why ceilometer-upgrade is needed; empty when it is not.

    Nobody can tell the coordinator that advice was followed but the proof, so when it may only
    advise, the proof alone counts. A complete proof without a record is somebody else's good work.
    """
    if observed.missing:
        return f"Gnocchi is behind Ceilometer ({schema.phrased(observed.missing)})"
    if not (wish.on_change and wish.runs):
        return ""
    failure = record.failure
    # somebody ran the action that failed for us, when ceilometer's charm no longer asks for it
    mended = failure is not None and failure.by_action and observed.asks is False
    if failure and not mended and not fingerprint.changes_since(failure.fingerprint):
        return "its last run failed"
    return fingerprint.changes_since(record.success.fingerprint) if record.success else ""


def _too_early(now: datetime.datetime, fingerprint: Fingerprint, failure: Failure | None) -> bool:
    """Whether the last failure is too fresh. A clock set back never makes the wait longer."""
    if failure is None or fingerprint.changes_since(failure.fingerprint):
        return False
    return failure.at <= now < failure.retry_at
