"""Values kept as JSON text, written in one form and read without trust."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias, TypeVar, Union

import msgspec

Json: TypeAlias = Union[bool, int, float, str, "list[Json]", "Mapping[str, Json]", None]

LARGEST = 2**63 - 1
"""No number that is kept is larger."""

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=-LARGEST, le=LARGEST)]
Moment: TypeAlias = Annotated[datetime.datetime, msgspec.Meta(tz=True)]

_Value = TypeVar("_Value")


class Kept(msgspec.Struct, frozen=True, rename="kebab"):
    """A value that is kept: an object whose keys have hyphens."""


class NotKeptError(ValueError):
    """A text or an object is not what is written here."""


def dumps(value: object, version: int | None = None) -> str:
    """Equal values as equal texts; with a version, where they have one."""
    whole = fields_of(value)
    if version is not None:
        whole["version"] = version
    return json.dumps(whole, default=datetime.datetime.isoformat, sort_keys=True)


def fields_of(value: object) -> dict[str, Any]:
    """The fields of a value by their keys, as JSON has them, but for times."""
    return msgspec.to_builtins(value, builtin_types=(datetime.datetime,), order="sorted")


def loads(kind: type[_Value], text: str, version: int | None = None) -> _Value | None:
    """The value that `dumps` wrote with this version; None where the text is anything else."""
    try:
        return read(kind, document(text, version))
    except NotKeptError:
        return None


def document(text: str, version: int | None = None) -> dict[str, Any]:
    """The object in a text; raises NotKeptError where there is none, or of another version."""
    found = decode(dict[str, Any], text)
    if found.get("version") != version:
        raise NotKeptError
    return found


def read(kind: type[_Value], found: Mapping[str, Any]) -> _Value:
    """The value of a type in an object; raises NotKeptError where there is none."""
    try:
        return msgspec.convert(found, kind)
    except (ValueError, RecursionError) as error:
        raise NotKeptError from error


def decode(kind: type[_Value], text: str) -> _Value:
    """The value of a type in a text, of any version; raises NotKeptError where there is none."""
    try:
        return msgspec.json.decode(text, type=kind)
    except (ValueError, RecursionError) as error:
        raise NotKeptError from error
