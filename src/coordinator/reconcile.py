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
    """The outcome of one turn.

    Attributes:
        situation: what is known at its end, and what was done.
        report: what all of it means.
    """

    situation: Situation
    report: Report
    types_before: frozenset[str] = frozenset()

    @property
    def record(self) -> Record:
        """What is to be remembered of ceilometer-upgrade."""
        return self.situation.record

    @property
    def deed(self) -> str:
        """The last thing that happened to ceilometer-upgrade, with its time; or nothing."""
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
        """What is still to be done about it."""
        return self.situation.decision

    @property
    def memory(self) -> CheckMemory:
        """What the next verification needs to know of this one."""
        fails = canary_schedule.has_failed_charm(self.report.findings)
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
        seeing = pool.submit(backends.see, record)
        if record.running is not None:
            seeing.result()
        verified = checks_runner.verify(
            request,
            memory,
            progress,
            lambda: find_release(seeing.result(), record, backends),
            backends.announce,
        )
        seen = seeing.result()
    if seen.model is not None:
        names = systems.name_services(seen.model, request, backends.members)
        memory = msgspec.structs.replace(verified.memory, names=names)
        verified = msgspec.structs.replace(verified, memory=memory)
    observed = observe(verified, record, backends, seen)
    record = settle(observed, record)
    decision = decide(observed, record, backends.policy)
    if decision.step is Step.ADOPT and observed.fingerprint is not None:
        record = record.adopted(observed.at, observed.fingerprint, observed.asks)
    situation = Situation(verified, seen, record, decision)
    return Turn(situation, judge(request, situation, backends))


def act(request: Request, seen: Turn, backends: Backends) -> Turn:
    """Run ceilometer-upgrade, whether it is needed or not, and judge what is known then."""
    situation = run_upgrade(request, seen.situation, backends)
    before = seen.report.resource_types or frozenset()
    return Turn(situation, judge(request, situation, backends), before)


def judge(request: Request, now: Situation, backends: Backends) -> Report:
    """Make the findings of all facts, once, and then tell them from their root causes."""
    verified, report = now.verification, now.verification.report
    found = list(report.findings)
    if verified.comparison is not None:
        severity = Severity.FAILED if "metric" in request.required else Severity.DEGRADED
        application = backends.application_to_run(now.sight, request.coordinator)
        found += checks_ceilometer.judge(
            verified.comparison, verified.release, severity, remedies.run_upgrade(application)
        )
    if now.sight.model is not None:
        report = msgspec.structs.replace(report, findings=tuple(found))
        found += systems.of_model(now.sight.model, request, backends.members, report)
    about_charm = upgrade_findings.of_charm(
        now.sight, now.record, report.taken_at, backends.policy.allows_command, now.refused
    )
    found += [about_charm] if about_charm is not None else []
    explained = root_causes.explained(found, request.blueprint)
    return msgspec.structs.replace(report, findings=explained)
