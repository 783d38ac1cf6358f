"""JSON that comes from elsewhere, read within bounds. Pure."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

from coordinator.openstack.errors import not_json
from coordinator.report.kept import LARGEST, Json

MAX_DEPTH = 64
"""Levels of lists and objects; the deepest honest answer has about ten."""

MAX_DIGITS = 4300
"""Characters of a number: Python itself prints no longer integer (sys.int_info), and the services
are written in it."""


def parse(body: bytes) -> Any:
    """Read JSON in UTF-8 (RFC 8259).

    Integers beyond 64 bits become the largest of 64 bits, fractions beyond those of a float the
    largest float, so that nobody has to reckon with numbers that cannot be reckoned with.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise not_json("not in UTF-8") from None
    try:
        found = json.loads(
            text, parse_int=_integer, parse_float=_fraction, parse_constant=_constant
        )
    except RecursionError:
        raise not_json(f"more than {MAX_DEPTH} levels deep") from None
    except ValueError:
        raise not_json() from None
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _hold_to_depth(found)
    return found


def _integer(text: str) -> int:
    _hold_to_length(text)
    return max(-LARGEST, min(LARGEST, int(text)))


def _fraction(text: str) -> float:
    _hold_to_length(text)
    return max(-sys.float_info.max, min(sys.float_info.max, float(text)))


def _constant(text: str) -> NoReturn:
    raise not_json(f"with {text} as a number")


def _hold_to_length(text: str) -> None:
    if len(text) > MAX_DIGITS:
        raise not_json(f"with a number of {len(text)} digits")


def _hold_to_depth(found: Json, left: int = MAX_DEPTH) -> None:
    if not isinstance(found, dict | list):
        return
    if not left:
        raise not_json(f"more than {MAX_DEPTH} levels deep")
    for one in found.values() if isinstance(found, dict) else found:
        _hold_to_depth(one, left - 1)
