"""The parts of every check: the class to inherit from, its context, and its result.

A check lets exceptions of the HTTP stack pass, and raises `UnusableAnswerError` for an answer that
its service would not give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from coordinator import text as stack_text
from coordinator.blueprint import resource_types as blueprint_resource_types
from coordinator.blueprint import systems
from coordinator.checks.memory import NOTHING, CheckMemory, Memory
from coordinator.openstack import http
from coordinator.openstack.client import Service
from coordinator.openstack.errors import UnusableAnswerError
from coordinator.report import remedies
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.kept import Json
from coordinator.request import Request

LONGEST = 1000
"""Characters of a summary."""

COARSEST = 366 * 24 * 3600.0
"""Seconds of a granularity at most; nobody waits longer for one."""

RESERVE = 0.2
"""Part of the time of canaries that is kept for removing one."""

LONGEST_RESERVE = 5.0
"""Seconds that are kept for it at most."""


class Reading(msgspec.Struct, frozen=True):
    """The answer of one authenticated read.

    Attributes:
        summary: what was read, following the name of the system.
        build: version of the software, where the service tells it.
        resource_types: Gnocchi's resource types, from its check alone.
    """

    summary: str
    build: str = ""
    resource_types: blueprint_resource_types.Types | None = None


class Subject(msgspec.Struct, frozen=True):
    """One system to be asked.

    Attributes:
        required: its faults are failures; else they are degradations.
        names: application names for remedies.
    """

    system: systems.System
    required: bool
    names: remedies.Names

    @property
    def service(self) -> str:
        """The service that findings about it are filed under."""
        return self.names.service

    @property
    def entry(self) -> systems.Registration:
        """The entry that it has in the service catalog.

        Raises:
            ValueError: it has none.
        """
        if self.system.catalog is None:
            raise ValueError(f"{self.system.key} has no entry in the service catalog")
        return self.system.catalog

    def finding(
        self,
        question: str,
        severity: Severity,
        text: str,
        cause: Cause | None = None,
        *,
        available: tuple[str, ...] = (),
        remedy: str = "",
    ) -> Finding:
        """A finding about this system.

        Its text follows the title of the system: `has no units`, `'s clock is ahead`. Without a
        remedy, it has the usual one of the cause where these interfaces or regions are available.
        """
        if severity is Severity.FAILED and not self.required:
            severity = Severity.DEGRADED
        if cause and not remedy:
            remedy = remedies.remedy(cause, self.names, available)
        gap = "" if text.startswith("'s ") else " "
        summary = stack_text.plain(f"{self.system.title}{gap}{text}", LONGEST)
        return Finding(self.service, question, severity, summary, cause, remedy)


class CheckContext(msgspec.Struct, frozen=True):
    """The context that an inspection or a canary is given.

    Attributes:
        services: those that answered their read, by catalog type, and `identity`.
        deadline: when the answer must be there, and what was written must be removed.
        memory: what checks remember of the verification before.
    """

    subject: Subject
    services: Mapping[str, Service]
    request: Request
    deadline: http.Deadline
    memory: CheckMemory = NOTHING

    @property
    def service(self) -> Service:
        """The API of the system itself."""
        return self.services[self.subject.service]

    @property
    def patience(self) -> http.Deadline:
        """The end of waiting for a canary, which leaves time to remove it."""
        kept = min(LONGEST_RESERVE, RESERVE * self.request.thresholds.canary_timeout)
        return http.Deadline(self.deadline.at - kept)


class CheckResult(msgspec.Struct, frozen=True):
    """The answer of an inspection or a canary.

    Attributes:
        text: follows the title of the system, without a full stop.
        remedy: what to type; empty: what is usual for the cause.
        figures: numbers for the report, such as `{"metric.backlog": 12}`.
        memory: what the next verification needs to know; None: what was remembered stays.
    """

    severity: Severity
    text: str
    cause: Cause | None = None
    remedy: str = ""
    figures: Mapping[str, float] = {}
    memory: Memory | None = None


Inspection: TypeAlias = Callable[[CheckContext], CheckResult]
"""Asks one question beyond the read. An inspection only reads; a canary writes something of the
coordinator's own, looks for it on the other side of the service, and removes it."""


class Check:
    """The questions to one system. This class asks none: it is for systems without a check."""

    def read(self, service: Service) -> Reading | None:
        """Ask the question that proves that the service works; None: there is none."""
        del service
        return None

    @property
    def inspections(self) -> Mapping[str, Inspection]:
        """Further questions that only read, by the names of their findings."""
        return {}

    @property
    def canary(self) -> Inspection | None:
        """The sending of a canary; None: the system gets none."""
        return None


def records(answer: Json, what: str) -> list[dict[str, Any]]:
    """The answer as a list of JSON objects.

    Raises:
        UnusableAnswerError: it is none.
    """
    items = answer if isinstance(answer, list) else [None]
    found = [item for item in items if isinstance(item, dict)]
    if len(found) < len(items):
        raise UnusableAnswerError(Cause.UNEXPECTED, f"answers no list of {what}")
    return found


def field(answer: Json, key: str, what: str) -> Any:
    """One field of a JSON object.

    Raises:
        UnusableAnswerError: there is no such object or field.
    """
    if not isinstance(answer, Mapping) or key not in answer:
        raise UnusableAnswerError(Cause.UNEXPECTED, f"answers no {what}")
    return answer[key]


def listed(answer: Json, key: str) -> list[dict[str, Any]]:
    """The list of JSON objects in a field that is named after them.

    Raises:
        UnusableAnswerError: there is none.
    """
    return records(field(answer, key, f"list of {key}"), key)


def optional(answer: Json, key: str) -> Any:
    """One field of a JSON object; an empty text where there is none."""
    return answer.get(key) or "" if isinstance(answer, Mapping) else ""


def length(answer: Json, key: str) -> int | None:
    """The number of items of the list in one field; None where there is no list."""
    value = answer.get(key) if isinstance(answer, Mapping) else None
    return len(value) if isinstance(value, list) else None


def texts(answer: Json) -> list[str]:
    """The texts in a JSON list; none where it is no list."""
    items = answer if isinstance(answer, list) else []
    return [item for item in items if isinstance(item, str)]


def number(value: Any, most: float) -> float:
    """A JSON number between zero and a limit.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most:
        return float(value)
    raise ValueError("no number that can be")
