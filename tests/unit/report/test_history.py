"""Since when, and what changed."""

import datetime
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.report import history
from coordinator.report.finding import Cause, Severity
from coordinator.report.history import Change, Facts, History
from tests.unit import reports
from tests.unit.reports import bad, good

FACTS = Facts({"metric": "http://192.0.2.30:8041"}, {"metric": "4.6.0"}, ("gnocchi/0",))


def at(minutes: float) -> datetime.datetime:
    return reports.NOW + datetime.timedelta(minutes=minutes)


def good_at(minutes: float) -> Change:
    return Change(at(minutes), "active", "metric verified")


def bad_at(minutes: float, summary: str = "metric refused") -> Change:
    return Change(at(minutes), "blocked", summary, "metric.endpoint")


def begun() -> History:
    return History().noted(good_at(0), FACTS)


def events(facts: Facts) -> tuple[str, ...]:
    return begun().noted(good_at(5), facts).changes[-1].events


def test_the_first_status_begins_the_history():
    (first,) = begun().changes
    assert first == msgspec.structs.replace(good_at(0), events=(history.BEGIN,))


def test_nothing_is_another_text_while_nothing_changes():
    assert begun().noted(good_at(500), FACTS).to_json() == begun().to_json()


def test_a_text_that_counts_is_no_change():
    later = begun().noted(bad_at(5, "3 hosts")).noted(bad_at(10, "4 hosts"))
    assert [change.summary for change in later.changes[1:]] == ["3 hosts"]


def test_another_level_is_a_change():
    assert begun().noted(bad_at(5)).recent[0] == bad_at(5)


def test_a_status_that_is_about_no_check_changes_with_its_text():
    waiting = Change(at(5), "waiting", "keystone has not sent credentials yet")
    other = msgspec.structs.replace(waiting, summary="gnocchi has not published its URL yet")
    assert begun().noted(waiting).noted(other).recent[:2] == (other, waiting)


@pytest.mark.parametrize(
    ("change", "event"),
    [
        (
            {"endpoints": {"metric": "http://192.0.2.9:8041"}},
            "metric moved from http://192.0.2.30:8041 to http://192.0.2.9:8041",
        ),
        ({"builds": {"metric": "4.7.0"}}, "metric went from 4.6.0 to 4.7.0"),
        ({"units": ("gnocchi/0", "gnocchi/1")}, "gnocchi/1 joined"),
        ({"units": ("gnocchi/1",)}, "gnocchi/0 left"),
        ({"upgrade": "ceilometer-upgrade succeeded"}, "ceilometer-upgrade succeeded"),
    ],
)
def test_what_changed_is_told(change: dict[str, object], event: str):
    assert event in events(msgspec.structs.replace(FACTS, **change))


def test_what_is_not_known_now_is_no_change():
    assert begun().noted(good_at(5), Facts()) == begun()


def test_what_was_not_known_for_a_while_is_compared_with_what_was_known_before():
    later = begun().noted(bad_at(5), Facts()).noted(good_at(9), Facts(builds={"metric": "5.0"}))
    assert later.recent[0].events == ("metric went from 4.6.0 to 5.0",)


def test_of_many_events_the_number_is_told():
    many = Facts(units=tuple(f"nova/{n}" for n in range(50)))
    assert len(events(many)) == 11
    assert events(many)[-1] == "41 more"


def test_of_more_units_than_are_kept_no_change_is_made_up():
    many = Facts(units=tuple(f"nova/{n:04}" for n in range(501)))
    known = begun().noted(good_at(5), many)
    assert known.noted(good_at(10), many) == known


def test_a_fault_is_dated_by_when_it_was_first_seen():
    report = reports.report(bad("metric"))
    known = begun().noted(bad_at(5), FACTS, report).noted(bad_at(90), FACTS, report)
    assert known.onsets == {"metric.endpoint": at(5)}


def test_a_fault_that_is_hidden_behind_another_keeps_its_time():
    both = reports.report(bad("metric"), bad("alarming"))
    one = reports.report(bad("metric"), good("alarming"))
    known = History().noted(bad_at(0), FACTS, one).noted(bad_at(5), FACTS, both)
    assert known.noted(bad_at(9), FACTS, one).onsets == {"metric.endpoint": at(0)}


def test_a_fault_that_cannot_be_looked_at_keeps_its_time():
    skipped = bad("metric", severity=Severity.SKIPPED, cause=Cause.NOT_ASKED)
    known = begun().noted(bad_at(5), FACTS, reports.report(bad("metric")))
    assert known.noted(bad_at(9), FACTS, reports.report(skipped)).onsets == known.onsets


def test_a_fault_that_was_mended_and_comes_back_is_a_new_one():
    fault, fine = reports.report(bad("metric")), reports.report(good("metric", "endpoint"))
    known = begun().noted(bad_at(5), FACTS, fault).noted(good_at(9), FACTS, fine)
    assert known.noted(bad_at(60), FACTS, fault).onsets == {"metric.endpoint": at(60)}


def test_a_clock_that_was_set_back_makes_no_fault_of_the_future():
    report = reports.report(bad("metric"))
    known = begun().noted(bad_at(60), FACTS, report).noted(bad_at(5), FACTS, report)
    assert known.onsets == {"metric.endpoint": at(5)}


def test_the_history_is_bounded():
    known = History()
    for minute in range(500):
        known = known.noted(bad_at(minute) if minute % 2 else good_at(minute))
    assert len(known.changes) == history.MOST_CHANGES
    assert known.changes[-1].at == at(499)
    assert len(known.recent) == history.SHOWN_CHANGES


def test_a_hostile_text_is_kept_short_and_on_one_line():
    (change,) = History().noted(Change(at(0), "blocked", "a\x00b\n" * 5000)).changes
    assert len(change.summary) == 200
    assert change.summary.isprintable()


def test_it_is_read_as_it_was_written():
    known = begun().noted(bad_at(5), FACTS, reports.report(bad("metric")))
    assert History.from_json(known.to_json()) == known


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(
    st.text()
    | JSON.map(json.dumps)
    | st.fixed_dictionaries(
        {"version": st.just(1), "changes": JSON, "facts": JSON, "onsets": JSON}
    ).map(json.dumps)
)
def test_whatever_is_on_the_disk_can_be_read(text: str):
    assert isinstance(History.from_json(text), History)
