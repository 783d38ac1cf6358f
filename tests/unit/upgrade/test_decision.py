import dataclasses
import datetime
import enum
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.juju import ceilometer
from coordinator.juju.ceilometer import State
from coordinator.upgrade import decision as upgrade_decision
from coordinator.upgrade import record as upgrade_record
from coordinator.upgrade.decision import Observed, Step
from coordinator.upgrade.policy import Method, Trigger, UpgradePolicy
from coordinator.upgrade.record import Fingerprint, Record, Running
from tests.unit.reports import FINGERPRINT, NOW

MINUTE = datetime.timedelta(minutes=1)
COMPLETE: tuple[str, ...] = ()
LACKING = ("instance missing", "volume lacks volume_type_id")

BOTH = UpgradePolicy(Method.COMMAND, Trigger.ON_CHANGE)
WHEN_NEEDED = UpgradePolicy(Method.AUTO, Trigger.WHEN_NEEDED)
ADVISE = UpgradePolicy(Method.ADVISE, Trigger.ON_CHANGE)
FOLLOWS = UpgradePolicy(Method.AUTO, Trigger.ON_CHANGE)

EMPTY = Record()
DONE = Record().succeeded(NOW, FINGERPRINT)
FOUND = Record().adopted(NOW, FINGERPRINT)
FAILED = DONE.failed(NOW, FINGERPRINT, "HTTP 503")
NEVER_DONE = EMPTY.failed(NOW, FINGERPRINT, "HTTP 503")
MOVED = msgspec.structs.replace(FINGERPRINT, endpoint="https://192.0.2.100:8041")
REBUILT = msgspec.structs.replace(FINGERPRINT, build="4.7.0")
BEGUN = Running(NOW, FINGERPRINT, "12", "ceilometer", behind=True, asked=True)
STILL_ASKS = Record().succeeded(NOW, FINGERPRINT, still_asks=True)
OTHER_SCOPE = msgspec.structs.replace(MOVED, scope="public/RegionOne")


def step(
    missing: tuple[str, ...] | None,
    record: Record,
    policy: UpgradePolicy = BOTH,
    fingerprint: Fingerprint | None = FINGERPRINT,
    *,
    later: datetime.timedelta = 30 * MINUTE,
    asks: bool | None = None,
) -> Step:
    return upgrade_decision.decide(
        Observed(missing, fingerprint, NOW + later, asks), record, policy
    ).step


# The table of states


@pytest.mark.parametrize(
    ("missing", "record", "policy", "fingerprint", "expected"),
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
    policy: UpgradePolicy,
    fingerprint: Fingerprint | None,
    expected: Step,
):
    assert step(missing, record, policy, fingerprint) is expected


def test_the_reason_names_what_is_behind():
    decision = upgrade_decision.decide(Observed(LACKING, FINGERPRINT, NOW), EMPTY, BOTH)
    assert decision.reason == (
        "Gnocchi lacks resource types (instance missing; volume lacks volume_type_id)"
    )


def test_the_reason_names_what_changed():
    decision = upgrade_decision.decide(Observed(COMPLETE, MOVED, NOW), DONE, BOTH)
    assert decision.reason == (
        "Gnocchi moved from http://192.0.2.30:8041 to https://192.0.2.100:8041"
    )


def test_the_reason_names_the_failure_of_the_last_run():
    later = NOW + 30 * MINUTE
    decision = upgrade_decision.decide(Observed(COMPLETE, FINGERPRINT, later), FAILED, BOTH)
    assert decision == upgrade_decision.Decision(Step.RUN, "its last run failed")


def test_a_failure_under_another_fingerprint_is_no_reason_of_its_own():
    failed = EMPTY.failed(NOW, FINGERPRINT, "HTTP 503")
    decision = upgrade_decision.decide(Observed(COMPLETE, MOVED, NOW + 30 * MINUTE), failed, BOTH)
    assert decision == upgrade_decision.Decision(Step.ADOPT)


@pytest.mark.parametrize("events", [["4.6.0", "4.6.1"] * 10, ["4.6.1", "4.6.0"] * 10])
def test_units_of_two_builds_that_answer_in_turn_cause_one_run_at_most(events: list[str]):
    record, runs = DONE, 0
    for number, build in enumerate(events):
        seen = msgspec.structs.replace(FINGERPRINT, build=build)
        observed = Observed(COMPLETE, seen, NOW + number * MINUTE)
        decision = upgrade_decision.decide(observed, record, BOTH).step
        if decision is Step.RUN:
            runs += 1
            record = record.succeeded(observed.at, seen)
        elif decision is Step.ADOPT:
            record = record.adopted(observed.at, seen)
    assert runs == 1


# Ceilometer's own view


@pytest.mark.parametrize(
    ("missing", "record", "policy", "asks", "expected"),
    [
        (COMPLETE, EMPTY, FOLLOWS, True, Step.RUN),
        (COMPLETE, DONE, FOLLOWS, True, Step.RUN),
        (COMPLETE, DONE, FOLLOWS, False, Step.NOTHING),
        (COMPLETE, DONE, FOLLOWS, None, Step.NOTHING),
        (COMPLETE, FAILED, FOLLOWS, True, Step.RUN),
        # the command would not make it stop
        (COMPLETE, DONE, BOTH, True, Step.NOTHING),
        # the action was tried already
        (COMPLETE, STILL_ASKS, FOLLOWS, True, Step.NOTHING),
        (COMPLETE, STILL_ASKS, FOLLOWS, None, Step.NOTHING),
        # it stopped meanwhile: the next time it asks will be a new need
        (COMPLETE, STILL_ASKS, FOLLOWS, False, Step.ADOPT),
        (COMPLETE, DONE, msgspec.structs.replace(FOLLOWS, remembers=False), True, Step.ADVISE),
        (LACKING, STILL_ASKS, FOLLOWS, True, Step.RUN),
    ],
)
def test_what_to_do_when_ceilometer_asks(
    missing: tuple[str, ...],
    record: Record,
    policy: UpgradePolicy,
    asks: bool | None,
    expected: Step,
):
    assert step(missing, record, policy, asks=asks) is expected


def test_the_reason_is_that_ceilometer_asks():
    decision = upgrade_decision.decide(
        Observed(COMPLETE, FINGERPRINT, NOW, asks=True), DONE, FOLLOWS
    )
    assert decision == upgrade_decision.Decision(
        Step.RUN, "ceilometer's charm asks for ceilometer-upgrade"
    )


def test_what_else_is_a_reason_comes_first():
    decision = upgrade_decision.decide(
        Observed(LACKING, FINGERPRINT, NOW, asks=True), DONE, FOLLOWS
    )
    assert decision.reason.startswith("Gnocchi lacks")


def test_a_ceilometer_that_stopped_asking_is_heard_again():
    heard = STILL_ASKS.adopted(NOW, FINGERPRINT, asks=False)
    assert step(COMPLETE, heard, FOLLOWS, asks=True) is Step.RUN


def test_a_failed_action_that_somebody_made_good_is_no_reason():
    failed = DONE.failed(NOW, FINGERPRINT, "HTTP 503", by_action=True)
    assert step(COMPLETE, failed, FOLLOWS, asks=False) is Step.ADOPT


def test_a_failed_command_is_a_reason_although_ceilometer_asks_for_nothing():
    assert step(COMPLETE, FAILED, FOLLOWS, asks=False) is Step.RUN


# A run that was begun


def settled(
    missing: tuple[str, ...] | None,
    state: State | None,
    running: Running = BEGUN,
    asks: bool | None = False,
    later: datetime.timedelta = 5 * MINUTE,
) -> Record:
    task = ceilometer.Task("12", state, "HTTP 503") if state else None
    observed = Observed(missing, FINGERPRINT, NOW + later, asks, task)
    return upgrade_decision.settle(observed, DONE.started(running))


@pytest.mark.parametrize("state", [State.GOING, None])
def test_a_run_whose_end_was_not_seen_is_looked_at_again(state: State | None):
    record = settled(LACKING, state)
    assert record.running is not None
    assert record.running.task == BEGUN.task
    assert step(LACKING, record) is Step.POLL


def test_a_run_that_is_not_seen_any_more_is_a_success_by_the_proof():
    assert settled(COMPLETE, None).running is None
    assert settled(COMPLETE, None).failure is None


def test_a_run_that_still_goes_on_is_not_judged_by_the_proof():
    assert settled(COMPLETE, State.GOING).running is not None


def test_without_an_answer_of_gnocchi_a_run_is_not_judged():
    assert settled(None, State.DONE).running == BEGUN


def test_a_run_that_ended_well_and_is_proven_is_a_success():
    record = settled(COMPLETE, State.DONE)
    assert record == Record().succeeded(NOW + 5 * MINUTE, FINGERPRINT)


def test_a_run_that_ended_well_without_the_proof_is_a_failure():
    failure = settled(LACKING, State.DONE).failure
    assert failure is not None
    assert failure.by_action
    assert failure.cause.startswith("succeeded, but resource types are still missing")


def test_a_run_that_failed_is_a_failure_with_its_cause():
    failure = settled(LACKING, State.FAILED).failure
    assert failure is not None
    assert failure.cause == "task 12 on ceilometer failed: HTTP 503"


def test_a_run_that_got_lost_is_a_failure():
    failure = settled(LACKING, State.LOST).failure
    assert failure is not None
    assert failure.cause == "task 12 on ceilometer got lost"


@pytest.mark.parametrize("state", [State.FAILED, State.LOST])
def test_a_run_that_did_what_was_missing_is_a_success_whatever_its_task_says(state: State):
    assert settled(COMPLETE, state).failure is None


@pytest.mark.parametrize("state", [State.FAILED, State.LOST])
def test_a_run_that_made_ceilometer_stop_asking_is_a_success(state: State):
    asked = msgspec.structs.replace(BEGUN, behind=False)
    assert settled(COMPLETE, state, asked).failure is None


@pytest.mark.parametrize("state", [State.FAILED, State.LOST])
def test_a_complete_proof_says_nothing_about_a_run_that_was_begun_with_it(state: State):
    changed = msgspec.structs.replace(BEGUN, behind=False, asked=False)
    assert settled(COMPLETE, state, changed).failure is not None


def test_a_run_whose_end_is_never_seen_is_given_up():
    record = settled(LACKING, None, later=60 * MINUTE)
    assert record.running is None
    assert record.failure is not None


@pytest.mark.parametrize("later", [60 * MINUTE, 600 * MINUTE, -MINUTE])
def test_a_run_that_is_seen_to_go_on_is_never_given_up(later: datetime.timedelta):
    record = settled(LACKING, State.GOING, later=later)
    assert record.failure is None
    assert step(LACKING, record, later=later) is Step.POLL


def test_a_run_that_was_seen_to_go_on_is_given_up_an_hour_after_that():
    seen = msgspec.structs.replace(BEGUN, seen=NOW + 90 * MINUTE)
    assert settled(LACKING, None, seen, later=149 * MINUTE).running is not None
    assert settled(LACKING, None, seen, later=150 * MINUTE).running is None


@pytest.mark.parametrize("state", [State.GOING, None])
def test_after_the_clock_was_set_back_a_run_counts_as_begun_now(state: State | None):
    record = settled(LACKING, state, later=-90 * MINUTE)
    assert record.running is not None
    assert record.running.at == NOW - 90 * MINUTE
    assert not record.running.is_late(NOW - 31 * MINUTE)
    assert record.running.is_late(NOW - 30 * MINUTE)


def test_what_changed_while_it_ran_is_seen_by_the_next_decision():
    began = msgspec.structs.replace(MOVED, build="")
    record = settled(COMPLETE, State.DONE, msgspec.structs.replace(BEGUN, fingerprint=began))
    assert record.success is not None
    assert record.success.fingerprint == msgspec.structs.replace(MOVED, build=FINGERPRINT.build)
    assert step(COMPLETE, record) is Step.RUN


def test_types_that_are_there_at_another_endpoint_prove_nothing_about_a_run():
    elsewhere = msgspec.structs.replace(BEGUN, fingerprint=MOVED, asked=False)
    assert settled(COMPLETE, State.FAILED, elsewhere).failure is not None
    assert settled(COMPLETE, None, elsewhere).running is not None


def test_a_ceilometer_that_still_asks_after_its_action_is_remembered():
    record = settled(COMPLETE, State.DONE, asks=True)
    assert record.success is not None
    assert record.success.still_asks
    assert step(COMPLETE, record, FOLLOWS, asks=True) is Step.NOTHING


@pytest.mark.parametrize("state", [State.FAILED, State.LOST])
def test_a_ceilometer_whose_action_did_not_end_well_may_still_ask(state: State):
    record = settled(COMPLETE, state, asks=True)
    assert step(COMPLETE, record, FOLLOWS, asks=True) is Step.RUN


# What is remembered


def test_a_release_that_becomes_known_is_remembered_without_a_run():
    known = msgspec.structs.replace(FINGERPRINT, release="21.0.0")
    assert step(COMPLETE, DONE, fingerprint=known) is Step.ADOPT
    adopted = DONE.adopted(NOW, known)
    assert adopted.success
    assert adopted.success.ran
    assert adopted.success.fingerprint.release == "21.0.0"


def test_a_release_that_is_not_known_any_more_is_kept():
    known = DONE.adopted(NOW, msgspec.structs.replace(FINGERPRINT, release="21.0.0"))
    assert step(COMPLETE, known) is Step.NOTHING


# Failures


@pytest.mark.parametrize(
    ("count", "minutes"), [(1, 1), (2, 2), (3, 4), (4, 8), (6, 32), (7, 60), (8, 60), (500, 60)]
)
def test_the_wait_doubles_up_to_an_hour(count: int, minutes: int):
    failure = upgrade_record.Failure(NOW, FINGERPRINT, count, "HTTP 503")
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
    assert record.failure == upgrade_record.Failure(NOW, FINGERPRINT, 2, "HTTP 500")


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
BOOLEANS = st.booleans()
RECORDS = st.builds(
    Record,
    success=st.none() | st.builds(upgrade_record.Success, TIMES, FINGERPRINTS, BOOLEANS, BOOLEANS),
    failure=st.none()
    | st.builds(
        upgrade_record.Failure, TIMES, FINGERPRINTS, st.integers(1, 1000), st.text(), BOOLEANS
    ),
    running=st.none()
    | st.builds(
        Running,
        TIMES,
        FINGERPRINTS,
        st.text(),
        st.text(),
        BOOLEANS,
        BOOLEANS,
        st.none() | TIMES,
    ),
)


@given(RECORDS)
def test_a_record_survives_json(record: Record):
    assert upgrade_record.load_record(record.to_json()) == record


def test_no_text_is_an_empty_record():
    assert upgrade_record.load_record("") == Record()


def test_a_record_without_a_part_lacks_that_part():
    assert upgrade_record.load_record('{"version": 1}') == Record()


def test_a_record_of_the_first_version_is_read():
    text = (
        '{"version": 1, "success": {"at": "2026-11-22T10:00:00+00:00", "ran": true, '
        '"fingerprint": {"endpoint": "http://192.0.2.30:8041"}}}'
    )
    success = upgrade_record.load_record(text).success
    assert success == upgrade_record.Success(NOW, Fingerprint("http://192.0.2.30:8041"), ran=True)


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
        damaged(success__at=None),
        damaged(success__fingerprint="x"),
        damaged(success__fingerprint={"endpoint": 5}),
        damaged(success__ran="perhaps"),
        damaged(success__colour="blue"),
        damaged(failure__count="many"),
        damaged(failure__cause=None),
        damaged(failure__count=0),
        damaged(failure__count=-(10**400)),
        damaged(success__at="9999-12-31T23:59:59+00:00"),
        damaged(success__at="0001-01-01T00:00:00+00:00"),
        damaged(success__fingerprint=["x"]),
        '{"version": 1e999}',
        '{"version": ' + "9" * 5000 + "}",
        "[" * 100_000,
        '{"a":' * 100_000,
    ],
)
def test_a_damaged_record_is_told_and_not_called_newer(text: str):
    with pytest.raises(upgrade_record.RecordError, match="is damaged") as raised:
        upgrade_record.load_record(text)
    assert not raised.value.newer


@given(st.text())
def test_any_text_is_a_record_or_unreadable(text: str):
    try:
        upgrade_record.load_record(text)
    except upgrade_record.RecordError:
        assert text


def test_a_record_of_a_newer_revision_is_told():
    text = json.dumps({"version": upgrade_record.VERSION + 1, "successes": {}})
    with pytest.raises(upgrade_record.RecordError, match="newer charm revision") as raised:
        upgrade_record.load_record(text)
    assert raised.value.newer


def test_this_revision_writes_version_2_and_calls_the_next_one_newer():
    assert json.loads(DONE.to_json())["version"] == 2
    with pytest.raises(upgrade_record.RecordError, match="newer charm revision"):
        upgrade_record.load_record('{"version": 3}')


def test_what_was_found_done_is_not_told_as_a_run_of_ours():
    found = EMPTY.adopted(NOW, FINGERPRINT).success
    assert found
    assert not found.ran


@pytest.mark.parametrize(("year", "is_read"), [(1969, False), (1970, True), (9000, True)])
def test_times_that_cannot_be_added_to_are_refused(year: int, is_read: bool):
    text = DONE.to_json().replace(f"{NOW.year}-", f"{year:04}-", 1)
    if is_read:
        success = upgrade_record.load_record(text).success
        assert success
        assert success.at.year == year
    else:
        with pytest.raises(upgrade_record.RecordError, match="damaged"):
            upgrade_record.load_record(text)


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

    def __init__(self, policy: UpgradePolicy) -> None:
        self.policy = policy
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
        record = upgrade_record.load_record(self.kept)
        lacking = event.endpoint not in self.types
        missing = (LACKING if lacking else COMPLETE) if event.answers else None
        observed = Observed(missing, fingerprint, self.now)
        decision = upgrade_decision.decide(observed, record, self.policy)
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
    events: list[Event], policy: UpgradePolicy
):
    cloud = Cloud(policy)
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
def test_no_need_is_ever_lost(events: list[Event], policy: UpgradePolicy):
    cloud = Cloud(policy)
    for event in events:
        cloud.hook(event)
    # later, however far the clock was set back, one hook does what is needed
    endpoint, minutes = "http://192.0.2.30:8041", 90 * len(events) + 120
    cloud.hook(Event(minutes, endpoint, answers=True, wiped=True, works=True))
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
    minutes = 90 * len(events) + 120  # after any wait, however far the clock was set back
    calm = Event(minutes, "http://192.0.2.30:8041", answers=True, wiped=False, works=True)
    cloud.hook(calm)
    cloud.hook(dataclasses.replace(calm, minutes=5))
    assert cloud.steps[-1] is Step.NOTHING


# Random lives with the action of ceilometer's charm


class Way(enum.Enum):
    """What becomes of an action that is begun."""

    WORKS = "works"
    DEAF = "deaf"  # it works, but the charm goes on asking
    FAILS = "fails"
    HANGS = "hangs"
    VANISHES = "vanishes"


@dataclasses.dataclass(frozen=True)
class Happening:
    """What happens before a hook."""

    minutes: int
    wiped: bool
    redeployed: bool
    visible: bool
    way: Way


HAPPENINGS = st.lists(
    st.builds(
        Happening,
        minutes=st.integers(-90, 90),
        wiped=BOOLEANS,
        redeployed=BOOLEANS,
        visible=BOOLEANS | st.just(True),
        way=st.sampled_from(Way),
    ),
    max_size=25,
)
ENDPOINT = "http://192.0.2.30:8041"


class Model:
    """A Juju model whose ceilometer does what a way says; and the coordinator's hooks."""

    def __init__(self) -> None:
        self.kept, self.now = "", NOW
        self.complete, self.asks = False, True
        self.tasks: dict[str, Way] = {}
        self.ended: dict[str, State] = {}
        self.steps: list[Step] = []
        self.needless = 0

    def hook(self, happening: Happening) -> None:
        self.now += happening.minutes * MINUTE
        self.complete = self.complete and not happening.wiped
        self.asks = self.asks or happening.redeployed
        record = upgrade_record.load_record(self.kept)
        number = record.running.task if record.running else ""
        self._progress(number)
        task = ceilometer.Task(number, self.ended.get(number, State.GOING)) if number else None
        observed = Observed(
            COMPLETE if self.complete else LACKING,
            Fingerprint(ENDPOINT),
            self.now,
            self.asks if happening.visible else None,
            task if happening.visible else None,
        )
        record = upgrade_decision.settle(observed, record)
        decision = upgrade_decision.decide(observed, record, FOLLOWS)
        self.steps.append(decision.step)
        if decision.step is Step.ADOPT:
            record = record.adopted(self.now, Fingerprint(ENDPOINT), observed.asks)
        elif decision.step is Step.RUN:
            record = self._begin(happening, record, observed)
        self.kept = record.to_json()

    def cancel_what_hangs(self) -> None:
        """The operator's answer to a task that does not end."""
        hanging = [number for number, way in self.tasks.items() if way is Way.HANGS]
        self.ended.update(dict.fromkeys(hanging, State.LOST))

    def _begin(self, happening: Happening, record: Record, observed: Observed) -> Record:
        self.needless += self.complete and not observed.asks and record.failure is None
        number = str(len(self.tasks) + 1)
        self.tasks[number] = happening.way
        asked = bool(observed.asks)
        return record.started(
            Running(
                self.now, Fingerprint(ENDPOINT), number, "ceilometer", not self.complete, asked
            )
        )

    def _progress(self, number: str) -> None:
        way = self.tasks.get(number)
        if way in (Way.WORKS, Way.DEAF):
            self.complete = True
            self.asks = self.asks and way is Way.DEAF
        if way and way is not Way.HANGS:
            states = {Way.FAILS: State.FAILED, Way.VANISHES: State.LOST}
            self.ended[number] = states.get(way, State.DONE)


GOOD_HOOK = Happening(120, wiped=False, redeployed=False, visible=True, way=Way.WORKS)


@given(HAPPENINGS)
def test_with_the_action_no_need_is_ever_lost(happenings: list[Happening]):
    model = Model()
    for happening in happenings:
        model.hook(happening)
    model.cancel_what_hangs()  # as the operator is told to
    model.hook(dataclasses.replace(GOOD_HOOK, wiped=True))
    for _ in range(3):  # the end of a run is seen, another begun, and its end seen
        model.hook(GOOD_HOOK)
    assert model.complete
    assert model.steps[-1] is Step.NOTHING or model.steps[-1] is Step.ADOPT


@given(HAPPENINGS)
def test_with_the_action_nothing_is_run_without_need(happenings: list[Happening]):
    model = Model()
    for happening in happenings:
        model.hook(happening)
    assert model.needless == 0


@given(HAPPENINGS)
def test_with_the_action_one_run_at_most_is_under_way(happenings: list[Happening]):
    model = Model()
    for happening in happenings:
        before = upgrade_record.load_record(model.kept).running
        model.hook(happening)
        if before is not None and model.steps[-1] is Step.RUN:
            # a new one only after the end of the old, or an hour without a sight of it
            ended = before.task in model.ended
            assert ended or before.is_out_of_sight(model.now)


def test_a_charm_that_goes_on_asking_is_not_run_again_and_again():
    model = Model()
    deaf = dataclasses.replace(GOOD_HOOK, minutes=5, way=Way.DEAF)
    for _ in range(20):
        model.hook(deaf)
    assert model.steps.count(Step.RUN) == 1


def test_a_redeployed_ceilometer_is_heard():
    model = Model()
    for _ in range(4):
        model.hook(GOOD_HOOK)
    model.hook(dataclasses.replace(GOOD_HOOK, redeployed=True))
    assert model.steps[-1] is Step.RUN


def test_a_task_that_cannot_be_seen_is_done_when_what_was_missing_is_there():
    running = msgspec.structs.replace(BEGUN, asked=False)
    seen = Observed(COMPLETE, FINGERPRINT, NOW + MINUTE)
    settled = upgrade_decision.settle(seen, EMPTY.started(running))
    assert settled.running is None
    assert settled.success is not None
