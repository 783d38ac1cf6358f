"""Decides if ceilometer-upgrade has to run now.

The decision rests on three values: what the last verification showed (`Observed`), what earlier
hooks left behind (`Record`), and what the operator allows (`UpgradePolicy`). See
docs/reference/upgrade-decisions.md for the table of states.
"""

from __future__ import annotations

import datetime
import enum

import msgspec

from coordinator.blueprint import resource_types
from coordinator.juju.ceilometer import State, Task
from coordinator.upgrade.policy import UpgradePolicy
from coordinator.upgrade.record import Fingerprint, Record, Running

FAILURES_TO_BLOCK = 3
"""After so many failures in a row a person is called."""


class Step(enum.Enum):
    """The next step of ceilometer-upgrade."""

    NOTHING = "nothing"
    ADOPT = "adopt"  # the work is done already: remember that, run nothing
    RUN = "run"
    WAIT = "wait"  # failed a short time ago
    POLL = "poll"  # a run was begun; its end is looked for at later events
    ADVISE = "advise"  # a person is to run it
    IMPOSSIBLE = "impossible"  # Gnocchi does not answer: nothing can be said or done


class Observed(msgspec.Struct, frozen=True):
    """Facts of the last verification.

    Attributes:
        missing: what Gnocchi's resource types lack; None when they could not be read.
        fingerprint: None when Gnocchi's endpoint is not known.
        asks: ceilometer's charm asks for its action; None when that is not known.
        task: the task of a run that was begun; None when it could not be seen.
    """

    missing: tuple[str, ...] | None
    fingerprint: Fingerprint | None
    at: datetime.datetime
    asks: bool | None = None
    task: Task | None = None


class Decision(msgspec.Struct, frozen=True):
    """The step, its reason, and what to type where that is not the usual."""

    step: Step
    reason: str = ""
    remedy: str = ""


def settle(observed: Observed, record: Record) -> Record:
    """The record after a look at the run that was begun; it stays while its end is not known.

    The proof decides, not the task: one that failed or got lost may have done its work, and one
    that ended well may not. What changed meanwhile is left to the next decision: the outcome is
    recorded under what the run began with.
    """
    if record.running is None:
        return record
    running = record.running.not_after(observed.at)
    state = observed.task.state if observed.task else None
    if state is State.GOING:
        return record.started(msgspec.structs.replace(running, seen=observed.at))
    if observed.missing is None or observed.fingerprint is None:
        return record.started(running)
    cleared = running.asked and observed.asks is False
    there = running.behind and observed.fingerprint.endpoint == running.fingerprint.endpoint
    did_it = not observed.missing and (there or cleared)
    if state is None and not did_it and not running.is_out_of_sight(observed.at):
        return record.started(running)
    fingerprint = running.fingerprint.completed_from(observed.fingerprint)
    ended_well = state is State.DONE
    if did_it or (ended_well and not observed.missing):
        still_asks = ended_well and bool(observed.asks)
        return record.succeeded(observed.at, fingerprint, still_asks=still_asks)
    cause = _failure(observed.task, running, observed.missing)
    return record.failed(observed.at, fingerprint, cause, by_action=True)


def _failure(task: Task | None, running: Running, missing: tuple[str, ...]) -> str:
    if task is not None and task.state is State.DONE:
        return still_missing(missing)
    if task is not None and task.state is State.FAILED:
        return f"task {running.task} on {running.application} failed: {task.cause}"
    return f"task {running.task} on {running.application} got lost"


def still_missing(missing: tuple[str, ...]) -> str:
    """The failure of a run that ended well."""
    return f"succeeded, but resource types are still missing ({resource_types.phrased(missing)})"


def decide(observed: Observed, record: Record, policy: UpgradePolicy) -> Decision:
    """Decide what to do about ceilometer-upgrade."""
    fingerprint, failure = observed.fingerprint, record.failure
    if observed.missing is None or fingerprint is None:
        return Decision(Step.IMPOSSIBLE, "Gnocchi does not answer")
    if record.running is not None:
        return Decision(Step.POLL)
    reason = _reason(observed, fingerprint, record, policy)
    if not reason:
        known = record.adopted(observed.at, fingerprint, observed.asks) == record
        return Decision(Step.NOTHING if known else Step.ADOPT)
    if not policy.can_run:
        return Decision(Step.ADVISE, reason)
    if failure is not None and not fingerprint.changes_since(failure.fingerprint):
        # a clock set back never makes the wait longer
        too_early = failure.at <= observed.at < failure.retry_at
        return Decision(Step.WAIT if too_early else Step.RUN, reason)
    return Decision(Step.RUN, reason)


def _reason(
    observed: Observed, fingerprint: Fingerprint, record: Record, policy: UpgradePolicy
) -> str:
    """The reason why ceilometer-upgrade is needed; empty when it is not.

    Nobody can tell the coordinator that advice was followed but the proof, so when it may only
    advise, no change counts. A complete proof without a record is somebody else's good work.
    """
    if observed.missing:
        return f"Gnocchi lacks resource types ({resource_types.phrased(observed.missing)})"
    success, failure = record.success, record.failure
    if policy.runs_on_change and policy.can_run:
        # somebody ran the action that failed for us, when ceilometer's charm no longer asks for it
        mended = failure is not None and failure.by_action and observed.asks is False
        if failure and not mended and not fingerprint.changes_since(failure.fingerprint):
            return "its last run failed"
        changes = fingerprint.changes_since(success.fingerprint) if success else ""
        if changes:
            return changes
    still_asks = success is not None and success.still_asks
    if policy.follows_charm_request and observed.asks and not still_asks:
        return "ceilometer's charm asks for ceilometer-upgrade"
    return ""
