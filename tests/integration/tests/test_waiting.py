"""Waits that end."""

from __future__ import annotations

import pytest

from tests.integration.waiting import Budget, WaitedTooLongError


class Time:
    """A clock that only sleeping moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


def budget(time: Time, each: float = 300, total: float = 1500) -> Budget:
    return Budget(each, total, clock=lambda: time.now, sleep=time.sleep)


def test_a_wait_ends_as_soon_as_it_may(time: Time):
    budget(time).until("ten o'clock", lambda: time.now >= 10, every=2)
    assert time.now == 10


def test_what_is_there_already_costs_no_time(time: Time):
    budget(time).until("now", lambda: True)
    assert time.now == 0


def test_a_wait_in_vain_ends_at_its_bound_and_says_for_what_it_waited(time: Time):
    with pytest.raises(WaitedTooLongError, match="waited 5 minutes for a leader"):
        budget(time).until("a leader", lambda: False)
    assert time.now == 300


def test_a_wait_may_have_a_bound_of_its_own(time: Time):
    with pytest.raises(WaitedTooLongError, match="waited 1 minutes"):
        budget(time).until("a leader", lambda: False, within=60)
    assert time.now == 60


def test_all_waits_together_have_a_bound(time: Time):
    shared = budget(time, each=300, total=400)
    with pytest.raises(WaitedTooLongError):
        shared.until("the first", lambda: False)
    with pytest.raises(WaitedTooLongError, match="all waits are over, the last for the second"):
        shared.until("the second", lambda: False)
    assert time.now == 400


def test_what_lies_between_waits_does_not_count(time: Time):
    shared = budget(time, total=400)
    time.sleep(10_000)
    shared.until("ten more", lambda: time.now >= 10_010)
    assert shared.left == 390


def test_a_rest_is_no_wait(time: Time):
    shared = budget(time)
    shared.rest(600)
    assert (time.now, shared.left) == (600, 1500)


def test_a_question_that_fails_ends_the_wait(time: Time):
    def ask() -> bool:
        raise LookupError("no such unit")

    with pytest.raises(LookupError, match="no such unit"):
        budget(time).until("a unit", ask)
    assert time.now == 0
