"""What an upgrade depends on: which differences ceilometer-upgrade must follow."""

import dataclasses

import pytest

from coordinator.upgrade.record import Fingerprint
from tests.unit.reports import FINGERPRINT

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
    assert dataclasses.replace(WHOLE, **{field: value}).changes_since(WHOLE) == text


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
    assert dataclasses.replace(WHOLE, **{field: value}).changes_since(WHOLE) == ""


@pytest.mark.parametrize("field", ["endpoint", "build", "release"])
def test_what_becomes_known_is_no_change(field: str):
    unknown = dataclasses.replace(WHOLE, **{field: ""})
    assert WHOLE.changes_since(unknown) == ""


@pytest.mark.parametrize("scope", ["public/RegionOne", "internal/RegionTwo", ""])
def test_another_endpoint_under_another_scope_is_no_change(scope: str):
    before = dataclasses.replace(WHOLE, scope=scope, endpoint="https://gnocchi.example.com")
    assert WHOLE.changes_since(before) == ""


def test_the_first_ceilometer_that_joins_is_a_change():
    with_member = dataclasses.replace(FINGERPRINT, members="ceilometer")
    assert with_member.changes_since(FINGERPRINT) == "ceilometer joined"


def test_the_last_ceilometer_that_leaves_is_no_change():
    with_member = dataclasses.replace(FINGERPRINT, members="ceilometer")
    assert FINGERPRINT.changes_since(with_member) == ""


def test_several_changes_are_all_named():
    now = dataclasses.replace(WHOLE, build="4.7.1", release="22.0.0")
    assert now.changes_since(WHOLE) == (
        "Gnocchi was upgraded from 4.6.0 to 4.7.1, Ceilometer was upgraded from 21.0.0 to 22.0.0"
    )


@pytest.mark.parametrize("field", ["build", "release"])
@pytest.mark.parametrize(
    ("now", "before", "kept"),
    [("4.7.0", "4.6.0", "4.7.0"), ("4.6.0", "4.10.0", "4.10.0"), ("", "4.6.0", "4.6.0")],
)
def test_the_newest_version_that_was_seen_is_kept(field: str, now: str, before: str, kept: str):
    filled = dataclasses.replace(WHOLE, **{field: now}).filled_from(
        dataclasses.replace(WHOLE, **{field: before})
    )
    assert filled == dataclasses.replace(WHOLE, **{field: kept})
