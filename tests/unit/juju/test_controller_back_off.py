"""A controller that does not answer is left alone for some minutes."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.juju.controller_back_off import BackOff, extend
from coordinator.report import kept

NOON = datetime.datetime(2026, 11, 27, 12, 0, tzinfo=datetime.timezone.utc)
HERE = ("192.0.2.1:17070", "[2001:db8::1]:17070")
SILENT = extend(None, HERE, NOON)


def minutes(number: float) -> datetime.timedelta:
    return datetime.timedelta(minutes=number)


@pytest.mark.parametrize(("after", "covered"), [(0, True), (4.9, True), (5, False), (60, False)])
def test_no_call_is_made_for_five_minutes(after: float, covered: bool):
    assert SILENT.covers(HERE, NOON + minutes(after)) is covered


def test_a_controller_elsewhere_is_asked():
    assert not SILENT.covers(("192.0.2.2:17070",), NOON)


def test_after_a_clock_was_set_back_it_is_asked():
    assert not SILENT.covers(HERE, NOON - minutes(1))


@pytest.mark.parametrize("year", [datetime.MINYEAR, datetime.MAXYEAR])
def test_no_time_that_was_kept_is_out_of_reach(year: int):
    until = datetime.datetime(year, 1, 1, tzinfo=datetime.timezone.utc)
    assert not BackOff(HERE, NOON, until).covers(HERE, NOON)


def test_the_first_time_is_kept():
    again = extend(SILENT, HERE, NOON + minutes(6))
    assert (again.since, again.until) == (NOON, NOON + minutes(11))


def test_another_controller_begins_anew():
    again = extend(SILENT, ("192.0.2.2:17070",), NOON + minutes(6))
    assert again.since == NOON + minutes(6)


def test_what_is_kept_is_read_again():
    assert kept.loads(BackOff, kept.dumps(SILENT)) == SILENT


@given(st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(repr))
def test_whatever_was_kept_nothing_breaks(text: str):
    assert kept.loads(BackOff, text) is None


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"where": ["a b"], "since": "2026-11-27T12:00:00+00:00", "until": "x"}',
        '{"where": ["a:1"], "since": "2026-11-27T12:00:00", "until": "2026-11-27T12:05:00"}',
        '{"where": ["a:1"], "since": "0001-01-01T00:00:00+23:00", "until": 5}',
        '{"where": ["a:1"], "since": null, "until": null}',
    ],
)
def test_what_is_not_ours_is_as_good_as_nothing(text: str):
    assert kept.loads(BackOff, text) is None
