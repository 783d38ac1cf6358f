"""How deeper questions are asked; what they ask is shown by the functional tests."""

from __future__ import annotations

import threading
from collections.abc import Callable

import msgspec
import pytest

from coordinator.blueprint import loader
from coordinator.checks import base, canary_schedule, deep, registry
from coordinator.checks.base import CheckContext, CheckResult, Inspection
from coordinator.checks.memory import NOTHING, BacklogTrend, CheckMemory
from coordinator.openstack import http
from coordinator.openstack.errors import UnusableAnswerError
from coordinator.report import remedies
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.report import Report
from coordinator.request import Depth, Thresholds
from tests.unit import reports, sessions


def subject(type_: str, *, required: bool = True) -> base.Subject:
    system = loader.load().services[type_]
    names = remedies.Names(type_, system.charm, "keystone", "telemetry-coordinator")
    return base.Subject(system, required, names)


def well(_context: CheckContext) -> CheckResult:
    return CheckResult(Severity.OK, "is well", figures={"metric.backlog": 12})


def raises(error: Exception) -> Inspection:
    def question(_context: CheckContext) -> CheckResult:
        raise error

    return question


class Asked(base.Check):
    """Stands for the check of a system, with these questions."""

    def __init__(
        self, inspections: dict[str, Inspection] | None = None, canary: Inspection | None = None
    ) -> None:
        self._inspections = inspections or {}
        self._canary = canary

    @property
    def inspections(self) -> dict[str, Inspection]:
        return self._inspections

    @property
    def canary(self) -> Inspection | None:
        return self._canary


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> dict[str, Asked]:
    """The checks by their names; none asks anything yet."""
    known: dict[str, Asked] = {}
    monkeypatch.setattr(registry, "check_of", lambda name: known.get(name, Asked()))
    return known


def deepen(
    *subjects: base.Subject,
    depth: Depth = Depth.READS,
    seconds: float = 5,
    announce: Callable[[str], None] = lambda _line: None,
    memory: CheckMemory = NOTHING,
) -> Report:
    return remembered(*subjects, depth=depth, seconds=seconds, announce=announce, memory=memory)[0]


def remembered(
    *subjects: base.Subject,
    depth: Depth = Depth.READS,
    seconds: float = 5,
    announce: Callable[[str], None] = lambda _line: None,
    memory: CheckMemory = NOTHING,
) -> tuple[Report, CheckMemory]:
    """The report, and what is to be remembered."""
    request = msgspec.structs.replace(
        reports.REQUEST, depth=depth, thresholds=Thresholds(canary_timeout=1)
    )
    opened = sessions.cloud()
    places = [(subject, "http://192.0.2.30:8041") for subject in subjects]
    asking = deep.Asking(request, memory, opened, places, lambda _line: None, announce)
    return asking.deepen(reports.report(), http.Deadline.after(seconds))


def outcome(report: Report, check: str) -> tuple[Severity, Cause | None, str]:
    found = next(finding for finding in report.findings if finding.check == check)
    return found.severity, found.cause, found.summary


def test_an_answer_is_a_finding_with_its_figures(checks: dict[str, Asked]):
    checks["metric"] = Asked(inspections={"backlog": well})
    report = deepen(subject("metric"))
    assert outcome(report, "metric.backlog") == (Severity.OK, None, "Gnocchi is well")
    assert report.figures == {"metric.backlog": 12}


def test_what_only_reads_degrades_when_it_is_not_answered(checks: dict[str, Asked]):
    checks["metric"] = Asked(
        inspections={"backlog": raises(UnusableAnswerError(Cause.UNEXPECTED, "errs"))}
    )
    found = outcome(deepen(subject("metric")), "metric.backlog")
    assert found == (Severity.DEGRADED, Cause.UNEXPECTED, "Gnocchi errs")


def test_a_canary_that_does_not_come_back_fails(checks: dict[str, Asked]):
    checks["alarming"] = Asked(canary=raises(UnusableAnswerError(Cause.UNEXPECTED, "errs")))
    found = outcome(deepen(subject("alarming"), depth=Depth.FULL), "alarming.canary")
    assert found == (Severity.FAILED, Cause.UNEXPECTED, "Aodh errs")


def test_a_canary_of_an_optional_service_degrades(checks: dict[str, Asked]):
    checks["infra_optim"] = Asked(canary=raises(UnusableAnswerError(Cause.UNEXPECTED, "errs")))
    report = deepen(subject("infra-optim", required=False), depth=Depth.FULL)
    assert outcome(report, "infra-optim.canary")[0] is Severity.DEGRADED


@pytest.mark.parametrize("depth", [Depth.READS, Depth.FULL])
def test_what_the_user_may_not_do_is_skipped(checks: dict[str, Asked], depth: Depth):
    forbidden = raises(UnusableAnswerError(Cause.FORBIDDEN, "forbids"))
    checks["metric"] = Asked(inspections={"backlog": forbidden}, canary=forbidden)
    report = deepen(subject("metric"), depth=depth)
    text = "Gnocchi forbids this user to look at its backlog (HTTP 403)"
    assert outcome(report, "metric.backlog")[::2] == (Severity.SKIPPED, text)
    assert report.severity is Severity.OK


def test_a_canary_that_the_user_may_not_send_tells_what_is_forbidden(checks: dict[str, Asked]):
    words = "cannot make a test metric: forbids this user to write (HTTP 403)"
    checks["metric"] = Asked(canary=raises(UnusableAnswerError(Cause.FORBIDDEN, words)))
    found = outcome(deepen(subject("metric"), depth=Depth.FULL), "metric.canary")
    assert found == (Severity.SKIPPED, Cause.FORBIDDEN, f"Gnocchi {words}")


def test_a_question_without_an_answer_costs_only_itself(checks: dict[str, Asked]):
    never = threading.Event()

    def hang(context: CheckContext) -> CheckResult:
        never.wait()
        return well(context)

    checks["metric"] = Asked(inspections={"flow": hang, "backlog": well})
    report = deepen(subject("metric"), seconds=0.3)
    never.set()
    assert outcome(report, "metric.backlog")[0] is Severity.OK
    assert outcome(report, "metric.flow")[:2] == (Severity.DEGRADED, Cause.TIMEOUT)


def test_canaries_are_announced_and_dated(checks: dict[str, Asked]):
    checks["metric"] = Asked(canary=well)
    announced: list[str] = []
    report = deepen(subject("metric"), depth=Depth.CHANGES, announce=announced.append)
    assert announced == ["sending canaries to metric (up to 1 s)"]
    assert report.canaries
    assert report.canaries.sent_at == report.taken_at


def test_what_was_missed_is_sent_again_with_reads(checks: dict[str, Asked]):
    checks["metric"] = Asked(canary=well)
    missed = Finding("metric", "canary", Severity.FAILED, "missed", Cause.NOT_PROCESSED)
    _, memory = canary_schedule.record_sent(reports.report(), NOTHING, [missed], ())
    report = deepen(subject("metric"), memory=memory)
    assert outcome(report, "metric.canary")[0] is Severity.OK


def test_reads_send_no_canaries(checks: dict[str, Asked]):
    checks["metric"] = Asked(canary=raises(AssertionError("sent")))
    assert deepen(subject("metric")).canaries is None


def test_what_an_inspection_remembers_takes_the_place_of_before(checks: dict[str, Asked]):
    trend = BacklogTrend(12, reports.NOW)
    answer = CheckResult(Severity.OK, "is well", memory=trend)
    checks["metric"] = Asked(inspections={"backlog": lambda _context: answer})
    assert remembered(subject("metric"))[1] == CheckMemory(backlog=trend)


def test_an_inspection_that_is_not_answered_forgets_nothing(checks: dict[str, Asked]):
    memory = CheckMemory(backlog=BacklogTrend(12, reports.NOW))
    checks["metric"] = Asked(inspections={"backlog": raises(ConnectionRefusedError())})
    assert remembered(subject("metric"), memory=memory)[1] == memory


def test_an_inspection_sees_what_is_remembered(checks: dict[str, Asked]):
    seen: list[CheckMemory] = []

    def look(context: CheckContext) -> CheckResult:
        seen.append(context.memory)
        return CheckResult(Severity.OK, "is well")

    memory = CheckMemory(backlog=BacklogTrend(12, reports.NOW))
    checks["metric"] = Asked(inspections={"backlog": look})
    deepen(subject("metric"), memory=memory)
    assert seen == [memory]
