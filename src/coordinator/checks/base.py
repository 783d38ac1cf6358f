"""What every check is made of: the class to inherit from, what it is given, and what it answers.

A check asks its service with `context.service.get` and the like, lets exceptions of the HTTP stack
pass, and raises `UnusableAnswerError` for an answer that the service would not give. The steps
that are the same for all systems are in `endpoint.py`; which check is which in `registry.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeAlias

import msgspec

from coordinator import text as stack_text
from coordinator.blueprint import resource_types as blueprint_resource_types
from coordinator.blueprint import systems
from coordinator.checks.memory import CheckMemory, Memory
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
"""Part of the time of canaries that is kept for removing one, up to `LONGEST_RESERVE`."""

LONGEST_RESERVE = 5.0
"""Seconds."""


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
        service: what findings about it are filed under: its catalog type, `identity` or
            `telemetry`.
        required: whether its faults are failures; else they are degradations.
        interface: endpoint interface to use.
        region: region to use; empty means any.
        names: application names for remedies.
    """

    service: str
    system: systems.System
    required: bool
    interface: str
    region: str
    names: remedies.Names

    @property
    def entry(self) -> systems.Registration:
        """What it has in the service catalog."""
        if self.system.catalog is None:
            raise ValueError(f"{self.system.key} has no entry in the service catalog")
        return self.system.catalog

    def finding(
        self,
        question: str,
        severity: Severity,
        text: str,
        cause: Cause | None = None,
        available: tuple[str, ...] = (),
    ) -> Finding:
        """A finding about this system; the text follows its title."""
        if severity is Severity.FAILED and not self.required:
            severity = Severity.DEGRADED
        return Finding(
            service=self.service,
            question=question,
            severity=severity,
            summary=stack_text.plain(f"{self.system.title} {text}", LONGEST),
            cause=cause,
            remedy=remedies.remedy(cause, self.names, available) if cause else "",
        )


class CheckContext(msgspec.Struct, frozen=True):
    """What an inspection or a canary is given.

    Attributes:
        subject: the system that it is about.
        services: those that answered their read, by catalog type, and `identity`.
        request: what is verified, and how.
        deadline: when the answer must be there; what was written must be removed before.
        memory: what checks remember of the verification before.
    """

    subject: Subject
    services: Mapping[str, Service]
    request: Request
    deadline: http.Deadline
    memory: CheckMemory = msgspec.field(default_factory=CheckMemory)

    @property
    def service(self) -> Service:
        """The system's own API."""
        return self.services[self.subject.service]

    @property
    def patience(self) -> http.Deadline:
        """Until when to wait for a canary: what was made must be removed in time."""
        kept = min(LONGEST_RESERVE, RESERVE * self.request.thresholds.canary_timeout)
        return http.Deadline(self.deadline.at - kept)


class CheckResult(msgspec.Struct, frozen=True):
    """The answer of an inspection or a canary.

    Attributes:
        severity: `FAILED` becomes a degradation where the system is not required.
        text: follows the title of the system, without a full stop.
        remedy: what to type; empty: what is usual for the cause.
        figures: numbers for the report, such as `{"metric.backlog": 12}`.
        memory: what the next verification needs to know; None: what was remembered stays.
        seconds: how long a canary took that came back.
    """

    severity: Severity
    text: str
    cause: Cause | None = None
    remedy: str = ""
    figures: Mapping[str, float] = {}
    memory: Memory | None = None
    seconds: float | None = None


Inspection: TypeAlias = Callable[[CheckContext], CheckResult]
"""Asks one question beyond the read. An inspection only reads; a canary writes something of the
coordinator's own, looks for it on the other side of the service, and removes it."""


class Check:
    """How one system is asked. This one asks nothing: for systems that nobody knows to read.

    Attributes:
        name: what a blueprint calls it.
    """

    name: ClassVar[str] = ""

    def read(self, service: Service) -> Reading | None:
        """Ask one question that proves that the service works; None: there is none to ask."""
        del service
        return None

    @property
    def inspections(self) -> Mapping[str, Inspection]:
        """Further questions that only read, by the names of their findings."""
        return {}

    @property
    def canary(self) -> Inspection | None:
        """Sends a canary; None: the system gets none."""
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


def optional(answer: Json, key: str) -> Any:
    """One field of a JSON object; an empty text where there is none."""
    return answer.get(key) or "" if isinstance(answer, Mapping) else ""


def length(answer: Json, key: str) -> int | None:
    """How many items the list in one field has; None where there is no list."""
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
