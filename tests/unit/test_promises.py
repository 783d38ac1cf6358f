"""How soon a fault is told: the table in what-is-verified.md, held with a simulated clock."""

from __future__ import annotations

import datetime
import pathlib

import msgspec
import pytest

from coordinator.checks import canary_schedule, compute_hosts
from coordinator.checks.memory import NOTHING
from coordinator.report.finding import Finding, Severity
from coordinator.request import DEFAULT_THRESHOLDS
from tests.unit import reports

PAGE = pathlib.Path(__file__).parents[2] / "docs/explanation/what-is-verified.md"
NEXT = canary_schedule.NEXT.total_seconds() / 60
GRANULARITY = 5
"""Minutes by which a measure may be taken for younger than it is, in Ceilometer's own policies."""

ABLE = ("metric",)


def rounds(breaks_at: float, pace: float) -> float:
    """Minutes from a fault without a sign until a round of canaries has told it.

    Args:
        breaks_at: minutes after the clock started.
        pace: minutes between two verifications.
    """
    memory, now = NOTHING, 0.0
    while True:
        at = reports.NOW + datetime.timedelta(minutes=now)
        report = msgspec.structs.replace(reports.report(), taken_at=at)
        if canary_schedule.are_due(report, memory, ABLE, ABLE):
            if now >= breaks_at:
                return now + DEFAULT_THRESHOLDS.canary_timeout / 60 - breaks_at
            answer = Finding("metric", "canary", Severity.OK, "came back")
            memory = canary_schedule.record_sent(report, memory, [answer], ABLE)[1]
        now += pace


@pytest.mark.parametrize("pace", [4.0, 5.0, 6.0])
def test_what_only_canaries_find_is_told_within_an_hour(pace: float):
    assert max(rounds(minute + 0.1, pace) for minute in range(200)) <= 60


def test_the_default_is_what_the_page_promises():
    assert DEFAULT_THRESHOLDS.canary_interval == 60
    assert "| 60 minutes | `canary-interval` |" in PAGE.read_text(encoding="utf-8")


def test_an_api_that_is_down_is_told_by_the_next_update_status():
    assert NEXT == 6
    assert "one `update-status`: 6 minutes" in PAGE.read_text(encoding="utf-8")


def test_a_silent_host_among_sixteen_is_told_as_soon_as_the_page_says():
    turns = -(-16 // compute_hosts.HOSTS)
    promise = DEFAULT_THRESHOLDS.age + GRANULARITY + turns * NEXT
    assert f"| {promise:.0f} minutes up to 16 hosts" in PAGE.read_text(encoding="utf-8")


def test_the_pace_of_the_turn_is_what_the_page_says():
    text = PAGE.read_text(encoding="utf-8")
    assert f"{compute_hosts.HOSTS} hosts with each verification in turn" in text
    assert f"{NEXT:.0f} minutes more for each further {compute_hosts.HOSTS}" in text
