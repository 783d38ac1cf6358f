"""The record: rows of failures, and its JSON form, read without trust."""

import datetime
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.upgrade import record as upgrade_record
from coordinator.upgrade.record import Fingerprint, Record, Running
from tests.unit.reports import FINGERPRINT, NOW

MINUTE = datetime.timedelta(minutes=1)
EMPTY = Record()
DONE = Record().succeeded(NOW, FINGERPRINT)
FAILED = DONE.failed(NOW, FINGERPRINT, "HTTP 503")
MOVED = msgspec.structs.replace(FINGERPRINT, endpoint="https://192.0.2.100:8041")


# Failures


@pytest.mark.parametrize(
    ("count", "minutes"), [(1, 1), (2, 2), (3, 4), (4, 8), (6, 32), (7, 60), (8, 60), (500, 60)]
)
def test_the_wait_doubles_up_to_an_hour(count: int, minutes: int):
    failure = upgrade_record.Failure(NOW, FINGERPRINT, count, "HTTP 503")
    assert failure.retry_at - NOW == minutes * MINUTE


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
