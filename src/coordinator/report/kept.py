"""Values kept as JSON text, written in one form and read without trust. Pure.

A dataclass becomes an object whose keys have hyphens; a time has its zone. A reader gets the value
of the type that it names, or one error, whatever a disk or a databag holds.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import functools
import json
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar, Union

Json: TypeAlias = Union[bool, int, float, str, "list[Json]", "Mapping[str, Json]", None]
"""What a JSON document can be."""

LARGEST = 2**63 - 1
"""No number that is kept is larger."""

_OPTIONAL: tuple[Any, ...] = (Union, types.UnionType)
_SEVERAL: tuple[Any, ...] = (tuple, frozenset)

_Value = TypeVar("_Value")


class NotKeptError(ValueError):
    """A text is not what is written here."""


def dumps(value: object, version: int | None = None) -> str:
    """A value as text, equal values as equal texts; with a version, where it has one."""
    whole = value if version is None else {**fields_of(value), "version": version}
    return json.dumps(whole, default=_simple, sort_keys=True)


def fields_of(value: Any) -> dict[str, Any]:
    """The fields of a dataclass by their keys."""
    return {_key(field.name): getattr(value, field.name) for field in dataclasses.fields(value)}


def document(text: str, version: int | None = None) -> dict[str, Any]:
    """The object in a text.

    Args:
        text: as `dumps` wrote it.
        version: what its key `version` must say; None: it has none.

    Raises:
        NotKeptError: there is none.
    """
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotKeptError from error
    _hold(type(found) is dict and found.get("version") == version)
    return found


def read(kind: type[_Value], found: Any) -> _Value:
    """The value of a type in an object."""
    try:
        return _read(kind, found)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise NotKeptError from error


def loads(kind: type[_Value], text: str, version: int | None = None) -> _Value | None:
    """The value of a type in a text, None where there is none: `document`, then `read`."""
    try:
        found = document(text, version)
        found.pop("version", None)
        return read(kind, found)
    except NotKeptError:
        return None


def _simple(value: Any) -> Any:
    """In place of a value that JSON does not know."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return fields_of(value) if dataclasses.is_dataclass(value) else sorted(value)


def _read(kind: Any, found: Any) -> Any:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in _OPTIONAL:
        return None if found is None else _read(inner[0], found)
    if origin in _SEVERAL:
        _hold(type(found) is list)
        return origin(_read(inner[0], one) for one in found)
    if origin is Mapping:
        _hold(type(found) is dict)
        return {_read(str, key): _read(inner[1], one) for key, one in found.items()}
    return _fields(kind, found) if dataclasses.is_dataclass(kind) else _single(kind, found)


def _fields(kind: Any, found: Any) -> Any:
    _hold(type(found) is dict)
    given = {name: found[_key(name)] for name in _hints(kind) if _key(name) in found}
    return kind(**{name: _read(_hints(kind)[name], one) for name, one in given.items()})


def _single(kind: Any, found: Any) -> Any:
    if issubclass(kind, enum.Enum):
        return kind(found)
    if kind is datetime.datetime:
        at = datetime.datetime.fromisoformat(found)
        _hold(at.tzinfo is not None)
        return at.astimezone(datetime.timezone.utc)
    if kind is float and type(found) is int:
        found = float(found)
    _hold(type(found) is kind)
    if kind is str:
        found.encode()  # what cannot be written again is not read
    elif kind is not bool:
        _hold(abs(found) <= LARGEST)
    return found


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _key(name: str) -> str:
    return name.replace("_", "-")


def _hold(holds: bool) -> None:
    if not holds:
        raise NotKeptError
