"""The steps that every system is asked in: catalog, endpoint with its versions, one real read."""

from __future__ import annotations

import dataclasses
import time
from typing import Any, Protocol, cast

from coordinator import text as stack_text
from coordinator.blueprint import systems
from coordinator.checks import registry
from coordinator.checks.reading import Reading
from coordinator.openstack import catalog, errors
from coordinator.openstack.client import Cloud, Service
from coordinator.report import remedies
from coordinator.report.finding import Cause, Finding, Severity

LONGEST = 1000
"""Characters of a summary."""


class Check(Protocol):
    """What a module of this package offers."""

    def read(self, service: Service) -> Reading:
        """Ask the service one question that proves that it works."""
        ...


@dataclasses.dataclass(frozen=True)
class Subject:
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
    names: remedies.Subject

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


@dataclasses.dataclass(frozen=True)
class Answer:
    """All that a system told.

    Attributes:
        url: its endpoint, empty when the catalog has none.
        reading: what the read brought, None when it did not come to that.
        seconds: how long it took to answer all of it, None when it did not.
    """

    findings: tuple[Finding, ...]
    url: str = ""
    reading: Reading | None = None
    seconds: float | None = None


def look_up(subject: Subject, entries: tuple[catalog.Entry, ...]) -> Answer:
    """Ask the catalog where the system is; no network."""
    entry = subject.entry
    place = catalog.locate(entries, entry.type, entry.name, subject.interface, subject.region)
    if isinstance(place, catalog.Missing):
        return Answer((_missing(subject, place),))
    if place.doubt_cause:
        finding = subject.finding("catalog", Severity.DEGRADED, place.doubt, place.doubt_cause)
    else:
        finding = subject.finding("catalog", Severity.OK, "is in the service catalog")
    return Answer((finding,), place.url)


def _missing(subject: Subject, place: catalog.Missing) -> Finding:
    if place.cause is Cause.NOT_IN_CATALOG and not subject.required:
        return subject.finding("catalog", Severity.SKIPPED, place.text)
    return subject.finding("catalog", Severity.FAILED, place.text, place.cause, place.available)


def ask(subject: Subject, cloud: Cloud, url: str) -> Answer:
    """Ask the system itself: which versions it offers, then one authenticated read.

    Nobody knows what to read from a system whose blueprint names no check.
    """
    service, began = Service(cloud, url), time.monotonic()
    try:
        endpoint = _discover(subject, service)
    except Exception as error:  # noqa: BLE001 - whatever happens to one service is its finding
        return Answer((_failed(subject, "endpoint", error, url),), url)
    if not subject.system.check:
        return Answer((endpoint,), url, seconds=time.monotonic() - began)
    try:
        reading = cast("Check", module_of(subject.system)).read(service)
    except Exception as error:  # noqa: BLE001 - whatever happens to one service is its finding
        return Answer((endpoint, _failed(subject, "read", error, url)), url)
    read = subject.finding("read", Severity.OK, reading.summary)
    return Answer((endpoint, read), url, reading, time.monotonic() - began)


def module_of(system: systems.System) -> Any:
    """The module of this package that asks a system."""
    return registry.module_of(system.check)


def _discover(subject: Subject, service: Service) -> Finding:
    offered = service.versions()
    api = subject.entry.api
    if not any(version.startswith(api) for version in offered):
        wanted = f"API {api}" if api else "API"
        text = f"offers no {wanted} at {errors.shown(service.url)}"
        raise errors.UnusableAnswerError(Cause.UNEXPECTED, text)
    text = f"answers at {errors.shown(service.url)}"
    return subject.finding("endpoint", Severity.OK, text)


def _failed(subject: Subject, question: str, error: BaseException, url: str) -> Finding:
    fault = errors.explain(error, url)
    # the endpoint is asked without a token, so there the rights of the user are not the point
    if fault.cause is Cause.FORBIDDEN and question == "read":
        return subject.finding(question, Severity.SKIPPED, fault.text, fault.cause)
    return subject.finding(question, Severity.FAILED, fault.text, fault.cause)


def timed_out(subject: Subject, url: str) -> Answer:
    """The answer of a system that was still busy when the budget of time was spent."""
    text = f"did not answer in time at {errors.shown(url)}"
    return Answer((subject.finding("endpoint", Severity.FAILED, text, Cause.TIMEOUT),), url)
