"""The deeper questions: whether the services behind the answers do their work.

A module of `checks` may have a table `INSPECTIONS` of questions by name that only read, and a
question `canary` that writes something of the coordinator's own, looks for it on the other side
of the service, and removes it. All are functions from a `Scene` to an `Outcome`; they are asked
side by side, and whatever happens to one is its own finding.
"""

from __future__ import annotations

import dataclasses
import enum
import time
from collections.abc import Callable, Mapping, Sequence

from coordinator.checks import canary_schedule, endpoint
from coordinator.checks.parallel import side_by_side
from coordinator.openstack import errors, http
from coordinator.openstack.client import Cloud, Service
from coordinator.report import figures
from coordinator.report.finding import CANARY, Cause, Finding, Severity
from coordinator.report.report import Report
from coordinator.request import Depth, Request

RESERVE = 0.2
"""Part of the time that canaries may take that is kept for removing one, up to `MOST_KEPT`."""

MOST_KEPT = 5.0


class Kind(enum.Enum):
    """The two kinds of questions.

    The value is how bad it is when a question cannot be answered: the service did answer its read,
    so only a canary that does not come back tells that it does not work.
    """

    INSPECTION = Severity.DEGRADED
    CANARY = Severity.FAILED


@dataclasses.dataclass(frozen=True)
class CheckContext:
    """What a question sees.

    Attributes:
        subject: the system that it is about.
        services: those that answered their read, by catalog type, and `identity`.
        request: what is verified, and how.
        deadline: when the answer must be there; what was written must be removed before.
    """

    subject: endpoint.Subject
    services: Mapping[str, Service]
    request: Request
    deadline: http.Deadline

    @property
    def service(self) -> Service:
        """The system's own API."""
        return self.services[self.subject.service]

    @property
    def patience(self) -> http.Deadline:
        """Until when to wait for a canary: what was made must be removed in time."""
        kept = min(MOST_KEPT, RESERVE * self.request.thresholds.canary_timeout)
        return http.Deadline(self.deadline.at - kept)


@dataclasses.dataclass(frozen=True)
class CheckResult:
    """The answer to a deeper question.

    Attributes:
        severity: `FAILED` becomes a degradation where the system is not required.
        text: follows the title of the system, without a full stop.
        remedy: what to type; empty: what is usual for the cause.
        figures: numbers that later reports are compared with, such as `{"metric.backlog": 12}`.
    """

    severity: Severity
    text: str
    cause: Cause | None = None
    remedy: str = ""
    figures: Mapping[str, float] = dataclasses.field(default_factory=dict[str, float])


DeepCheck = Callable[[CheckContext], CheckResult]


@dataclasses.dataclass(frozen=True)
class Asking:
    """The deeper questions of one verification.

    Attributes:
        places: the systems that answered well so far, with their addresses, in the order of
            reports; one without an API of its own has an empty address.
        progress: told a line for each answer.
        announce: told one line before canaries are sent, which takes long.
    """

    request: Request
    cloud: Cloud
    places: Sequence[tuple[endpoint.Subject, str]]
    progress: Callable[[str], None]
    announce: Callable[[str], None]

    def deepen(self, report: Report, deadline: http.Deadline) -> Report:
        """The report together with the answers to the deeper questions.

        Args:
            report: what was found without them.
            deadline: of the inspections; canaries have a time of their own.
        """
        findings, numbers = self._ask(Kind.INSPECTION, self.cloud, deadline)
        report = dataclasses.replace(report.joined(findings), figures=numbers)
        earlier, able = self.request.earlier, self._able()
        if not self._wants_canaries(report, able):
            return canary_schedule.kept(report, earlier, able)
        seconds = self.request.thresholds.canary_timeout
        self.announce(f"sending canaries to {', '.join(able)} (up to {seconds} s)")
        patience = http.Deadline.after(seconds)
        findings, numbers = self._ask(Kind.CANARY, self.cloud.until(patience), patience)
        report = dataclasses.replace(report, figures={**report.figures, **numbers})
        return canary_schedule.sent(report, findings)

    def _able(self) -> tuple[str, ...]:
        """The services that a canary can be sent to."""
        return tuple(s.service for s, _ in self.places if _questions(s, Kind.CANARY))

    def _wants_canaries(self, report: Report, able: tuple[str, ...]) -> bool:
        if not able:
            return False
        if self.request.depth is Depth.READS:
            return canary_schedule.were_missed(self.request.earlier)
        if self.request.depth is Depth.FULL:
            return True
        return canary_schedule.are_due(report, self.request.earlier, able)

    def _ask(
        self, kind: Kind, cloud: Cloud, deadline: http.Deadline
    ) -> tuple[tuple[Finding, ...], dict[str, float]]:
        """Ask all questions of a kind side by side, and give findings and figures."""
        apis = {s.service: Service(cloud, url) for s, url in self.places if url}
        subjects = {subject.service: subject for subject, _ in self.places}
        jobs: dict[tuple[str, str], Callable[[], CheckResult]] = {}
        for subject in subjects.values():
            scene = CheckContext(subject, apis, self.request, deadline)
            for name, question in _questions(subject, kind).items():
                jobs[subject.service, name] = _asking(question, scene, name, kind)
        answers: dict[tuple[str, str], CheckResult] = {}
        for (service, name), outcome in side_by_side(jobs, deadline):
            answers[service, name] = outcome
            self.progress(_finding(subjects[service], name, outcome).line)
        for service, name in jobs.keys() - answers.keys():
            text = f"gave no answer about its {name} in time"
            answers[service, name] = CheckResult(kind.value, text, Cause.TIMEOUT)
        numbers = {name: n for answer in answers.values() for name, n in answer.figures.items()}
        findings = (_finding(subjects[key[0]], key[1], answers[key]) for key in jobs)
        return tuple(findings), numbers


def _questions(subject: endpoint.Subject, kind: Kind) -> Mapping[str, DeepCheck]:
    if not subject.system.check:
        return {}
    module = endpoint.module_of(subject.system)
    if kind is Kind.INSPECTION:
        return getattr(module, "INSPECTIONS", {})
    return {CANARY: module.canary} if hasattr(module, "canary") else {}


def _asking(
    question: DeepCheck, scene: CheckContext, name: str, kind: Kind
) -> Callable[[], CheckResult]:
    def answer() -> CheckResult:
        began = time.monotonic()
        try:
            result = question(scene)
        except Exception as error:  # noqa: BLE001 - whatever happens is the answer
            # what has no API of its own was looked for in Gnocchi
            asked = scene.services.get(scene.subject.service) or scene.services["metric"]
            fault = errors.explain(error, asked.url)
            if fault.cause is Cause.FORBIDDEN:
                text = f"forbids this user to look at its {name} (HTTP 403)"
                return CheckResult(Severity.SKIPPED, text, fault.cause)
            return CheckResult(kind.value, fault.text, fault.cause)
        if kind is not Kind.CANARY or result.severity is not Severity.OK:
            return result
        took = round(time.monotonic() - began, 3)
        seconds = {f"{figures.CANARY_SECONDS}{scene.subject.service}": took}
        return dataclasses.replace(result, figures={**result.figures, **seconds})

    return answer


def _finding(subject: endpoint.Subject, question: str, outcome: CheckResult) -> Finding:
    finding = subject.finding(question, outcome.severity, outcome.text, outcome.cause)
    return dataclasses.replace(finding, remedy=outcome.remedy) if outcome.remedy else finding
