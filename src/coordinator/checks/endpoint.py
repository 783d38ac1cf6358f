"""The steps that every system is asked in: catalog, endpoint with its versions, one real read."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import msgspec

from coordinator.checks import base, certificates, registry
from coordinator.checks.base import Reading, Subject
from coordinator.checks.certificates import Authority
from coordinator.checks.parallel import gather
from coordinator.openstack import catalog, errors, http
from coordinator.openstack.client import Cloud, Service
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.text import plain


class ServiceAnswer(msgspec.Struct, frozen=True):
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


def look_up(subject: Subject, entries: tuple[catalog.Entry, ...]) -> ServiceAnswer:
    """Ask the catalog where the system is; no network."""
    entry = subject.entry
    place = catalog.locate(entries, entry.type, entry.name, subject.interface, subject.region)
    if isinstance(place, catalog.Missing):
        return ServiceAnswer((_missing(subject, place),))
    if place.oddity_cause:
        finding = subject.finding("catalog", Severity.DEGRADED, place.oddity, place.oddity_cause)
    else:
        finding = subject.finding("catalog", Severity.OK, "is in the service catalog")
    return ServiceAnswer((finding,), place.url)


def _missing(subject: Subject, place: catalog.Missing) -> Finding:
    if place.cause is Cause.NOT_IN_CATALOG and not subject.required:
        return subject.finding("catalog", Severity.SKIPPED, place.text)
    return subject.finding("catalog", Severity.FAILED, place.text, place.cause, place.available)


def ask(
    subject: Subject,
    cloud: Cloud,
    url: str,
    deadline: http.Deadline,
    *,
    fewer_rights: bool = False,
    authority: Authority | None = None,
) -> ServiceAnswer:
    """Ask the system itself: which versions it offers, and one authenticated read, side by side.

    Args:
        subject: the system.
        cloud: with a token.
        url: the system's endpoint.
        deadline: when both must be answered.
        fewer_rights: whether a read that is forbidden is no fault.
        authority: a CA that has ended; a certificate that it signed cannot be trusted any more.
    """

    def fail(question: str, error: Exception) -> Finding:
        fault = errors.explain(error, url)
        severity = Severity.FAILED
        # the endpoint is asked without a token, so there the rights of the user are not the point
        if fault.cause is Cause.FORBIDDEN and question == "read" and fewer_rights:
            severity = Severity.SKIPPED
        found = subject.finding(question, severity, fault.text, fault.cause)
        return certificates.blame(found, authority)

    service, began = Service(cloud, url), time.monotonic()
    check = registry.check_of(subject.system.check)
    jobs: dict[str, Callable[[], Reading | None]] = {
        "endpoint": lambda: _discover(subject, service),
        "read": lambda: check.read(service),
    }
    answers = gather({name: _caught(job) for name, job in jobs.items()}, deadline)
    if len(answers) < len(jobs):
        return timed_out(subject, url)
    discovered, read = answers["endpoint"], answers["read"]
    if isinstance(discovered, Exception):
        return ServiceAnswer((fail("endpoint", discovered),), url)
    endpoint = subject.finding("endpoint", Severity.OK, f"answers at {errors.shown(url)}")
    if isinstance(read, Exception):
        return ServiceAnswer((endpoint, fail("read", read)), url)
    seconds = time.monotonic() - began
    if read is None:
        return ServiceAnswer((endpoint,), url, seconds=seconds)
    reading = msgspec.structs.replace(read, build=_build_of(service))
    done = subject.finding("read", Severity.OK, reading.summary)
    return ServiceAnswer((endpoint, done), url, reading, seconds)


_Value = TypeVar("_Value")


def _caught(job: Callable[[], _Value]) -> Callable[[], _Value | Exception]:
    def run() -> _Value | Exception:
        try:
            return job()
        except Exception as error:  # noqa: BLE001 - whatever happens to one service is its finding
            return error

    return run


def _discover(subject: Subject, service: Service) -> None:
    """Ask for the versions of the API.

    Raises:
        UnusableAnswerError, or anything of the HTTP stack: the one that is needed is not offered.
    """
    api = subject.entry.api
    if not any(version.startswith(api) for version in service.versions()):
        wanted = f"API {api}" if api else "API"
        text = f"offers no {wanted} at {errors.shown(service.url)}"
        raise errors.UnusableAnswerError(Cause.UNEXPECTED, text)


def _build_of(service: Service) -> str:
    """The version of the software, where the service tells it beside those of its API."""
    return plain(str(base.optional(service.describe(), "build")), limit=40)


def timed_out(subject: Subject, url: str) -> ServiceAnswer:
    """The answer of a system that was still busy when the budget of time was spent."""
    text = f"did not answer in time at {errors.shown(url)}"
    return ServiceAnswer((subject.finding("endpoint", Severity.FAILED, text, Cause.TIMEOUT),), url)
