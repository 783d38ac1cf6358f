"""One verification of the whole stack: every check side by side, inside one budget of time."""

from __future__ import annotations

import datetime
import functools
import time
from collections.abc import Callable, Sequence

import msgspec

from coordinator.blueprint import resource_types
from coordinator.checks import canary_schedule, certificates, clocks, deep, endpoint
from coordinator.checks import ceilometer as checks_ceilometer
from coordinator.checks import keystone as checks_keystone
from coordinator.checks.base import Subject
from coordinator.checks.endpoint import ServiceAnswer
from coordinator.checks.memory import NOTHING, CheckMemory
from coordinator.checks.parallel import side_by_side
from coordinator.openstack import errors, http, urls
from coordinator.openstack.client import Cloud
from coordinator.openstack.credentials import Credentials
from coordinator.report import figures, remedies
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.report import Report
from coordinator.request import Request

KEYSTONE_SHARE = 0.75
"""Part of the time that keystone may take; else its slowness would be blamed on the services."""

READ_SHARE = 0.8
"""Part of the time after which deeper questions are put to the services that did answer."""

Progress = Callable[[str], None]
"""Receives one line for people whenever an answer has come."""


class Verification(msgspec.Struct, frozen=True):
    """The outcome of a verification.

    Attributes:
        report: the services' own findings.
        credentials: those that keystone took, None when it took none.
        memory: what the next verification needs to know of this one.
        comparison: Gnocchi's resource types against those that are needed; None: not known.
        release: version of Ceilometer that they are needed for; empty when it is not known.
    """

    report: Report
    credentials: Credentials | None
    memory: CheckMemory = NOTHING
    comparison: resource_types.Comparison | None = None
    release: str = ""


def verify(
    request: Request,
    memory: CheckMemory = NOTHING,
    progress: Progress = lambda _line: None,
    release: Callable[[], str] = lambda: "",
    announce: Progress = lambda _line: None,
) -> Verification:
    """Ask keystone and every requested service, and report.

    It takes at most `request.timeout` seconds and a moment, and where canaries are sent the time
    that `request.thresholds` gives them, whatever the services do, and raises nothing that a
    service can cause.

    Args:
        request: what to verify, and how.
        memory: what is remembered of the verification before.
        progress: told a line for each answer.
        announce: told one line before canaries are sent, which takes long.
        release: tells the version of Ceilometer whose resource types are needed, empty when it is
            not known; asked when the answers are in.
    """
    deadline, began = http.Deadline.after(request.timeout), time.monotonic()
    names = {**memory.names, **request.applications}
    request = msgspec.structs.replace(request, applications=names)
    authorities = certificates.authorities(request, _now())
    ended = next((one for one in authorities if one.has_ended), None)
    keystone = _subject(request, checks_keystone.SERVICE)
    patience = http.Deadline.after(request.timeout * KEYSTONE_SHARE)
    with http.Transport(request.trusted, request.proxies) as transport:
        outcome = checks_keystone.authenticate(request.credentials, transport, patience, keystone)
        seconds = time.monotonic() - began
        if isinstance(outcome, Finding):
            token = certificates.blame(outcome, ended)
            progress(token.line)
            about_cas = certificates.judge_authorities(request, authorities, [token])
            findings = (token, *about_cas, *_not_asked(request))
            report = Report(_now(), request.interface, request.region, findings)
            _, memory = canary_schedule.carry_over(report, memory, (), request.required)
            return Verification(_timed(report, began), None, memory)
        token, credentials = outcome.finding, outcome.credentials
        progress(token.line)
        region = request.region or next(iter(credentials.regions), "")
        cloud = outcome.cloud.until(deadline)
        share = READ_SHARE if request.depth.reads else 1.0
        patience = http.Deadline.after(deadline.left * share)
        services = _ask_services(request, cloud, region, patience, progress, ended=ended)
        identity = ServiceAnswer(keystone, (token,), credentials.auth_url, seconds=seconds)
        report = _report(request, region, transport, [identity, *services], authorities)
        needed, comparison = "", None
        readings = (one.reading for one in services if one.reading is not None)
        types = next((r.resource_types for r in readings if r.resource_types is not None), None)
        if types is not None:
            needed = release()
            comparison = resource_types.compare(types, needed)
            report = msgspec.structs.replace(
                report, resource_types=frozenset(types), behind=comparison.behind
            )
        if request.depth.reads:
            places = [(keystone, identity.url)]
            places += [(s.subject, s.url) for s in services if report.answers(s.subject.service)]
            if report.answers("metric"):
                # Ceilometer has no API of its own: it is looked for in Gnocchi
                places.append((_subject(request, checks_ceilometer.SERVICE), ""))
            asking = deep.Asking(request, memory, cloud, places, progress, announce)
            report, memory = asking.deepen(report, deadline)
    return Verification(_timed(report, began), credentials, memory, comparison, needed)


def _timed(report: Report, began: float) -> Report:
    took = {figures.VERIFICATION_SECONDS: round(time.monotonic() - began, 3)}
    return msgspec.structs.replace(report, figures={**report.figures, **took})


def _subject(request: Request, service: str) -> Subject:
    """A system that is asked: Keystone, Ceilometer, or one of the service catalog."""
    if service == checks_keystone.SERVICE:
        system, required = request.blueprint.systems["keystone"], True
    elif service == checks_ceilometer.SERVICE:
        system, required = request.blueprint.systems["ceilometer"], "metric" in request.required
    else:
        system, required = request.blueprint.services[service], service in request.required
    names = remedies.Names(
        service=service,
        application=request.applications.get(service, system.charm),
        keystone=request.applications.get(checks_keystone.SERVICE, "keystone"),
        coordinator=request.coordinator,
        authority=request.authority,
        grant=request.grant,
    )
    return Subject(system, required, names)


def _not_asked(request: Request) -> list[Finding]:
    """Findings about all services without a token: consequences, not faults of their own."""
    text = "not checked: no Keystone token"
    return [
        _subject(request, type_).finding("catalog", Severity.SKIPPED, text, Cause.NOT_ASKED)
        for type_ in request.services
    ]


def _ask_services(
    request: Request,
    cloud: Cloud,
    region: str,
    deadline: http.Deadline,
    progress: Progress,
    *,
    ended: certificates.Authority | None,
) -> list[ServiceAnswer]:
    """Look every service up in the catalog and ask those that are there, side by side."""
    answers: dict[str, ServiceAnswer] = {}
    jobs: dict[str, Callable[[], ServiceAnswer]] = {}
    fewer_rights = request.fewer_rights
    for type_ in request.services:
        subject = _subject(request, type_)
        found = endpoint.look_up(subject, cloud.entries, request.interface, region)
        answers[type_] = found
        if found.url:
            answers[type_] = endpoint.timed_out(found)
            jobs[type_] = functools.partial(
                endpoint.ask, found, cloud, deadline, fewer_rights=fewer_rights, authority=ended
            )
        else:
            progress(found.findings[-1].line)
    late = dict(jobs)
    for type_, answer in side_by_side(jobs, deadline):
        del late[type_]
        answers[type_] = answer
        progress(answer.findings[-1].line)
    for type_ in late:
        progress(answers[type_].findings[-1].line)
    return list(answers.values())


def _report(
    request: Request,
    region: str,
    transport: http.Transport,
    answers: Sequence[ServiceAnswer],
    authorities: Sequence[certificates.Authority],
) -> Report:
    """The report without deeper questions; of the answers, Keystone's is the first."""
    token, *told = (finding for answer in answers for finding in answer.findings)
    about_cas = certificates.judge_authorities(request, authorities, [token, *told])
    about_hosts: list[Finding] = []
    measured: dict[str, float] = {}
    seen: list[clocks.HostClock] = []
    for one in answers:
        service, origin = one.subject.service, urls.origin(one.url)
        if one.seconds is not None:
            measured[f"{figures.ENDPOINT_SECONDS}{service}"] = round(one.seconds, 3)
        if one.url.startswith("https:") and (end := transport.ends.get(origin)):
            left = end - _now()
            about_hosts.append(certificates.judge(one.subject, one.url, left, request.expiry))
            measured[f"{figures.CERTIFICATE_ENDS}{service}"] = end.timestamp()
        if one.url and (clock := transport.clocks.get(origin)):
            seen.append(clocks.HostClock(one.subject, one.url, clock))
    if request.depth.reads:
        about_hosts += clocks.judge(seen)
    services = {one.subject.service: one for one in answers[1:]}
    readings = {type_: one.reading for type_, one in services.items() if one.reading}
    return Report(
        taken_at=_now(),
        interface=request.interface,
        region=region,
        findings=(token, *about_cas, *about_hosts, *told),
        endpoints={type_: errors.shown(one.url) for type_, one in services.items() if one.url},
        builds={type_: reading.build for type_, reading in readings.items() if reading.build},
        figures=measured,
    )


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
