"""What an upgrade depends on: which differences ceilometer-upgrade must follow."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.upgrade.record import MEMBERS, Fingerprint, Record
from tests.unit.reports import FINGERPRINT, NOW

WHOLE = Fingerprint(
    "http://192.0.2.30:8041", "internal/RegionOne", "4.6.0", "21.0.0", "aodh,ceilometer"
)


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (
            "endpoint",
            "http://192.0.2.31:8041",
            "Gnocchi moved from http://192.0.2.30:8041 to http://192.0.2.31:8041",
        ),
        ("build", "4.7.1", "Gnocchi was upgraded from 4.6.0 to 4.7.1"),
        ("build", "4.10.0", "Gnocchi was upgraded from 4.6.0 to 4.10.0"),
        ("build", "4.6.0.1", "Gnocchi was upgraded from 4.6.0 to 4.6.0.1"),
        ("release", "22.0.0", "Ceilometer was upgraded from 21.0.0 to 22.0.0"),
        ("members", "aodh,ceilometer,ceilometer-two", "ceilometer-two joined"),
        ("members", "a,aodh,b,ceilometer", "a, b joined"),
    ],
)
def test_what_must_be_followed_is_a_change(field: str, value: str, text: str):
    assert msgspec.structs.replace(WHOLE, **{field: value}).changes_since(WHOLE) == text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("endpoint", ""),
        ("scope", "public/RegionTwo"),
        ("build", ""),
        ("build", "4.5.9"),
        ("build", "unknown"),
        ("release", ""),
        ("release", "9.0.0"),
        ("members", "ceilometer"),
        ("members", ""),
    ],
)
def test_what_needs_no_upgrade_is_no_change(field: str, value: str):
    assert msgspec.structs.replace(WHOLE, **{field: value}).changes_since(WHOLE) == ""


@pytest.mark.parametrize("field", ["endpoint", "build", "release"])
def test_what_becomes_known_is_no_change(field: str):
    unknown = msgspec.structs.replace(WHOLE, **{field: ""})
    assert WHOLE.changes_since(unknown) == ""


@pytest.mark.parametrize("scope", ["public/RegionOne", "internal/RegionTwo", ""])
def test_another_endpoint_under_another_scope_is_no_change(scope: str):
    before = msgspec.structs.replace(WHOLE, scope=scope, endpoint="https://gnocchi.example.com")
    assert WHOLE.changes_since(before) == ""


def test_the_first_ceilometer_that_joins_is_a_change():
    with_member = msgspec.structs.replace(FINGERPRINT, members="ceilometer")
    assert with_member.changes_since(FINGERPRINT) == "ceilometer joined"


def test_the_last_ceilometer_that_leaves_is_no_change():
    with_member = msgspec.structs.replace(FINGERPRINT, members="ceilometer")
    assert FINGERPRINT.changes_since(with_member) == ""


def test_several_changes_are_all_named():
    now = msgspec.structs.replace(WHOLE, build="4.7.1", release="22.0.0")
    assert now.changes_since(WHOLE) == (
        "Gnocchi was upgraded from 4.6.0 to 4.7.1, Ceilometer was upgraded from 21.0.0 to 22.0.0"
    )


@pytest.mark.parametrize("field", ["build", "release"])
@pytest.mark.parametrize(
    ("now", "before", "kept"),
    [("4.7.0", "4.6.0", "4.7.0"), ("4.6.0", "4.10.0", "4.10.0"), ("", "4.6.0", "4.6.0")],
)
def test_the_newest_version_that_was_seen_is_kept(field: str, now: str, before: str, kept: str):
    filled = msgspec.structs.replace(WHOLE, **{field: now}).filled_from(
        msgspec.structs.replace(WHOLE, **{field: before})
    )
    assert filled == msgspec.structs.replace(WHOLE, **{field: kept})


# Members that leave and come back

NAMES = st.sets(st.sampled_from([f"ceilometer-{n}" for n in range(8)]))


def with_members(names: set[str]) -> Fingerprint:
    return msgspec.structs.replace(FINGERPRINT, members=",".join(sorted(names)))


@given(st.lists(NAMES, min_size=1, max_size=10))
def test_only_who_was_never_seen_joins(lives: list[set[str]]):
    record = Record().succeeded(NOW, with_members(lives[0]))
    seen = set(lives[0])
    for names in lives[1:]:
        assert record.success is not None
        changes = with_members(names).changes_since(record.success.fingerprint)
        new = sorted(names - seen)
        assert changes == (f"{', '.join(new)} joined" if new else "")
        record = record.adopted(NOW, with_members(names))
        seen |= names


@given(NAMES, NAMES)
def test_a_run_remembers_who_was_there_before(before: set[str], now: set[str]):
    record = Record().succeeded(NOW, with_members(before)).succeeded(NOW, with_members(now))
    assert record.success is not None
    assert record.success.fingerprint == with_members(before | now)


def test_who_comes_back_does_not_begin_a_new_row_of_failures():
    record = Record().succeeded(NOW, with_members({"a", "b"}))
    for names in ({"a"}, {"a", "b"}, set[str]()):
        record = record.failed(NOW, with_members(names), "HTTP 503")
    assert record.failure is not None
    assert record.failure.count == 3


def test_who_is_new_begins_a_new_row_of_failures():
    record = Record().failed(NOW, with_members({"a"}), "HTTP 503")
    record = record.failed(NOW, with_members({"a", "b"}), "HTTP 503")
    assert record.failure is not None
    assert record.failure.count == 1


MANY = st.sets(st.integers(0, 200), max_size=150).map(lambda found: {f"c{n:03}" for n in found})


@given(MANY, MANY)
def test_names_are_bounded_and_a_second_look_changes_nothing(before: set[str], now: set[str]):
    record = Record().adopted(NOW, with_members(before)).adopted(NOW, with_members(now))
    assert record.success is not None
    known = record.success.fingerprint.members.split(",")
    assert len(known) <= MEMBERS
    assert known == sorted(known)
    assert set(sorted(now)[:MEMBERS]) <= set(known)
    assert record.adopted(NOW, with_members(now)) == record


def test_where_no_more_names_are_remembered_nobody_is_called_new():
    many = {f"c{n:03}" for n in range(MEMBERS + 10)}
    record = Record().adopted(NOW, with_members(many))
    assert record.success is not None
    assert with_members(many).changes_since(record.success.fingerprint) == ""


@pytest.mark.parametrize("field", ["build", "release"])
def test_a_version_of_thousands_of_digits_is_compared(field: str):
    huge = msgspec.structs.replace(WHOLE, **{field: "9" * 10_000})
    assert huge.changes_since(WHOLE)
    assert WHOLE.changes_since(huge) == ""
