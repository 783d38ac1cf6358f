"""When canaries are sent, and how long what they proved counts."""

import dataclasses
import datetime

import pytest

from coordinator.checks import canary_schedule
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.report import Report
from tests.unit import reports

ABLE = ("metric", "alarming")


def canary(service: str, severity: Severity = Severity.OK) -> Finding:
    cause = Cause.TIMEOUT if severity is Severity.FAILED else None
    return Finding(service, "canary", severity, f"{service} gave its canary back", cause)


def earlier(*findings: Finding) -> Report:
    return canary_schedule.sent(
        reports.report(), findings or [canary(service) for service in ABLE]
    )


def later(minutes: int, **changes: object) -> Report:
    taken_at = reports.NOW + datetime.timedelta(minutes=minutes)
    return dataclasses.replace(reports.report(), taken_at=taken_at, **changes)


def test_the_first_are_due():
    assert canary_schedule.are_due(reports.report(), None, ABLE)


def test_after_a_report_without_any_they_are_due():
    assert canary_schedule.are_due(reports.report(), reports.report(), ABLE)


def test_as_long_as_nothing_changes_they_are_not_due():
    assert not canary_schedule.are_due(later(60 * 24 - 1), earlier(), ABLE)


def test_what_they_proved_counts_for_a_day():
    assert canary_schedule.are_due(later(60 * 24), earlier(), ABLE)


def test_between_two_rounds_is_some_rest():
    moved = {"endpoints": {"metric": "https://192.0.2.30:8041"}}
    assert not canary_schedule.are_due(later(4, **moved), earlier(), ABLE)
    assert canary_schedule.are_due(later(5, **moved), earlier(), ABLE)


def test_a_version_that_is_not_known_now_is_no_change():
    assert not canary_schedule.are_due(later(5, builds={}), earlier(), ABLE)


def test_a_charm_that_fails_lets_them_be_sent_again():
    blocked = reports.bad("ceph-mon", "application", cause=Cause.CHARM_BLOCKED)
    before = earlier().joined([blocked])
    assert not canary_schedule.are_due(later(14), before, ABLE)
    assert canary_schedule.are_due(later(15), before, ABLE)


@pytest.mark.parametrize(
    "change",
    [{"endpoints": {"metric": "https://192.0.2.30:8041"}}, {"builds": {"metric": "4.7.1"}}],
    ids=lambda change: str(*change),
)
def test_a_change_of_the_stack_makes_them_due(change: dict[str, object]):
    assert canary_schedule.are_due(later(5, **change), earlier(), ABLE)


def test_a_service_that_recovered_is_proven_anew():
    assert canary_schedule.are_due(later(5), earlier(canary("metric")), ABLE)


def test_one_that_failed_is_repeated_after_a_while():
    failed = earlier(canary("metric", Severity.FAILED), canary("alarming"))
    assert not canary_schedule.are_due(later(14), failed, ABLE)
    assert canary_schedule.are_due(later(15), failed, ABLE)


@pytest.mark.parametrize("severity", Severity)
def test_only_a_fault_is_a_canary_that_was_missed(severity: Severity):
    missed = canary_schedule.were_missed(earlier(canary("metric", severity)))
    assert missed is (severity in {Severity.DEGRADED, Severity.FAILED})


def test_a_clock_that_was_set_back_does_not_keep_a_failure():
    failed = earlier(canary("metric", Severity.FAILED), canary("alarming"))
    assert canary_schedule.are_due(later(-60), failed, ABLE)


def test_what_may_not_be_done_is_not_tried_again():
    skipped = earlier(canary("metric", Severity.SKIPPED), canary("alarming"))
    assert not canary_schedule.are_due(later(60 * 23), skipped, ABLE)


def test_before_ceilometer_upgrade_they_are_not_due():
    assert not canary_schedule.are_due(later(5, behind=("volume missing",)), None, ABLE)


def test_a_finding_is_kept_behind_the_others_of_its_service():
    kept = canary_schedule.kept(later(5), earlier(), ABLE)
    checks = [finding.check for finding in kept.findings]
    assert checks[checks.index("metric.read") + 1] == "metric.canary"
    assert kept.canaries == earlier().canaries


def test_a_finding_about_a_service_that_fails_now_is_dropped():
    kept = canary_schedule.kept(later(5), earlier(), ["alarming"])
    assert [finding.check for finding in canary_schedule.of(kept)] == ["alarming.canary"]


def test_findings_about_another_stack_are_dropped():
    kept = canary_schedule.kept(later(5, builds={"metric": "4.7.1"}), earlier(), ABLE)
    assert canary_schedule.of(kept) == ()
    assert kept.canaries == earlier().canaries


def test_how_long_they_took_is_kept_as_long_as_what_they_found():
    took = {"canary.seconds:metric": 31.5, "canary.seconds:alarming": 60.0, "metric.backlog": 3.0}
    before = dataclasses.replace(earlier(), figures=took)
    kept = canary_schedule.kept(later(5, figures={"metric.backlog": 4.0}), before, ["metric"])
    assert kept.figures == {"metric.backlog": 4.0, "canary.seconds:metric": 31.5}
