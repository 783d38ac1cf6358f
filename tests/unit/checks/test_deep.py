"""How deeper questions are asked; what they ask is shown by the functional tests."""

from __future__ import annotations

import dataclasses
import threading
import types
from collections.abc import Callable

import keystoneauth1.session
import pytest

from coordinator.blueprint import loader
from coordinator.checks import canary_schedule, deep, endpoint
from coordinator.openstack import client, http
from coordinator.openstack.errors import UnusableAnswerError
from coordinator.report import remedies
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.report import Report
from coordinator.request import Depth, Thresholds
from tests.unit import reports


def subject(type_: str, *, required: bool = True) -> endpoint.Subject:
    system = loader.load().services[type_]
    names = remedies.Subject(type_, system.charm, "keystone", "telemetry-coordinator")
    return endpoint.Subject(type_, system, required, "internal", "RegionOne", names)


def well(_scene: deep.CheckContext) -> deep.CheckResult:
    return deep.CheckResult(Severity.OK, "is well", figures={"metric.backlog": 12})


def raises(error: Exception) -> deep.DeepCheck:
    def question(_scene: deep.CheckContext) -> deep.CheckResult:
        raise error

    return question


class Module(types.SimpleNamespace):
    """Stands for a module of checks with these questions."""

    INSPECTIONS: dict[str, deep.DeepCheck]


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> dict[str, Module]:
    """The modules of checks, by the key of their system; none asks anything yet."""
    known: dict[str, Module] = {}
    monkeypatch.setattr(endpoint, "module_of", lambda system: known.get(system.key, Module()))
    return known


def deepen(
    *subjects: endpoint.Subject,
    depth: Depth = Depth.READS,
    seconds: float = 5,
    announce: Callable[[str], None] = lambda _line: None,
    earlier: Report | None = None,
) -> Report:
    request = dataclasses.replace(
        reports.REQUEST, depth=depth, thresholds=Thresholds(canary_timeout=1), earlier=earlier
    )
    session = keystoneauth1.session.Session()
    opened = client.Cloud(session, (), reopen=lambda _deadline: session)
    places = [(subject, "http://192.0.2.30:8041") for subject in subjects]
    asking = deep.Asking(request, opened, places, lambda _line: None, announce)
    return asking.deepen(reports.report(), http.Deadline.after(seconds))


def outcome(report: Report, check: str) -> tuple[Severity, Cause | None, str]:
    found = next(finding for finding in report.findings if finding.check == check)
    return found.severity, found.cause, found.summary


def test_an_answer_is_a_finding_with_its_figures(modules: dict[str, Module]):
    modules["gnocchi"] = Module(INSPECTIONS={"backlog": well})
    report = deepen(subject("metric"))
    assert outcome(report, "metric.backlog") == (Severity.OK, None, "Gnocchi is well")
    assert report.figures == {"metric.backlog": 12}


def test_what_only_reads_degrades_when_it_is_not_answered(modules: dict[str, Module]):
    modules["gnocchi"] = Module(
        INSPECTIONS={"backlog": raises(UnusableAnswerError(Cause.UNEXPECTED, "errs"))}
    )
    found = outcome(deepen(subject("metric")), "metric.backlog")
    assert found == (Severity.DEGRADED, Cause.UNEXPECTED, "Gnocchi errs")


def test_a_canary_that_does_not_come_back_fails(modules: dict[str, Module]):
    modules["aodh"] = Module(canary=raises(UnusableAnswerError(Cause.UNEXPECTED, "errs")))
    found = outcome(deepen(subject("alarming"), depth=Depth.FULL), "alarming.canary")
    assert found == (Severity.FAILED, Cause.UNEXPECTED, "Aodh errs")


def test_a_canary_of_an_optional_service_degrades(modules: dict[str, Module]):
    modules["watcher"] = Module(canary=raises(UnusableAnswerError(Cause.UNEXPECTED, "errs")))
    report = deepen(subject("infra-optim", required=False), depth=Depth.FULL)
    assert outcome(report, "infra-optim.canary")[0] is Severity.DEGRADED


@pytest.mark.parametrize("depth", [Depth.READS, Depth.FULL])
def test_what_the_user_may_not_do_is_skipped(modules: dict[str, Module], depth: Depth):
    forbidden = raises(UnusableAnswerError(Cause.FORBIDDEN, "forbids"))
    modules["gnocchi"] = Module(INSPECTIONS={"backlog": forbidden}, canary=forbidden)
    report = deepen(subject("metric"), depth=depth)
    assert outcome(report, "metric.backlog")[0] is Severity.SKIPPED
    assert report.severity is Severity.OK


def test_a_question_without_an_answer_costs_only_itself(modules: dict[str, Module]):
    never = threading.Event()
    modules["gnocchi"] = Module(
        INSPECTIONS={"flow": lambda _scene: never.wait() and well(_scene), "backlog": well}
    )
    report = deepen(subject("metric"), seconds=0.3)
    never.set()
    assert outcome(report, "metric.backlog")[0] is Severity.OK
    assert outcome(report, "metric.flow")[:2] == (Severity.DEGRADED, Cause.TIMEOUT)


def test_canaries_are_announced_and_dated(modules: dict[str, Module]):
    modules["gnocchi"] = Module(canary=well)
    announced: list[str] = []
    report = deepen(subject("metric"), depth=Depth.CHANGES, announce=announced.append)
    assert announced == ["sending canaries to metric (up to 1 s)"]
    assert report.canaries
    assert report.canaries.sent_at == report.taken_at


def test_what_was_missed_is_sent_again_with_reads(modules: dict[str, Module]):
    modules["gnocchi"] = Module(canary=well)
    missed = Finding("metric", "canary", Severity.FAILED, "missed", Cause.NOT_PROCESSED)
    before = canary_schedule.sent(reports.report(), [missed])
    report = deepen(subject("metric"), earlier=before)
    assert outcome(report, "metric.canary")[0] is Severity.OK


def test_reads_send_no_canaries(modules: dict[str, Module]):
    modules["gnocchi"] = Module(canary=raises(AssertionError("sent")))
    assert deepen(subject("metric")).canaries is None


def test_a_canary_that_comes_back_is_timed(modules: dict[str, Module]):
    modules["gnocchi"] = Module(canary=well)
    figures = deepen(subject("metric"), depth=Depth.FULL).figures
    assert 0 <= figures["canary.seconds:metric"] < 1


def test_a_canary_that_does_not_come_back_has_no_time(modules: dict[str, Module]):
    modules["gnocchi"] = Module(canary=raises(UnusableAnswerError(Cause.UNEXPECTED, "errs")))
    assert deepen(subject("metric"), depth=Depth.FULL).figures == {}
