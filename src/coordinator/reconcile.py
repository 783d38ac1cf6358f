"""One turn of the loop: gather facts, decide, act, and judge all of it once."""

from __future__ import annotations

import concurrent.futures

import msgspec

from coordinator.checks import canary_schedule
from coordinator.checks import ceilometer as checks_ceilometer
from coordinator.checks import runner as checks_runner
from coordinator.checks.memory import CheckMemory
from coordinator.checks.model import systems
from coordinator.report import remedies, root_causes
from coordinator.report.finding import Severity
from coordinator.report.report import Report
from coordinator.request import Request
from coordinator.upgrade import findings as upgrade_findings
from coordinator.upgrade.backends import Backends
from coordinator.upgrade.decision import Decision, Step, decide, settle
from coordinator.upgrade.observe import find_release, observe
from coordinator.upgrade.record import Record
from coordinator.upgrade.run import Situation, run_upgrade


class Turn(msgspec.Struct, frozen=True):
    """The outcome of one turn: the situation at its end, and the report of it."""

    situation: Situation
    report: Report
    types_before: frozenset[str] = frozenset()

    @property
    def record(self) -> Record:
        """The record to keep of ceilometer-upgrade."""
        return self.situation.record

    @property
    def upgrade_event(self) -> str:
        """The last event of ceilometer-upgrade, with its time; or nothing."""
        record = self.record
        if record.running is not None:
            return f"ceilometer-upgrade began as task {record.running.task}"
        if record.failure is not None:
            count, at = record.failure.count, record.failure.at
            return f"ceilometer-upgrade failed at {at:%Y-%m-%dT%H:%MZ} (number {count})"
        if record.success is not None and record.success.ran:
            return f"ceilometer-upgrade succeeded at {record.success.at:%Y-%m-%dT%H:%MZ}"
        return ""

    @property
    def decision(self) -> Decision:
        """The decision about what is still to be done."""
        return self.situation.decision

    @property
    def memory(self) -> CheckMemory:
        """The memory for the next verification."""
        fails = canary_schedule.fail_charms(self.report.findings)
        return msgspec.structs.replace(self.situation.verification.memory, charms_fail=fails)


def reconcile(request: Request, record: Record, memory: CheckMemory, backends: Backends) -> Turn:
    """Verify the stack and do what it needs."""
    seen = look(request, record, memory, backends)
    return act(request, seen, backends) if seen.decision.step is Step.RUN else seen


def look(
    request: Request,
    record: Record,
    memory: CheckMemory,
    backends: Backends,
    progress: checks_runner.Progress = lambda _line: None,
) -> Turn:
    """Verify the stack and decide what it needs; change nothing.

    The controller is asked at the same time; but when a run was begun, before: only a proof that
    was read after the run's end tells about it.
    """
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asked = pool.submit(backends.see, record)
        if record.running is not None:
            asked.result()
        verified = checks_runner.verify(
            request,
            memory,
            progress,
            lambda: find_release(asked.result(), record, backends),
            backends.announce,
        )
        sight = asked.result()
    if sight.model is not None:
        names = systems.name_services(sight.model, request, backends.members)
        memory = msgspec.structs.replace(verified.memory, names=names)
        verified = msgspec.structs.replace(verified, memory=memory)
    observed = observe(verified, record, backends, sight)
    record = settle(observed, record)
    decision = decide(observed, record, backends.policy)
    if decision.step is Step.ADOPT and observed.fingerprint is not None:
        record = record.adopted(observed.at, observed.fingerprint, observed.asks)
    situation = Situation(verified, sight, record, decision)
    return Turn(situation, judge(request, situation, backends))


def act(request: Request, seen: Turn, backends: Backends) -> Turn:
    """Run ceilometer-upgrade, whether it is needed or not, and judge the facts after it."""
    situation = run_upgrade(request, seen.situation, backends)
    before = seen.report.resource_types or frozenset()
    return Turn(situation, judge(request, situation, backends), before)


def judge(request: Request, situation: Situation, backends: Backends) -> Report:
    """Make the findings of all facts, and tell those that are causes from those that follow."""
    verified, sight = situation.verification, situation.sight
    report = verified.report
    found = list(report.findings)
    if verified.comparison is not None:
        severity = Severity.FAILED if "metric" in request.required else Severity.DEGRADED
        application = backends.application_to_run(sight, request.coordinator)
        found += checks_ceilometer.judge(
            verified.comparison, verified.release, severity, remedies.run_upgrade(application)
        )
    if sight.model is not None:
        report = msgspec.structs.replace(report, findings=tuple(found))
        found += systems.of_model(sight.model, request, backends.members, report)
    allows_command = backends.policy.allows_command
    about_charm = upgrade_findings.of_charm(
        sight, situation.record, report.taken_at, allows_command, situation.refused
    )
    if about_charm is not None:
        found.append(about_charm)
    explained = root_causes.explained(found, request.blueprint)
    return msgspec.structs.replace(report, findings=explained)
