"""When canaries are sent, and how long what they proved counts."""

import datetime

import msgspec
import pytest

from coordinator.checks import canary_schedule
from coordinator.checks.memory import MOST_ITEMS, NOTHING, CheckMemory
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.report import Report
from coordinator.request import Thresholds
from tests.unit import reports

ABLE = ("metric", "alarming")


def canary(service: str, severity: Severity = Severity.OK) -> Finding:
    cause = Cause.TIMEOUT if severity is Severity.FAILED else None
    return Finding(service, "canary", severity, f"{service} gave its canary back", cause)


def earlier(*findings: Finding) -> CheckMemory:
    some = findings or tuple(canary(service) for service in ABLE)
    return canary_schedule.record_sent(reports.report(), NOTHING, some, ABLE)[1]


def told(report: Report) -> list[str]:
    """The canaries that a report tells of."""
    return [finding.check for finding in report.findings if finding.question == "canary"]


def later(minutes: int, **changes: object) -> Report:
    taken_at = reports.NOW + datetime.timedelta(minutes=minutes)
    return msgspec.structs.replace(reports.report(), taken_at=taken_at, **changes)


def test_the_first_are_due():
    assert canary_schedule.are_due(reports.report(), NOTHING, ABLE, ABLE)


def test_as_long_as_nothing_changes_and_the_interval_can_be_kept_they_are_not_due():
    assert not canary_schedule.are_due(later(50), earlier(), ABLE, ABLE)


def test_they_are_due_when_the_next_verification_would_be_too_late():
    assert canary_schedule.are_due(later(51), earlier(), ABLE, ABLE)


def test_without_an_interval_only_a_change_makes_them_due():
    never = Thresholds(canary_interval=0)
    assert not canary_schedule.are_due(later(60 * 24 * 30), earlier(), ABLE, ABLE, never)
    assert canary_schedule.are_due(later(5, builds={"metric": "9"}), earlier(), ABLE, ABLE, never)


@pytest.mark.parametrize("interval", [15, 30, 60, 1440])
@pytest.mark.parametrize("pace", [4, 5, 6])
def test_a_fault_without_a_sign_is_told_within_the_interval(interval: int, pace: int):
    """The worst: it breaks when the last round just ended, and the canaries are waited for."""
    thresholds = Thresholds(canary_interval=interval)
    due = (
        minutes
        for minutes in range(pace, interval + 60, pace)
        if canary_schedule.are_due(later(minutes), earlier(), ABLE, ABLE, thresholds)
    )
    assert next(due) + thresholds.canary_timeout / 60 <= interval


def test_an_interval_is_used_up_as_far_as_the_promise_allows():
    started = [
        m for m in range(0, 61, 5) if canary_schedule.are_due(later(m), earlier(), ABLE, ABLE)
    ]
    assert started[0] == 55


def test_between_two_rounds_is_a_pause():
    moved = {"endpoints": {"metric": "https://192.0.2.30:8041"}}
    assert not canary_schedule.are_due(later(4, **moved), earlier(), ABLE, ABLE)
    assert canary_schedule.are_due(later(5, **moved), earlier(), ABLE, ABLE)


def test_a_version_that_is_not_known_now_is_no_change():
    assert not canary_schedule.are_due(later(5, builds={}), earlier(), ABLE, ABLE)


def test_a_charm_that_fails_lets_them_be_sent_again():
    blocked = reports.bad("ceph-mon", "application", cause=Cause.CHARM_BLOCKED)
    assert canary_schedule.has_failed_charm([blocked])
    before = msgspec.structs.replace(earlier(), charms_fail=True)
    assert not canary_schedule.are_due(later(14), before, ABLE, ABLE)
    assert canary_schedule.are_due(later(15), before, ABLE, ABLE)


@pytest.mark.parametrize(
    "change",
    [{"endpoints": {"metric": "https://192.0.2.30:8041"}}, {"builds": {"metric": "4.7.1"}}],
    ids=lambda change: str(*change),
)
def test_a_change_of_the_stack_makes_them_due(change: dict[str, object]):
    assert canary_schedule.are_due(later(5, **change), earlier(), ABLE, ABLE)


def test_a_service_that_recovered_is_proven_anew():
    assert canary_schedule.are_due(later(5), earlier(canary("metric")), ABLE, ABLE)


def test_one_that_failed_is_repeated_after_a_while():
    failed = earlier(canary("metric", Severity.FAILED), canary("alarming"))
    assert not canary_schedule.are_due(later(14), failed, ABLE, ABLE)
    assert canary_schedule.are_due(later(15), failed, ABLE, ABLE)


@pytest.mark.parametrize("severity", Severity)
def test_only_a_fault_is_a_canary_that_was_missed(severity: Severity):
    missed = canary_schedule.were_missed(earlier(canary("metric", severity)))
    assert missed is (severity in {Severity.DEGRADED, Severity.FAILED})


def test_a_clock_that_was_set_back_does_not_keep_a_failure():
    failed = earlier(canary("metric", Severity.FAILED), canary("alarming"))
    assert canary_schedule.are_due(later(-60), failed, ABLE, ABLE)


def test_what_may_not_be_done_is_not_tried_again():
    skipped = earlier(canary("metric", Severity.SKIPPED), canary("alarming"))
    assert not canary_schedule.are_due(later(50), skipped, ABLE, ABLE)


def test_before_ceilometer_upgrade_they_are_not_due():
    assert not canary_schedule.are_due(later(5, behind=("volume missing",)), NOTHING, ABLE, ABLE)


def test_a_finding_is_kept_behind_the_others_of_its_service():
    report, memory = canary_schedule.carry_over(later(5), earlier(), ABLE, ABLE)
    checks = [finding.check for finding in report.findings]
    assert checks[checks.index("metric.read") + 1] == "metric.canary"
    assert report.canaries
    assert report.canaries.sent_at == reports.NOW
    assert memory == earlier()


def test_a_finding_about_a_service_that_fails_now_is_dropped():
    report, memory = canary_schedule.carry_over(later(5), earlier(), ["alarming"], ABLE)
    assert told(report) == ["alarming.canary"]
    again, _ = canary_schedule.carry_over(later(10), memory, ABLE, ABLE)
    assert told(again) == ["alarming.canary"]
    assert canary_schedule.are_due(later(10), memory, ABLE, ABLE)


def test_findings_about_another_stack_are_dropped():
    report, memory = canary_schedule.carry_over(
        later(5, builds={"metric": "4.7.1"}), earlier(), ABLE, ABLE
    )
    assert told(report) == []
    assert memory.canaries
    assert memory.canaries.sent_at == reports.NOW


def test_findings_of_other_required_services_are_dropped():
    report, memory = canary_schedule.carry_over(later(5), earlier(), ABLE, ["metric"])
    assert told(report) == []
    assert canary_schedule.are_due(later(5), memory, ABLE, ["metric"])


def test_that_another_service_is_required_says_nothing_of_canaries():
    more = [*ABLE, "infra-optim", *(f"added-{n}" for n in range(MOST_ITEMS))]
    report, memory = canary_schedule.carry_over(later(5), earlier(), ABLE, more)
    assert told(report) == ["metric.canary", "alarming.canary"]
    assert not canary_schedule.are_due(later(5), memory, ABLE, more)
