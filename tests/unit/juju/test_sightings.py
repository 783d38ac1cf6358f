"""Since when units are as they are, whatever Juju says of the time."""

import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.juju import sightings
from coordinator.juju.sightings import Sighting, Sightings
from coordinator.juju.status import Application, CharmStatus, JujuLevel, Model, Unit
from coordinator.report import kept

NOON = datetime.datetime(2026, 11, 27, 12, 0, tzinfo=datetime.timezone.utc)
WAITS = CharmStatus(JujuLevel.WAITING, "10% done")
ERROR = CharmStatus(JujuLevel.ERROR, 'hook failed: "config-changed"')
ACTIVE = CharmStatus(JujuLevel.ACTIVE, "Unit is ready")


def at(minute: int) -> datetime.datetime:
    return NOON + datetime.timedelta(minutes=minute)


def model(
    workload: CharmStatus, agent: JujuLevel = JujuLevel.IDLE, *, lost: bool = False
) -> Model:
    unit = Unit("aodh/0", workload, CharmStatus(agent), lost=lost)
    return Model({"aodh": Application("aodh", "aodh", units=(unit,))})


def looks(*models: Model) -> Model:
    """The last of some looks, each ten minutes after the one before."""
    remembered: Sightings = {}
    seen = Model()
    for number, one in enumerate(models):
        seen, remembered = sightings.watch(one, remembered, at(10 * number))
        remembered = read(kept.dumps(remembered))
    return seen


def read(text: str) -> Sightings:
    return kept.loads(Sightings, text) or {}


def test_a_unit_is_so_since_it_was_first_seen_so():
    assert looks(model(WAITS), model(WAITS), model(WAITS)).seen_since == {"aodh/0": NOON}


def test_a_time_that_the_charm_renews_changes_nothing():
    renewed = msgspec.structs.replace(WAITS, since=at(10))
    assert looks(model(WAITS), model(renewed)).seen_since == {"aodh/0": NOON}


def test_a_message_of_which_numbers_change_is_the_same():
    later = CharmStatus(JujuLevel.WAITING, "25% done")
    assert looks(model(WAITS), model(later)).seen_since == {"aodh/0": NOON}


@pytest.mark.parametrize(
    "other",
    [
        CharmStatus(JujuLevel.WAITING, "for keystone"),
        CharmStatus(JujuLevel.MAINTENANCE, "10% done"),
    ],
)
def test_another_status_begins_anew(other: CharmStatus):
    assert looks(model(WAITS), model(other)).seen_since == {"aodh/0": at(10)}


def test_a_unit_that_was_well_between_begins_anew():
    assert looks(model(WAITS), model(ACTIVE), model(WAITS)).seen_since == {"aodh/0": at(20)}


def test_of_a_unit_that_is_well_nothing_is_remembered():
    seen, remembered = sightings.watch(model(ACTIVE), {}, NOON)
    assert (seen.seen_since, remembered) == ({}, {})


def test_a_unit_that_is_gone_is_forgotten():
    _, remembered = sightings.watch(model(WAITS), {}, NOON)
    assert sightings.watch(Model(), remembered, at(5))[1] == {}


def test_an_error_is_there_while_its_hook_is_retried():
    seen = looks(model(ERROR), model(ACTIVE, JujuLevel.EXECUTING))
    assert (seen.seen_since, seen.retried) == ({"aodh/0": NOON}, {"aodh/0"})


def test_an_error_that_comes_back_after_a_retry_is_the_same():
    seen = looks(model(ERROR), model(ACTIVE, JujuLevel.EXECUTING), model(ERROR))
    assert (seen.seen_since, seen.retried) == ({"aodh/0": NOON}, set())


def test_an_error_is_over_when_the_agent_rests_without_one():
    seen = looks(model(ERROR), model(ACTIVE, JujuLevel.EXECUTING), model(ACTIVE))
    assert (seen.seen_since, seen.retried) == ({}, set())


def test_a_unit_that_works_after_it_waited_is_not_retried():
    seen = looks(model(WAITS), model(ACTIVE, JujuLevel.EXECUTING))
    assert (seen.seen_since, seen.retried) == ({}, set())


def test_a_lost_agent_counts_since_it_is_lost():
    seen = looks(model(ERROR), model(ERROR, lost=True), model(ERROR, lost=True))
    assert (seen.seen_since, seen.retried) == ({"aodh/0": at(10)}, set())


def test_a_clock_that_was_set_back_begins_anew():
    _, remembered = sightings.watch(model(WAITS), {}, at(60))
    assert sightings.watch(model(WAITS), remembered, NOON)[0].seen_since == {"aodh/0": NOON}


def test_what_is_kept_is_bounded():
    units = tuple(Unit(f"aodh/{n}", WAITS) for n in range(sightings.MOST + 10))
    _, seen = sightings.watch(Model({"aodh": Application("aodh", "aodh", units=units)}), {}, NOON)
    assert len(seen) == sightings.MOST
    assert len(kept.dumps(seen)) < 500_000
    assert read(kept.dumps(seen)) == seen


NAMES = st.from_regex(r"[a-z]{1,5}/[0-9]", fullmatch=True).filter(str.isascii)
SIGHTINGS = st.dictionaries(
    NAMES,
    st.builds(
        Sighting,
        st.sampled_from(JujuLevel),
        st.text().map(sightings.digest_of),
        st.datetimes().map(lambda t: t.replace(microsecond=0, tzinfo=datetime.timezone.utc)),
    ),
)


@given(SIGHTINGS)
def test_what_is_kept_is_read_again_the_same(seen: dict[str, Sighting]):
    text = kept.dumps(seen)
    assert read(text) == seen
    assert kept.dumps(dict(reversed(seen.items()))) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "5",
        '{"aodh": ["waiting", "00000000", "2026-11-27T12:00:00+00:00"]}',
        '{"aodh/0": 5}',
        '{"aodh/0": ["waiting"]}',
        '{"aodh/0": ["odd", "00000000", "2026-11-27T12:00:00+00:00"]}',
        '{"aodh/0": ["waiting", "x", "2026-11-27T12:00:00+00:00"]}',
        '{"aodh/0": ["waiting", "00000000", "2026-11-27T12:00:00"]}',
        '{"aodh/0": ["waiting", "00000000", "yesterday"]}',
        "[" * 60000,
    ],
)
def test_what_is_not_ours_is_as_good_as_nothing(text: str):
    assert read(text) == {}
