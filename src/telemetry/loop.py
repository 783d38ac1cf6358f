"""One turn of the loop: verify, decide, act, and verify again what was done."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable

from telemetry import schema, upgrade, verification
from telemetry.order import Order
from telemetry.report import Report
from telemetry.runners import command


@dataclasses.dataclass(frozen=True)
class Means:
    """What a turn works with besides the order.

    Attributes:
        wish: what the operator allows.
        runner: how ceilometer-upgrade is run.
        members: related applications that are Ceilometer.
        announce: told one line before something takes long.
    """

    wish: upgrade.Wish
    runner: command.CommandRunner
    members: tuple[str, ...]
    announce: Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Turn:
    """The outcome of one turn.

    Attributes:
        verification: the last one.
        record: what is to be remembered.
        decision: what is still to be done about ceilometer-upgrade.
        run: the run of ceilometer-upgrade, None when there was none.
        types_before: resource types before that run.
    """

    verification: verification.Verification
    record: upgrade.Record
    decision: upgrade.Decision
    run: command.Outcome | None = None
    types_before: frozenset[str] = frozenset()

    @property
    def report(self) -> Report:
        """The report of the last verification."""
        return self.verification.report


def turn(order: Order, record: upgrade.Record, means: Means) -> Turn:
    """Verify the stack and do what it needs."""
    seen = look(order, record, means)
    if seen.decision.step is upgrade.Step.RUN:
        return run_upgrade(order, seen, means)
    return seen


def look(
    order: Order,
    record: upgrade.Record,
    means: Means,
    progress: verification.Progress = lambda _line: None,
) -> Turn:
    """Verify the stack and decide what it needs; change nothing."""
    verified = verification.verify(_for_release(order, means), progress)
    observed = observe(verified.report, means)
    decision = upgrade.decide(observed, record, means.wish)
    if decision.step is upgrade.Step.ADOPT and observed.fingerprint is not None:
        record = record.adopted(observed.at, observed.fingerprint)
    return Turn(verified, record, decision)


def run_upgrade(order: Order, seen: Turn, means: Means) -> Turn:
    """Run ceilometer-upgrade once and let the proof say whether it worked.

    Args:
        order: the order that was verified.
        seen: what was seen, with credentials that keystone took.
        means: what to work with.
    """
    if seen.verification.credentials is None:
        raise ValueError("ceilometer-upgrade cannot run without credentials")
    means.announce(f"running ceilometer-upgrade: {seen.decision.reason or 'asked for'}")
    job = command.Job(
        credentials=seen.verification.credentials,
        interface=order.interface,
        region=seen.report.region,
        certificates=order.trusted,
        proxies=order.proxies,
    )
    outcome = means.runner.run(job)
    verified = verification.verify(_for_release(order, means))
    observed = observe(verified.report, means)
    outcome = dataclasses.replace(outcome, error=_error(outcome, observed))
    # the newest of what was seen before and after: behind one address, units may differ
    before = observe(seen.report, means).fingerprint or upgrade.Fingerprint(endpoint="")
    fingerprint = observed.fingerprint.filled_from(before) if observed.fingerprint else before
    record = (
        seen.record.failed(observed.at, fingerprint, outcome.error)
        if outcome.error
        else seen.record.succeeded(observed.at, fingerprint)
    )
    return Turn(
        verification=verified,
        record=record,
        decision=upgrade.decide(observed, record, means.wish),
        run=outcome,
        types_before=seen.report.resource_types or frozenset(),
    )


def observe(report: Report, means: Means) -> upgrade.Observed:
    """What a report tells about the need for ceilometer-upgrade."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    if report.resource_types is None:
        return upgrade.Observed(missing=None, fingerprint=None, at=now)
    fingerprint = upgrade.Fingerprint(
        endpoint=report.endpoints["metric"],
        scope=f"{report.interface}/{report.region}",
        build=report.builds.get("metric", ""),
        release=means.runner.release(),
        members=",".join(sorted(means.members)),
    )
    return upgrade.Observed(report.behind, fingerprint, now)


def _for_release(order: Order, means: Means) -> Order:
    """The order for the Ceilometer whose command would run; a run may have installed it."""
    return dataclasses.replace(order, release=means.runner.release())


def _error(outcome: command.Outcome, observed: upgrade.Observed) -> str:
    """Why a run was no success: what the command said, or that the proof is not there."""
    if outcome.error:
        return outcome.error
    if observed.missing is None:
        return "it ended well, but Gnocchi no longer answers"
    if observed.missing:
        return f"it ended well, but Gnocchi is still behind ({schema.phrased(observed.missing)})"
    return ""
