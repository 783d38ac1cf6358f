"""The steps that every system is asked in: catalog, endpoint with its versions, one real read."""

from __future__ import annotations

import time
from collections.abc import Callable

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
    """All that is known of a system so far.

    Attributes:
        url: its endpoint, empty when the catalog has none.
        reading: what the read brought, None when it did not come to that.
        seconds: how long it took to answer all of it, None when it did not.
    """

    subject: Subject
    findings: tuple[Finding, ...]
    url: str = ""
    reading: Reading | None = None
    seconds: float | None = None

    def joined(self, *findings: Finding) -> ServiceAnswer:
        """The same with more findings."""
        return msgspec.structs.replace(self, findings=(*self.findings, *findings))


def look_up(
    subject: Subject, entries: tuple[catalog.Entry, ...], interface: str, region: str
) -> ServiceAnswer:
    """Look for a system in the catalog; no network."""
    entry = subject.entry
    place = catalog.locate(entries, entry.type, entry.name, interface, region)
    if isinstance(place, catalog.Located):
        finding = subject.finding("catalog", Severity.OK, "is in the service catalog")
        if place.oddity_cause:
            finding = subject.finding(
                "catalog", Severity.DEGRADED, place.oddity, place.oddity_cause
            )
        return ServiceAnswer(subject, (finding,), place.url)
    if place.cause is Cause.NOT_IN_CATALOG and not subject.required:
        finding = subject.finding("catalog", Severity.SKIPPED, place.text)
    else:
        finding = subject.finding(
            "catalog", Severity.FAILED, place.text, place.cause, available=place.available
        )
    return ServiceAnswer(subject, (finding,))


def ask(
    found: ServiceAnswer,
    cloud: Cloud,
    deadline: http.Deadline,
    *,
    fewer_rights: bool = False,
    authority: Authority | None = None,
) -> ServiceAnswer:
    """Ask a system which versions it offers, and for one authenticated read, side by side.

    Args:
        found: the system as the catalog has it.
        cloud: with a token.
        deadline: when both must be answered.
        fewer_rights: a read that is forbidden is no fault.
        authority: a CA that has ended; a certificate that it signed cannot be trusted any more.
    """
    subject, service = found.subject, Service(cloud, found.url)
    check = registry.check_of(subject.system.check)

    def attempt(question: str, job: Callable[[], Reading | None]) -> Reading | Finding | None:
        try:
            return job()
        except Exception as error:  # noqa: BLE001 - whatever happens to one service is its finding
            fault = errors.explain(error, found.url)
            # the endpoint is asked without a token, so there the user's rights are not the point
            expected = fewer_rights and question == "read" and fault.cause is Cause.FORBIDDEN
            severity = Severity.SKIPPED if expected else Severity.FAILED
            finding = subject.finding(question, severity, fault.text, fault.cause)
            return certificates.blame(finding, authority)

    began = time.monotonic()
    jobs: dict[str, Callable[[], Reading | Finding | None]] = {
        "endpoint": lambda: attempt("endpoint", lambda: _discover(subject, service)),
        "read": lambda: attempt("read", lambda: check.read(service)),
    }
    answers = gather(jobs, deadline)
    if len(answers) < len(jobs):
        return timed_out(found)
    discovered, read = answers["endpoint"], answers["read"]
    if isinstance(discovered, Finding):
        return found.joined(discovered)
    answered = found.joined(
        subject.finding("endpoint", Severity.OK, f"answers at {errors.shown(found.url)}")
    )
    if isinstance(read, Finding):
        return answered.joined(read)
    seconds = time.monotonic() - began
    if read is None:
        return msgspec.structs.replace(answered, seconds=seconds)
    answered = answered.joined(subject.finding("read", Severity.OK, read.summary))
    build = plain(str(base.optional(service.describe(), "build")), limit=40)
    reading = msgspec.structs.replace(read, build=build)
    return msgspec.structs.replace(answered, reading=reading, seconds=seconds)


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


def timed_out(found: ServiceAnswer) -> ServiceAnswer:
    """The answer of a system that was still busy when the budget of time was spent."""
    text = f"did not answer in time at {errors.shown(found.url)}"
    subject = found.subject
    return found.joined(subject.finding("endpoint", Severity.FAILED, text, Cause.TIMEOUT))
