"""The upgrade record as it is found, and what may become of it."""

import json

import pytest

from coordinator.status import Level
from coordinator.upgrade import remembered
from coordinator.upgrade.record import Record
from tests.unit import reports

RECORD = Record().succeeded(reports.NOW, reports.FINGERPRINT)
DAMAGED = "{"
NEWER = '{"version": 99}'


@pytest.mark.parametrize("version", [1, 2])
def test_the_record_of_this_and_of_an_earlier_revision_is_read(version: int):
    text = json.dumps({**json.loads(RECORD.to_json()), "version": version})
    assert remembered.read(text, "us").record == RECORD


def test_without_a_place_for_it_nothing_may_be_kept():
    found = remembered.read(None, "us")
    assert found.fault is not None
    assert found.fault.level is Level.WAITING
    assert not found.allows(RECORD)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [(DAMAGED, "juju run us/leader ceilometer-upgrade"), (NEWER, "juju refresh us")],
)
def test_what_cannot_be_read_is_kept_and_a_person_is_told(text: str, remedy: str):
    found = remembered.read(text, "us")
    assert found.fault is not None
    assert found.fault.remedy == remedy
    assert not found.allows(RECORD)


def test_a_person_may_overrule_a_damaged_record_and_no_newer_one():
    assert remembered.read(DAMAGED, "us").overruled().allows(RECORD)
    assert not remembered.read(NEWER, "us").overruled().allows(RECORD)


def test_only_news_is_kept():
    found = remembered.read(RECORD.to_json(), "us")
    assert not found.allows(RECORD)
    assert found.allows(Record())
