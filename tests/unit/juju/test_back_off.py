"""A controller that does not answer is left alone for some minutes."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.juju.rest import AWAKE, ControllerRest

NOON = datetime.datetime(2026, 11, 27, 12, 0, tzinfo=datetime.timezone.utc)
HERE = ("192.0.2.1:17070", "[2001:db8::1]:17070")
RESTING = AWAKE.prolonged(HERE, NOON)


def minutes(number: float) -> datetime.timedelta:
    return datetime.timedelta(minutes=number)


def test_nothing_is_barred_without_a_timeout():
    assert not AWAKE.bars(HERE, NOON)


@pytest.mark.parametrize(("after", "barred"), [(0, True), (4.9, True), (5, False), (60, False)])
def test_calls_are_barred_for_five_minutes(after: float, barred: bool):
    assert RESTING.bars(HERE, NOON + minutes(after)) is barred


def test_a_controller_elsewhere_is_asked():
    assert not RESTING.bars(("192.0.2.2:17070",), NOON)


def test_a_clock_that_was_set_back_bars_nothing():
    assert not RESTING.bars(HERE, NOON - minutes(1))


def test_the_first_time_is_kept():
    again = RESTING.prolonged(HERE, NOON + minutes(6))
    assert (again.since, again.until) == (NOON, NOON + minutes(11))


def test_another_controller_begins_anew():
    again = RESTING.prolonged(("192.0.2.2:17070",), NOON + minutes(6))
    assert again.since == NOON + minutes(6)


def test_what_is_kept_is_read_again():
    assert ControllerRest.from_json(RESTING.to_json()) == RESTING
    assert ControllerRest.from_json(AWAKE.to_json()) == AWAKE


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(repr))
def test_whatever_was_kept_nothing_breaks(text: str):
    assert ControllerRest.from_json(text) == AWAKE


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"where": ["a b"], "since": "2026-11-27T12:00:00+00:00", "until": "x"}',
        '{"where": ["a:1"], "since": "2026-11-27T12:00:00", "until": "2026-11-27T12:05:00"}',
        '{"where": ["a:1"], "since": "0001-01-01T00:00:00+23:00", "until": 5}',
    ],
)
def test_what_is_not_ours_is_as_good_as_nothing(text: str):
    assert ControllerRest.from_json(text) == AWAKE
