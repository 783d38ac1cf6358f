"""Values that are kept: read as they were written, and nothing else is read."""

import datetime
import enum
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.report import kept


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Spot(kept.Kept, frozen=True):
    colour: Colour
    far: float


class Thing(kept.Kept, frozen=True):
    seen_at: kept.Moment
    name: str
    count: kept.Count = 0
    is_new: bool = False
    spot: Spot | None = None
    names: frozenset[str] = frozenset()
    spots: tuple[Spot, ...] = ()
    ends: Mapping[str, kept.Moment] = {}


TIMES = st.datetimes(timezones=st.just(datetime.timezone.utc))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SPOTS = st.builds(Spot, st.sampled_from(Colour), st.floats(-1e18, 1e18))
THINGS = st.builds(
    Thing,
    TIMES,
    TEXTS,
    st.integers(-(2**63) + 1, 2**63 - 1),
    st.booleans(),
    st.none() | SPOTS,
    st.frozensets(TEXTS),
    st.lists(SPOTS).map(tuple),
    st.dictionaries(TEXTS, TIMES),
)

GOOD = '{"seen-at": "2026-11-27T12:00:00+00:00", "name": "a"}'


@given(THINGS)
def test_a_value_is_read_as_it_was_written(thing: Thing):
    assert kept.loads(Thing, kept.dumps(thing)) == thing


def test_its_keys_have_hyphens_and_what_has_a_default_may_be_left_out():
    at = datetime.datetime(2026, 11, 27, 12, tzinfo=datetime.timezone.utc)
    assert kept.loads(Thing, GOOD) == Thing(at, "a")
    assert json.loads(kept.dumps(Thing(at, "a")))["is-new"] is False


def test_a_time_of_another_zone_is_the_same_moment():
    text = GOOD.replace("+00:00", "+02:00")
    thing = kept.loads(Thing, text)
    assert thing is not None
    assert thing.seen_at == datetime.datetime(2026, 11, 27, 10, tzinfo=datetime.timezone.utc)


def test_a_version_must_be_the_one_that_is_asked_for():
    text = GOOD.replace("{", '{"version": 2, ')
    thing = kept.loads(Thing, text, 2)
    assert thing == kept.loads(Thing, GOOD)
    assert json.loads(kept.dumps(thing, 2))["version"] == 2
    for asked, told in ((None, text), (3, text), (2, GOOD)):
        assert kept.loads(Thing, told, asked) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seen-at", "2026-11-27T12:00:00"),
        ("seen-at", 5),
        ("name", None),
        ("name", "\ud800"),
        ("count", True),
        ("count", 1.5),
        ("count", 10**400),
        ("is-new", 1),
        ("spot", {"colour": "green", "far": 1}),
        ("spot", {"colour": ["red"], "far": 1}),
        ("spot", {"colour": "red", "far": float("nan")}),
        ("spot", {"colour": "red", "far": 10**400}),
        ("spot", {"colour": "red"}),
        ("names", "abc"),
        ("names", [["a"]]),
        ("spots", {"a": 1}),
        ("ends", []),
        ("ends", {"a": "yesterday"}),
    ],
)
def test_a_value_of_another_kind_is_refused(key: str, value: Any):
    text = json.dumps({**json.loads(GOOD), key: value})
    assert kept.loads(Thing, text) is None


@pytest.mark.parametrize("text", ["", "{", "null", "[]", "5", "{}", "[" * 100_000])
def test_another_text_is_refused(text: str):
    assert kept.loads(Thing, text) is None
