"""The deeper questions: inspections of services that answer, and canaries sent to them.

They are asked side by side, and whatever happens to one is its own finding.
"""

from __future__ import annotations

import enum
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from coordinator.checks import canary_schedule, registry
from coordinator.checks.base import CheckContext, CheckResult, Inspection, Subject
from coordinator.checks.memory import CheckMemory
from coordinator.checks.parallel import side_by_side
from coordinator.openstack import errors, http
from coordinator.openstack.client import Cloud, Service
from coordinator.report.finding import CANARY, Cause, Finding, Severity
from coordinator.report.report import Report
from coordinator.request import Depth, Request


class Kind(enum.Enum):
    """The two kinds of questions.

    The value is how bad it is when a question cannot be answered: the service did answer its read,
    so only a canary that does not come back tells that it does not work.
    """

    INSPECTION = Severity.DEGRADED
    CANARY = Severity.FAILED


class Asking(msgspec.Struct, frozen=True):
    """The deeper questions of one verification.

    Attributes:
        places: the systems that answered well so far, with their addresses, in the order of
            reports; one without an API of its own has an empty address.
        progress: told a line for each answer.
        announce: told one line before canaries are sent, which takes long.
    """

    request: Request
    memory: CheckMemory
    cloud: Cloud
    places: Sequence[tuple[Subject, str]]
    progress: Callable[[str], None]
    announce: Callable[[str], None]

    def deepen(self, report: Report, deadline: http.Deadline) -> tuple[Report, CheckMemory]:
        """The report together with the answers to the deeper questions, and what to remember.

        Args:
            report: what was found without them.
            deadline: of the inspections; canaries have a time of their own.
        """
        answers = self._ask(Kind.INSPECTION, self.cloud, deadline)
        figures = {name: n for _, answer in answers for name, n in answer.figures.items()}
        memory = self.memory
        for _, answer in answers:
            memory = memory if answer.memory is None else memory.replaced(answer.memory)
        report = report.joined(finding for finding, _ in answers)
        report = msgspec.structs.replace(report, figures=figures)
        able = tuple(subject.service for subject, _ in self.places if _canary_of(subject))
        required = self.request.required
        if not self._wants_canaries(report, able):
            return canary_schedule.kept(report, memory, able, required)
        seconds = self.request.thresholds.canary_timeout
        self.announce(f"sending canaries to {', '.join(able)} (up to {seconds} s)")
        patience = http.Deadline.after(seconds)
        answers = self._ask(Kind.CANARY, self.cloud.until(patience), patience)
        took = {finding.service: a.seconds for finding, a in answers if a.seconds is not None}
        found = [finding for finding, _ in answers]
        return canary_schedule.sent(report, memory, found, required, took)

    def _wants_canaries(self, report: Report, able: tuple[str, ...]) -> bool:
        if not able:
            return False
        if self.request.depth is Depth.READS:
            return canary_schedule.were_missed(self.memory)
        if self.request.depth is Depth.FULL:
            return True
        required, thresholds = self.request.required, self.request.thresholds
        return canary_schedule.are_due(report, self.memory, able, required, thresholds)

    def _ask(
        self, kind: Kind, cloud: Cloud, deadline: http.Deadline
    ) -> list[tuple[Finding, CheckResult]]:
        """Ask all questions of a kind side by side, and give findings with their answers."""
        apis = {s.service: Service(cloud, url) for s, url in self.places if url}
        subjects = {subject.service: subject for subject, _ in self.places}
        jobs: dict[tuple[str, str], Callable[[], CheckResult]] = {}
        for subject in subjects.values():
            context = CheckContext(subject, apis, self.request, deadline, self.memory)
            for name, inspection in _questions(subject, kind).items():
                jobs[subject.service, name] = _asking(inspection, context, name, kind)
        answers: dict[tuple[str, str], CheckResult] = {}
        for (service, name), answer in side_by_side(jobs, deadline):
            answers[service, name] = answer
            self.progress(_finding(subjects[service], name, answer).line)
        for service, name in jobs.keys() - answers.keys():
            text = f"gave no answer about its {name} in time"
            answers[service, name] = CheckResult(kind.value, text, Cause.TIMEOUT)
        return [(_finding(subjects[key[0]], key[1], answers[key]), answers[key]) for key in jobs]


def _canary_of(subject: Subject) -> Inspection | None:
    return registry.check_of(subject.system.check).canary


def _questions(subject: Subject, kind: Kind) -> Mapping[str, Inspection]:
    if kind is Kind.INSPECTION:
        return registry.check_of(subject.system.check).inspections
    canary = _canary_of(subject)
    return {CANARY: canary} if canary else {}


def _asking(
    inspection: Inspection, context: CheckContext, name: str, kind: Kind
) -> Callable[[], CheckResult]:
    def answer() -> CheckResult:
        began = time.monotonic()
        try:
            result = inspection(context)
        except Exception as error:  # noqa: BLE001 - whatever happens is the answer
            # what has no API of its own was looked for in Gnocchi
            asked = context.services.get(context.subject.service) or context.services["metric"]
            fault = errors.explain(error, asked.url)
            if fault.cause is Cause.FORBIDDEN:
                looked = f"forbids this user to look at its {name} (HTTP 403)"
                text = fault.text if kind is Kind.CANARY else looked
                return CheckResult(Severity.SKIPPED, text, fault.cause)
            return CheckResult(kind.value, fault.text, fault.cause)
        if kind is Kind.INSPECTION or result.severity is not Severity.OK:
            return result
        return msgspec.structs.replace(result, seconds=round(time.monotonic() - began, 3))

    return answer


def _finding(subject: Subject, question: str, answer: CheckResult) -> Finding:
    finding = subject.finding(question, answer.severity, answer.text, answer.cause)
    return msgspec.structs.replace(finding, remedy=answer.remedy) if answer.remedy else finding
