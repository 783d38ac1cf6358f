"""JSON of services, within bounds."""

import contextlib
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.openstack import json_answers
from coordinator.openstack.errors import ApiError
from coordinator.report.finding import Cause
from tests.unit import sessions

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES.filter(lambda value: "Infinity" not in json.dumps(value)))
def test_what_a_service_sends_comes_through(value: Any):
    assert json_answers.parse(json.dumps(value).encode()) == value


@given(st.binary(max_size=100))
def test_any_bytes_are_json_or_told(body: bytes):
    with contextlib.suppress(ApiError):
        json_answers.parse(body)


def test_numbers_are_held_to_64_bits():
    assert json_answers.parse(f"[{10**400}, -{10**400}]".encode()) == [2**63 - 1, 1 - 2**63]


def test_fractions_are_never_infinite():
    found = json_answers.parse(b"[1e999, -1e999]")
    assert all(math.isfinite(number) for number in found)


@pytest.mark.parametrize("number", ["9" * 20_000, "0." + "9" * 20_000, "NaN", "Infinity"])
def test_a_number_that_nobody_sends_is_told(number: str):
    with sessions.failing(Cause.NOT_JSON, "number"):
        json_answers.parse(f"[{number}]".encode())


@pytest.mark.parametrize("levels", [65, 500, 5_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), ["[]", ('{"a":', "}")])
def test_what_is_nested_without_end_is_told(opening: str, closing: str, levels: int):
    inner = "0" if opening != "[" else ""
    with sessions.failing(Cause.NOT_JSON, "levels"):
        json_answers.parse((opening * levels + inner + closing * levels).encode())


def test_a_long_flat_list_is_no_deep_one():
    assert len(json_answers.parse(b"[" + b"{}," * 999 + b"{}]")) == 1000


def test_brackets_in_a_text_are_no_levels():
    assert json_answers.parse(json.dumps("[" * 999).encode()) == "[" * 999


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
def test_only_utf_8_is_read(encoding: str):
    with sessions.failing(Cause.NOT_JSON):
        json_answers.parse('["é"]'.encode(encoding))


def test_a_mark_of_the_byte_order_is_passed_over():
    assert json_answers.parse(b"\xef\xbb\xbf[]") == []
