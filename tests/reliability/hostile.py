"""Values that nobody should send, and what must hold of all that the charm says of them."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from ops import testing

MOST = 64 * 1024
"""Bytes of a databag that the charm writes, in a model as small as those of these tests."""

RESULTS = 128 * 1024
"""Bytes of one argument of a command (execve(2)): each result is one."""

LINES = {"report", "plan", "afterwards"}
"""Results of several lines."""

ODD = (
    "\x1b[31mred\x1b[0m",
    "\x00",
    "a\nb\r\n\tc",
    "\u202egnp.exe",
    "\u2028",
    "9" * 20_000,
    "[" * 5_000,
    "{}",
    "null",
    "NaN",
    "-1",
    "1e999",
    "'; rm -rf / #",
    "$(reboot)",
    "https://[::1",
    "http://169.254.169.254/",
    "file:///etc/passwd",
    "http://host:99999999/",
    "0001-01-01T00:00:00+00:00",
    "9999-12-31T23:59:59+00:00",
    "secret:",
    "x" * 70_000,
)

TEXTS = st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=["Cs"])))

NUMBERS = st.one_of(st.integers(), st.just(10**400), st.floats(), st.booleans(), st.none())

JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(NUMBERS, TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def _places(document: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a document."""
    found = [place]
    if isinstance(document, dict):
        keys: Any = document.keys()
    else:
        keys = range(len(document)) if isinstance(document, list) else ()
    for key in keys:
        found += _places(document[key], (*place, key))
    return found


@st.composite
def damaged(draw: st.DrawFn, document: Any) -> Any:
    """A good document in which something is wrong."""
    result = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = [None, *draw(st.sampled_from(_places(result)))]
        if last is None:
            return draw(JSON)
        holder = result
        for key in parents[1:]:
            holder = holder[key]
        if isinstance(holder, dict) and draw(st.booleans()):
            value = holder.pop(last)
            if draw(st.booleans()):
                holder[draw(TEXTS)] = value
        else:
            holder[last] = draw(JSON)
    return result


def written(document: Any) -> st.SearchStrategy[str]:
    """The text of a good document after something happened to it."""
    whole = json.dumps(document)
    cut = st.integers(0, len(whole)).map(lambda at: whole[:at])
    return st.one_of(damaged(document).map(json.dumps), cut, TEXTS, JSON.map(json.dumps))


def bag(good: Mapping[str, str]) -> st.SearchStrategy[dict[str, str]]:
    """A databag in which some values, and some keys, are wrong."""
    keys = st.sampled_from(sorted(good)) | st.text(st.characters(codec="ascii"), min_size=1)
    values = st.dictionaries(keys, TEXTS, max_size=4)
    gone = st.sets(st.sampled_from(sorted(good)), max_size=2)
    return st.tuples(values, gone).map(
        lambda drawn: {k: v for k, v in {**good, **drawn[0]}.items() if k not in drawn[1]}
    )


def assert_fit_to_be_shown(state: testing.State) -> None:
    """Hold what a hook left behind to what Juju and terminals bear."""
    for told in (state.unit_status, state.app_status):
        assert told.message.isprintable(), repr(told.message)
        assert told.name != "error"
        assert len(told.message) <= 3000
    for relation in state.relations:
        own: list[Mapping[str, str]] = [relation.local_unit_data]
        if isinstance(relation, testing.Relation | testing.PeerRelation):
            own.append(relation.local_app_data)
        for databag in own:
            size = sum(len(key.encode()) + len(value.encode()) for key, value in databag.items())
            assert size <= MOST, f"a databag of {size} bytes"
            for key, value in databag.items():
                # the operator's own YAML is kept as it is
                text = value.replace("\n", "").replace("\t", "") if key == "blueprint" else value
                assert text.isprintable(), (key, value)


def assert_fit_as_results(results: Mapping[str, Any]) -> None:
    """Hold results of an action to the same."""
    for key, value in results.items():
        if isinstance(value, Mapping):
            assert_fit_as_results(value)
            continue
        text = str(value)
        assert len(text.encode()) < RESULTS, key
        lines = text.split("\n") if key in LINES else [text]
        assert all(line.isprintable() for line in lines), (key, text)
