"""Whether ceilometer-upgrade has to run now: the record of what was done, and the decision. Pure.

The decision rests on three values: what the last verification showed (`Observed`), what earlier
hooks left behind (`Record`), and what the operator allows (`UpgradePolicy`). See
docs/reference/upgrade-decisions.md for the table of states.
"""

from __future__ import annotations

import datetime
import enum

import msgspec

from coordinator.blueprint import resource_types
from coordinator.juju import ceilometer
from coordinator.upgrade.policy import UpgradePolicy
from coordinator.upgrade.record import Failure, Fingerprint, Record, Running

FAILURES_TO_BLOCK = 3
"""After so many failures in a row a person is called."""


class Step(enum.Enum):
    """What to do about ceilometer-upgrade."""

    NOTHING = "nothing"
    ADOPT = "adopt"  # the work is done already: remember that, run nothing
    RUN = "run"
    WAIT = "wait"  # failed a short time ago
    POLL = "poll"  # a run was begun; its end is looked for at later events
    ADVISE = "advise"  # a person is to run it
    IMPOSSIBLE = "impossible"  # Gnocchi does not answer: nothing can be said or done


class Observed(msgspec.Struct, frozen=True):
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
    task: ceilometer.Task | None = None


class Decision(msgspec.Struct, frozen=True):
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
    going = observed.task is not None and observed.task.state is ceilometer.State.GOING
    if going:
        running = msgspec.structs.replace(running, seen=observed.at)
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
    ended_well = state is ceilometer.State.DONE
    if did_it or (ended_well and not observed.missing):
        still_asks = ended_well and bool(observed.asks)
        return record.succeeded(observed.at, fingerprint, still_asks=still_asks)
    return record.failed(observed.at, fingerprint, _end(observed, running), by_action=True)


def _end(observed: Observed, running: Running) -> str:
    """Why a run that was begun is no success."""
    task = observed.task
    if task is not None and task.state is ceilometer.State.DONE:
        return still_missing(observed.missing or ())
    if task is not None and task.state is ceilometer.State.FAILED:
        return f"task {running.task} on {running.application} failed: {task.cause}"
    return f"task {running.task} on {running.application} got lost"


def still_missing(missing: tuple[str, ...]) -> str:
    """Why a run that ended well is no success."""
    return f"succeeded, but resource types are still missing ({resource_types.phrased(missing)})"


def decide(observed: Observed, record: Record, policy: UpgradePolicy) -> Decision:
    """Decide what to do about ceilometer-upgrade."""
    fingerprint = observed.fingerprint
    if observed.missing is None or fingerprint is None:
        return Decision(Step.IMPOSSIBLE, "Gnocchi does not answer")
    if record.running is not None:
        return Decision(Step.POLL)
    reason = _reason(observed, fingerprint, record, policy)
    still_asks = record.success is not None and record.success.still_asks
    asked = not reason and policy.follows_charm_request and bool(observed.asks) and not still_asks
    if asked:
        reason = ASKED
    if not reason:
        known = record.adopted(observed.at, fingerprint, observed.asks) == record
        return Decision(Step.NOTHING if known else Step.ADOPT)
    if not policy.can_run:
        return Decision(Step.ADVISE, reason, asked)
    if _too_early(observed.at, fingerprint, record.failure):
        return Decision(Step.WAIT, reason, asked)
    return Decision(Step.RUN, reason, asked)


def _reason(
    observed: Observed, fingerprint: Fingerprint, record: Record, policy: UpgradePolicy
) -> str:
    """Why ceilometer-upgrade is needed; empty when it is not.

    Nobody can tell the coordinator that advice was followed but the proof, so when it may only
    advise, the proof alone counts. A complete proof without a record is somebody else's good work.
    """
    if observed.missing:
        return f"Gnocchi lacks resource types ({resource_types.phrased(observed.missing)})"
    if not (policy.runs_on_change and policy.can_run):
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
