"""The deeper questions: inspections of services that answer, and canaries sent to them.

They are asked side by side, and whatever happens to one is its own finding.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

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


class _Answer(NamedTuple):
    finding: Finding
    result: CheckResult
    seconds: float


class _Question(NamedTuple):
    subject: Subject
    name: str
    inspection: Inspection

    def ask(self, context: CheckContext) -> _Answer:
        began = time.monotonic()
        try:
            result = self.inspection(context)
        except Exception as error:  # noqa: BLE001 - whatever happens is the answer
            # what has no API of its own was looked for in Gnocchi
            asked = context.services.get(self.subject.service) or context.services["metric"]
            result = self._explain(errors.explain(error, asked.url))
        return self._answer(result, time.monotonic() - began)

    def time_out(self) -> _Answer:
        text = f"gave no answer about its {self.name} in time"
        return self._answer(self._explain(errors.ApiFault(Cause.TIMEOUT, text)), 0)

    def _explain(self, fault: errors.ApiFault) -> CheckResult:
        is_canary = self.name == CANARY
        if fault.cause is Cause.FORBIDDEN:
            looked = f"forbids this user to look at its {self.name} (HTTP 403)"
            return CheckResult(Severity.SKIPPED, fault.text if is_canary else looked, fault.cause)
        # the service did answer its read, so only a canary tells that it does not work
        severity = Severity.FAILED if is_canary else Severity.DEGRADED
        return CheckResult(severity, fault.text, fault.cause)

    def _answer(self, result: CheckResult, seconds: float) -> _Answer:
        finding = self.subject.finding(
            self.name, result.severity, result.text, result.cause, remedy=result.remedy
        )
        return _Answer(finding, result, round(seconds, 3))


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
        inspections: list[_Question] = []
        canaries: list[_Question] = []
        for subject, _ in self.places:
            check = registry.check_of(subject.system.check)
            inspections += [_Question(subject, *named) for named in check.inspections.items()]
            if check.canary is not None:
                canaries.append(_Question(subject, CANARY, check.canary))
        answers = self._ask(inspections, self.cloud, deadline)
        memory, figures = self.memory, dict(report.figures)
        for answer in answers:
            figures |= answer.result.figures
            if answer.result.memory is not None:
                memory = memory.replaced(answer.result.memory)
        report = report.joined(answer.finding for answer in answers)
        report = msgspec.structs.replace(report, figures=figures)
        able = [one.subject.service for one in canaries]
        required = self.request.required
        if not able or not self._wants_canaries(report, able):
            return canary_schedule.carry_over(report, memory, able, required)
        seconds = self.request.thresholds.canary_timeout
        self.announce(f"sending canaries to {', '.join(able)} (up to {seconds} s)")
        patience = http.Deadline.after(seconds)
        answers = self._ask(canaries, self.cloud.until(patience), patience)
        well = [answer for answer in answers if answer.result.severity is Severity.OK]
        took = {answer.finding.service: answer.seconds for answer in well}
        found = [answer.finding for answer in answers]
        return canary_schedule.record_sent(report, memory, found, required, took)

    def _wants_canaries(self, report: Report, able: Sequence[str]) -> bool:
        if self.request.depth is Depth.READS:
            return canary_schedule.were_missed(self.memory)
        if self.request.depth is Depth.FULL:
            return True
        required, thresholds = self.request.required, self.request.thresholds
        return canary_schedule.are_due(report, self.memory, able, required, thresholds)

    def _ask(
        self, questions: Sequence[_Question], cloud: Cloud, deadline: http.Deadline
    ) -> list[_Answer]:
        """The answers to all questions, which are asked side by side."""
        apis = {subject.service: Service(cloud, url) for subject, url in self.places if url}
        jobs: dict[int, Callable[[], _Answer]] = {}
        for number, question in enumerate(questions):
            context = CheckContext(question.subject, apis, self.request, deadline, self.memory)
            jobs[number] = functools.partial(question.ask, context)
        answers = [question.time_out() for question in questions]
        for number, answer in side_by_side(jobs, deadline):
            answers[number] = answer
            self.progress(answer.finding.line)
        return answers
