import dataclasses
import datetime
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry import upgrade
from telemetry.upgrade import Fingerprint, Observed, Record, Step, Wish
from tests.unit.reports import FINGERPRINT, NOW

MINUTE = datetime.timedelta(minutes=1)
COMPLETE: tuple[str, ...] = ()
LACKING = ("instance missing", "volume lacks volume_type_id")

BOTH = Wish(runs=True, on_change=True)
WHEN_NEEDED = Wish(runs=True, on_change=False)
ADVISE = Wish(runs=False, on_change=True)

EMPTY = Record()
DONE = Record().succeeded(NOW, FINGERPRINT)
FOUND = Record().adopted(NOW, FINGERPRINT)
FAILED = DONE.failed(NOW, FINGERPRINT, "HTTP 503")
NEVER_DONE = EMPTY.failed(NOW, FINGERPRINT, "HTTP 503")
MOVED = dataclasses.replace(FINGERPRINT, endpoint="https://192.0.2.100:8041")
REBUILT = dataclasses.replace(FINGERPRINT, build="4.7.0")
OTHER_SCOPE = dataclasses.replace(MOVED, scope="public/RegionOne")


def step(
    missing: tuple[str, ...] | None,
    record: Record,
    wish: Wish = BOTH,
    fingerprint: Fingerprint | None = FINGERPRINT,
    later: datetime.timedelta = 30 * MINUTE,
) -> Step:
    return upgrade.decide(Observed(missing, fingerprint, NOW + later), record, wish).step


# The table of states


@pytest.mark.parametrize(
    ("missing", "record", "wish", "fingerprint", "expected"),
    [
        # the proof is missing
        (LACKING, EMPTY, BOTH, FINGERPRINT, Step.RUN),
        (LACKING, EMPTY, WHEN_NEEDED, FINGERPRINT, Step.RUN),
        (LACKING, EMPTY, ADVISE, FINGERPRINT, Step.ADVISE),
        (LACKING, DONE, BOTH, FINGERPRINT, Step.RUN),
        (LACKING, DONE, WHEN_NEEDED, FINGERPRINT, Step.RUN),
        (LACKING, FAILED, BOTH, FINGERPRINT, Step.RUN),
        (LACKING, FAILED, ADVISE, FINGERPRINT, Step.ADVISE),
        # the proof is complete
        (COMPLETE, EMPTY, BOTH, FINGERPRINT, Step.ADOPT),
        (COMPLETE, EMPTY, ADVISE, FINGERPRINT, Step.ADOPT),
        (COMPLETE, DONE, BOTH, FINGERPRINT, Step.NOTHING),
        (COMPLETE, FOUND, BOTH, FINGERPRINT, Step.NOTHING),
        # our own last run failed
        (COMPLETE, FAILED, BOTH, FINGERPRINT, Step.RUN),
        (COMPLETE, FAILED, WHEN_NEEDED, FINGERPRINT, Step.ADOPT),
        (COMPLETE, FAILED, ADVISE, FINGERPRINT, Step.ADOPT),
        (COMPLETE, NEVER_DONE, BOTH, FINGERPRINT, Step.RUN),
        (COMPLETE, NEVER_DONE, BOTH, MOVED, Step.ADOPT),
        # something changed
        (COMPLETE, DONE, BOTH, MOVED, Step.RUN),
        (COMPLETE, DONE, BOTH, REBUILT, Step.RUN),
        (COMPLETE, FOUND, BOTH, MOVED, Step.RUN),
        (COMPLETE, EMPTY, BOTH, MOVED, Step.ADOPT),
        (COMPLETE, DONE, BOTH, OTHER_SCOPE, Step.ADOPT),
        (COMPLETE, DONE, WHEN_NEEDED, MOVED, Step.ADOPT),
        (COMPLETE, DONE, ADVISE, MOVED, Step.ADOPT),
        # Gnocchi does not answer
        (None, EMPTY, BOTH, None, Step.IMPOSSIBLE),
        (None, DONE, BOTH, FINGERPRINT, Step.IMPOSSIBLE),
        (LACKING, EMPTY, BOTH, None, Step.IMPOSSIBLE),
    ],
)
def test_what_to_do_in_every_state(
    missing: tuple[str, ...] | None,
    record: Record,
    wish: Wish,
    fingerprint: Fingerprint | None,
    expected: Step,
):
    assert step(missing, record, wish, fingerprint) is expected


def test_the_reason_names_what_is_behind():
    decision = upgrade.decide(Observed(LACKING, FINGERPRINT, NOW), EMPTY, BOTH)
    assert decision.reason == (
        "Gnocchi is behind Ceilometer (instance missing; volume lacks volume_type_id)"
    )


def test_the_reason_names_what_changed():
    decision = upgrade.decide(Observed(COMPLETE, MOVED, NOW), DONE, BOTH)
    assert decision.reason == (
        "Gnocchi moved from http://192.0.2.30:8041 to https://192.0.2.100:8041"
    )


def test_the_reason_names_the_failure_of_the_last_run():
    later = NOW + 30 * MINUTE
    decision = upgrade.decide(Observed(COMPLETE, FINGERPRINT, later), FAILED, BOTH)
    assert decision == upgrade.Decision(Step.RUN, "its last run failed")


def test_a_failure_under_another_fingerprint_is_no_reason_of_its_own():
    failed = EMPTY.failed(NOW, FINGERPRINT, "HTTP 503")
    decision = upgrade.decide(Observed(COMPLETE, MOVED, NOW + 30 * MINUTE), failed, BOTH)
    assert decision == upgrade.Decision(Step.ADOPT)


@pytest.mark.parametrize("events", [["4.6.0", "4.6.1"] * 10, ["4.6.1", "4.6.0"] * 10])
def test_units_of_two_builds_that_answer_in_turn_cause_one_run_at_most(events: list[str]):
    record, runs = DONE, 0
    for number, build in enumerate(events):
        seen = dataclasses.replace(FINGERPRINT, build=build)
        observed = Observed(COMPLETE, seen, NOW + number * MINUTE)
        decision = upgrade.decide(observed, record, BOTH).step
        if decision is Step.RUN:
            runs += 1
            record = record.succeeded(observed.at, seen)
        elif decision is Step.ADOPT:
            record = record.adopted(observed.at, seen)
    assert runs == 1


# What is remembered


def test_a_release_that_becomes_known_is_remembered_without_a_run():
    known = dataclasses.replace(FINGERPRINT, release="21.0.0")
    assert step(COMPLETE, DONE, fingerprint=known) is Step.ADOPT
    adopted = DONE.adopted(NOW, known)
    assert adopted.success
    assert adopted.success.ran
    assert adopted.success.fingerprint.release == "21.0.0"


def test_a_release_that_is_not_known_any_more_is_kept():
    known = DONE.adopted(NOW, dataclasses.replace(FINGERPRINT, release="21.0.0"))
    assert step(COMPLETE, known) is Step.NOTHING


# Failures


@pytest.mark.parametrize(
    ("count", "minutes"), [(1, 1), (2, 2), (3, 4), (4, 8), (6, 32), (7, 60), (8, 60), (500, 60)]
)
def test_the_wait_doubles_up_to_an_hour(count: int, minutes: int):
    failure = upgrade.Failure(NOW, FINGERPRINT, count, "HTTP 503")
    assert failure.retry_at - NOW == minutes * MINUTE


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, Step.WAIT), (59, Step.WAIT), (60, Step.RUN)]
)
def test_a_fresh_failure_is_waited_out(seconds: int, expected: Step):
    later = datetime.timedelta(seconds=seconds)
    assert step(LACKING, FAILED, later=later) is expected


def test_another_endpoint_is_tried_at_once_after_a_failure():
    assert step(LACKING, FAILED, fingerprint=MOVED, later=MINUTE / 2) is Step.RUN


def test_a_clock_set_back_does_not_make_the_wait_longer():
    assert step(LACKING, FAILED, later=-60 * MINUTE) is Step.RUN


def test_failures_in_a_row_are_counted():
    record = FAILED.failed(NOW, FINGERPRINT, "HTTP 500")
    assert record.failure == upgrade.Failure(NOW, FINGERPRINT, 2, "HTTP 500")


def test_a_failure_under_other_circumstances_starts_a_new_row():
    record = FAILED.failed(NOW, MOVED, "HTTP 500")
    assert record.failure
    assert record.failure.count == 1


def test_a_failure_keeps_the_last_success():
    assert FAILED.success == DONE.success


def test_a_success_ends_the_row_of_failures():
    assert FAILED.succeeded(NOW, FINGERPRINT) == DONE


def test_a_failure_is_forgotten_when_the_proof_is_complete_after_all():
    assert FAILED.adopted(NOW, FINGERPRINT) == DONE


# The record as JSON

TIMES = st.datetimes(
    min_value=datetime.datetime(2020, 1, 1),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime.datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(datetime.timezone.utc),
)
FINGERPRINTS = st.builds(Fingerprint, st.text(), st.text(), st.text(), st.text(), st.text())
RECORDS = st.builds(
    Record,
    success=st.none() | st.builds(upgrade.Success, TIMES, FINGERPRINTS, st.booleans()),
    failure=st.none()
    | st.builds(upgrade.Failure, TIMES, FINGERPRINTS, st.integers(1, 1000), st.text()),
)


@given(RECORDS)
def test_a_record_survives_json(record: Record):
    assert upgrade.load_record(record.to_json()) == record


def test_no_text_is_an_empty_record():
    assert upgrade.load_record("") == Record()


def test_a_record_without_a_part_lacks_that_part():
    assert upgrade.load_record('{"version": 1}') == Record()


def damaged(**changes: Any) -> str:
    data = json.loads(FAILED.to_json())
    for path, value in changes.items():
        part, _, field = path.partition("__")
        data[part][field] = value
    return json.dumps(data)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "null",
        "[]",
        "{}",
        '{"version": "x"}',
        '{"version": Infinity}',
        '{"version": 1, "success": 5}',
        '{"version": 1, "success": {"at": "2026-11-22T10:00:00+00:00"}}',
        damaged(success__at="yesterday"),
        damaged(success__at="2026-11-22T10:00:00"),
        damaged(success__at=5),
        damaged(success__fingerprint="x"),
        damaged(success__fingerprint={"endpoint": 5}),
        damaged(success__ran="perhaps"),
        damaged(success__colour="blue"),
        damaged(failure__count="many"),
        damaged(failure__cause=None),
    ],
)
def test_a_damaged_record_is_told_and_not_called_newer(text: str):
    with pytest.raises(upgrade.UnreadableRecord, match="is damaged") as raised:
        upgrade.load_record(text)
    assert not raised.value.newer


@given(st.text())
def test_any_text_is_a_record_or_unreadable(text: str):
    try:
        upgrade.load_record(text)
    except upgrade.UnreadableRecord:
        assert text


def test_a_record_of_a_newer_revision_is_told():
    text = json.dumps({"version": upgrade.VERSION + 1, "successes": {}})
    with pytest.raises(upgrade.UnreadableRecord, match="newer charm revision") as raised:
        upgrade.load_record(text)
    assert raised.value.newer


# Random lives


@dataclasses.dataclass(frozen=True)
class Event:
    """What happens before a hook: time passes, the cloud changes, runs begin to fail or work."""

    minutes: int
    endpoint: str
    answers: bool
    wiped: bool
    works: bool


EVENTS = st.lists(
    st.builds(
        Event,
        minutes=st.integers(-90, 90),
        endpoint=st.sampled_from(["http://192.0.2.30:8041", "http://192.0.2.31:8041"]),
        answers=st.booleans() | st.just(True),
        wiped=st.booleans(),
        works=st.booleans(),
    ),
    max_size=25,
)


class Cloud:
    """A Gnocchi whose types come by a run that works, and the coordinator's hooks."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.kept = ""
        self.now = NOW
        self.types: set[str] = set()
        self.runs: list[tuple[str, bool, bool]] = []
        self.steps: list[Step] = []

    def hook(self, event: Event) -> None:
        self.now += event.minutes * MINUTE
        if event.wiped:
            self.types.clear()
        fingerprint = Fingerprint(event.endpoint)
        record = upgrade.load_record(self.kept)
        lacking = event.endpoint not in self.types
        missing = (LACKING if lacking else COMPLETE) if event.answers else None
        observed = Observed(missing, fingerprint, self.now)
        decision = upgrade.decide(observed, record, self.wish)
        self.steps.append(decision.step)
        if decision.step is Step.ADOPT:
            record = record.adopted(self.now, fingerprint)
        elif decision.step is Step.RUN:
            self.runs.append((event.endpoint, lacking, event.works))
            if event.works:
                self.types.add(event.endpoint)
                record = record.succeeded(self.now, fingerprint)
            else:
                record = record.failed(self.now, fingerprint, "HTTP 503")
        self.kept = record.to_json()


@given(EVENTS, st.sampled_from([BOTH, WHEN_NEEDED]))
def test_a_proven_success_is_never_repeated_for_the_same_fingerprint(
    events: list[Event], wish: Wish
):
    cloud = Cloud(wish)
    for event in events:
        cloud.hook(event)
    last_success = None
    for endpoint, needed, worked in cloud.runs:
        assert needed or endpoint != last_success
        if worked:
            last_success = endpoint


@given(EVENTS)
def test_when_needed_never_runs_while_the_proof_is_complete(events: list[Event]):
    cloud = Cloud(WHEN_NEEDED)
    for event in events:
        cloud.hook(event)
    assert all(needed for _, needed, _ in cloud.runs)


@given(EVENTS, st.sampled_from([BOTH, WHEN_NEEDED]))
def test_no_need_is_ever_lost(events: list[Event], wish: Wish):
    cloud = Cloud(wish)
    for event in events:
        cloud.hook(event)
    # an hour later, when all is well again, one hook does what is needed
    endpoint = "http://192.0.2.30:8041"
    cloud.hook(Event(120, endpoint, answers=True, wiped=True, works=True))
    assert cloud.steps[-1] is Step.RUN
    assert endpoint in cloud.types


@given(EVENTS)
def test_an_adviser_never_runs(events: list[Event]):
    cloud = Cloud(ADVISE)
    for event in events:
        cloud.hook(event)
    assert cloud.runs == []


@given(EVENTS)
def test_the_same_picture_twice_settles(events: list[Event]):
    cloud = Cloud(BOTH)
    for event in events:
        cloud.hook(event)
    calm = Event(120, "http://192.0.2.30:8041", answers=True, wiped=False, works=True)
    cloud.hook(calm)
    cloud.hook(dataclasses.replace(calm, minutes=5))
    assert cloud.steps[-1] is Step.NOTHING
