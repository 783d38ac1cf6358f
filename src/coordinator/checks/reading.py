"""What a check's read brings home."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

from coordinator.blueprint import resource_types as blueprint_resource_types
from coordinator.openstack.errors import UnusableAnswerError
from coordinator.report.finding import Cause


@dataclasses.dataclass(frozen=True)
class Reading:
    """The answer of one authenticated read.

    Attributes:
        summary: what was read, following the name of the system.
        build: version of the software, where the service tells it.
        resource_types: Gnocchi's resource types, from its check alone.
    """

    summary: str
    build: str = ""
    resource_types: blueprint_resource_types.Types | None = None


def records(answer: Any, what: str) -> list[dict[str, Any]]:
    """The answer as a list of JSON objects.

    Raises:
        Unusable: it is none.
    """
    if not isinstance(answer, list):
        raise UnusableAnswerError(Cause.UNEXPECTED, f"answers no list of {what}")
    items = cast("list[Any]", answer)
    if not all(isinstance(item, dict) for item in items):
        raise UnusableAnswerError(Cause.UNEXPECTED, f"answers no list of {what}")
    return cast("list[dict[str, Any]]", items)


def field(answer: Any, key: str, what: str) -> Any:
    """One field of a JSON object.

    Raises:
        Unusable: there is no such object or field.
    """
    if not isinstance(answer, dict) or key not in answer:
        raise UnusableAnswerError(Cause.UNEXPECTED, f"answers no {what}")
    return cast("dict[str, Any]", answer)[key]


def optional(answer: Any, key: str) -> Any:
    """One field of a JSON object; an empty text where there is none."""
    return cast("dict[str, Any]", answer).get(key) or "" if isinstance(answer, dict) else ""


def count(number: int, noun: str) -> str:
    """A number with its noun, such as `1 alarm` or `no alarms`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number or 'no'} {noun}s"
