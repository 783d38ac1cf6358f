"""JSON that comes from elsewhere, read within bounds."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from coordinator.openstack.errors import ApiError
from coordinator.report.finding import Cause
from coordinator.report.kept import LARGEST, Json

MAX_DEPTH = 64
"""Levels of lists and objects; the deepest honest answer has about ten."""

_TOO_DEEP = f"more than {MAX_DEPTH} levels deep"

MAX_DIGITS = 4300
"""Characters of a number: Python, in which the services are written, prints no longer integer."""


def parse(body: bytes) -> Any:
    """Read JSON in UTF-8 (RFC 8259).

    Integers beyond 64 bits become the largest of 64 bits, fractions beyond those of a float the
    largest float.
    """
    text = decode(body).removeprefix("\ufeff")
    integer = functools.partial(_number, int, LARGEST)
    fraction = functools.partial(_number, float, sys.float_info.max)
    try:
        found = json.loads(text, parse_int=integer, parse_float=fraction, parse_constant=_refuse)
    except RecursionError:
        raise ApiError(Cause.NOT_JSON, detail=_TOO_DEEP) from None
    except ValueError:
        raise ApiError(Cause.NOT_JSON) from None
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _hold_to_depth(found, MAX_DEPTH)
    return found


def decode(body: bytes) -> str:
    """Read text in UTF-8."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise ApiError(Cause.NOT_JSON, detail="not in UTF-8") from None


def _number(kind: Callable[[str], float], largest: float, text: str) -> float:
    if len(text) > MAX_DIGITS:
        raise ApiError(Cause.NOT_JSON, detail=f"with a number of {len(text)} digits")
    return max(-largest, min(largest, kind(text)))


def _refuse(constant: str) -> NoReturn:
    raise ApiError(Cause.NOT_JSON, detail=f"with {constant} as a number")


def _hold_to_depth(found: Json, left: int) -> None:
    if not isinstance(found, dict | list):
        return
    if not left:
        raise ApiError(Cause.NOT_JSON, detail=_TOO_DEEP)
    for one in found.values() if isinstance(found, dict) else found:
        _hold_to_depth(one, left - 1)
