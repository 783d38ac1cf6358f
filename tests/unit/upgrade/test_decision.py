"""The table of states, and what becomes of a run that was begun."""

import datetime

import msgspec
import pytest

from coordinator.juju import ceilometer
from coordinator.juju.ceilometer import State
from coordinator.upgrade import decision as upgrade_decision
from coordinator.upgrade.decision import Observed, Step
from coordinator.upgrade.policy import UpgradePolicy
from coordinator.upgrade.record import Fingerprint, Record, Running
from tests.unit.reports import FINGERPRINT, NOW
from tests.unit.upgrade.situations import (
    ADVISE,
    BOTH,
    COMPLETE,
    FOLLOWS,
    LACKING,
    MINUTE,
    WHEN_NEEDED,
)

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


def test_a_task_that_cannot_be_seen_is_done_when_what_was_missing_is_there():
    running = msgspec.structs.replace(BEGUN, asked=False)
    seen = Observed(COMPLETE, FINGERPRINT, NOW + MINUTE)
    settled = upgrade_decision.settle(seen, EMPTY.started(running))
    assert settled.running is None
    assert settled.success is not None


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
    ("seconds", "expected"), [(0, Step.WAIT), (59, Step.WAIT), (60, Step.RUN)]
)
def test_a_fresh_failure_is_waited_out(seconds: int, expected: Step):
    later = datetime.timedelta(seconds=seconds)
    assert step(LACKING, FAILED, later=later) is expected


def test_another_endpoint_is_tried_at_once_after_a_failure():
    assert step(LACKING, FAILED, fingerprint=MOVED, later=MINUTE / 2) is Step.RUN


def test_a_clock_set_back_does_not_make_the_wait_longer():
    assert step(LACKING, FAILED, later=-60 * MINUTE) is Step.RUN
