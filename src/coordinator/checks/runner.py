"""One verification of the whole stack: every check side by side, inside one budget of time."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Mapping, Sequence

import msgspec

from coordinator.blueprint import resource_types
from coordinator.checks import canary_schedule, clocks, deep, endpoint
from coordinator.checks import ceilometer as checks_ceilometer
from coordinator.checks import certificates as checks_certificates
from coordinator.checks import keystone as checks_keystone
from coordinator.checks.base import Subject
from coordinator.checks.memory import NOTHING, CheckMemory
from coordinator.checks.parallel import side_by_side
from coordinator.openstack import certificates as openstack_certificates
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

_OWN = {checks_keystone.SERVICE: "keystone", checks_ceilometer.SERVICE: "ceilometer"}
"""Systems that are asked, and looked up elsewhere than in the service catalog."""

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
    held = checks_certificates.authorities(request.certificates, _now(), request.coordinator)
    ended = next((one for one in held if one.has_ended), None)
    with http.Transport(request.trusted, request.proxies) as transport:
        admission = _enter(request, transport)
        entered = time.monotonic() - began
        found = checks_certificates.blame(admission.finding, ended)
        admission = msgspec.structs.replace(admission, finding=found)
        progress(found.line)
        if admission.cloud is None or admission.credentials is None:
            findings = (
                found,
                *_unusable_certificates(request, held, [found]),
                *_not_asked(request),
            )
            report = Report(_now(), request.interface, request.region, findings)
            report = _measured(report, began, {})
            _, memory = canary_schedule.kept(report, memory, (), request.required)
            return Verification(report, None, memory)
        region = request.region or next(iter(admission.credentials.regions), "")
        share = READ_SHARE if request.depth.reads else 1.0
        patience = http.Deadline.after(deadline.left * share)
        cloud = admission.cloud.until(deadline)
        answers = _ask_all(request, cloud, region, patience, progress, ended=ended)
        met = _met(request, region, admission.credentials, answers)
        asides = _expiries(request, transport.ends, met)
        if request.depth.reads:
            asides = (*asides, *_clocks(transport.clocks, met))
        told = [found, *(f for answer in answers.values() for f in answer.findings)]
        findings = (found, *_unusable_certificates(request, held, told), *asides)
        types = _types(answers)
        needed = release() if types is not None else ""
        comparison = None if types is None else resource_types.compare(types, needed)
        report = _report(request, region, findings, answers, comparison)
        if request.depth.reads:
            places = _places(request, region, report, admission.credentials, answers)
            asking = deep.Asking(request, memory, cloud, places, progress, announce)
            report, memory = asking.deepen(report, deadline)
        took = {type_: answer.seconds for type_, answer in answers.items()}
        measured = {
            **_seconds({checks_keystone.SERVICE: entered, **took}),
            **_ends(transport.ends, met),
        }
    report = _measured(report, began, measured)
    return Verification(report, admission.credentials, memory, comparison, needed)


def _measured(report: Report, began: float, numbers: Mapping[str, float]) -> Report:
    """The report with what was measured on the way, and how long all of it took."""
    took = {figures.VERIFICATION_SECONDS: round(time.monotonic() - began, 3)}
    return msgspec.structs.replace(report, figures={**report.figures, **numbers, **took})


def _seconds(taken: Mapping[str, float | None]) -> dict[str, float]:
    """How long services took to answer, of those that did."""
    return {
        f"{figures.ENDPOINT_SECONDS}{service}": round(seconds, 3)
        for service, seconds in taken.items()
        if seconds is not None
    }


def _ends(ends: http.Ends, met: Sequence[tuple[Subject, str]]) -> dict[str, float]:
    """When the certificates that were met end."""
    return {
        f"{figures.CERTIFICATE_ENDS}{one.service}": end.timestamp()
        for one, url in met
        if url.startswith("https:") and (end := ends.get(urls.origin(url)))
    }


def _types(answers: Mapping[str, endpoint.ServiceAnswer]) -> resource_types.Types | None:
    """Gnocchi's resource types; None where they could not be read."""
    metric = answers.get("metric")
    return metric.reading.resource_types if metric and metric.reading else None


def _places(
    request: Request,
    region: str,
    report: Report,
    credentials: Credentials,
    answers: Mapping[str, endpoint.ServiceAnswer],
) -> list[tuple[Subject, str]]:
    """The systems that answered well, with their addresses, in the order of reports.

    Ceilometer has no API of its own: it is looked for in Gnocchi.
    """
    places = [(_subject(request, checks_keystone.SERVICE, region), credentials.auth_url)]
    proven = [type_ for type_ in request.services if report.answers(type_)]
    places += [(_subject(request, type_, region), answers[type_].url) for type_ in proven]
    if report.answers("metric"):
        places.append((_subject(request, checks_ceilometer.SERVICE, region), ""))
    return places


def _enter(request: Request, transport: http.Transport) -> checks_keystone.Admission:
    """Get a token; a keystone that drips its answer is given up like one that hangs."""
    names = _names(request, checks_keystone.SERVICE, "keystone")
    patience = http.Deadline.after(request.timeout * KEYSTONE_SHARE)

    def enter() -> checks_keystone.Admission:
        return checks_keystone.enter(request.credentials, transport, patience, names)

    for _, admission in side_by_side({checks_keystone.SERVICE: enter}, patience):
        return admission
    where = errors.shown(request.credentials[0].auth_url)
    return checks_keystone.Admission(
        checks_keystone.refused(
            errors.ApiFault(Cause.TIMEOUT, f"did not answer in time at {where}"), names
        )
    )


def _ask_all(
    request: Request,
    cloud: Cloud,
    region: str,
    deadline: http.Deadline,
    progress: Progress,
    *,
    ended: checks_certificates.Authority | None,
) -> dict[str, endpoint.ServiceAnswer]:
    """Look every service up in the catalog and ask those that are there, side by side."""
    subjects = {type_: _subject(request, type_, region) for type_ in request.services}
    answers = {
        type_: endpoint.look_up(subject, cloud.entries) for type_, subject in subjects.items()
    }
    jobs: dict[str, Callable[[], endpoint.ServiceAnswer]] = {}
    for type_, answer in answers.items():
        if answer.url:
            jobs[type_] = _asking(
                request, subjects[type_], cloud, answer.url, deadline, ended=ended
            )
        else:
            progress(answer.findings[-1].line)
    asked = dict(jobs)
    for type_, answer in side_by_side(jobs, deadline):
        del asked[type_]
        progress(answer.findings[-1].line)
        answers[type_] = _joined(answers[type_], answer)
    for type_ in asked:
        late = endpoint.timed_out(subjects[type_], answers[type_].url)
        progress(late.findings[-1].line)
        answers[type_] = _joined(answers[type_], late)
    return answers


def _joined(
    looked_up: endpoint.ServiceAnswer, asked: endpoint.ServiceAnswer
) -> endpoint.ServiceAnswer:
    return msgspec.structs.replace(asked, findings=(*looked_up.findings, *asked.findings))


def _asking(
    request: Request,
    subject: Subject,
    cloud: Cloud,
    url: str,
    deadline: http.Deadline,
    *,
    ended: checks_certificates.Authority | None,
) -> Callable[[], endpoint.ServiceAnswer]:
    return lambda: endpoint.ask(
        subject,
        cloud,
        url,
        deadline,
        fewer_rights=request.fewer_rights,
        authority=ended,
    )


def _report(
    request: Request,
    region: str,
    findings: tuple[Finding, ...],
    answers: Mapping[str, endpoint.ServiceAnswer],
    comparison: resource_types.Comparison | None,
) -> Report:
    types = _types(answers)
    about_services = tuple(f for answer in answers.values() for f in answer.findings)
    return Report(
        taken_at=_now(),
        interface=request.interface,
        region=region,
        findings=(*findings, *about_services),
        endpoints={t: errors.shown(answer.url) for t, answer in answers.items() if answer.url},
        builds={t: a.reading.build for t, a in answers.items() if a.reading and a.reading.build},
        resource_types=None if types is None else frozenset(types),
        behind=comparison.behind if comparison else (),
    )


def _met(
    request: Request,
    region: str,
    credentials: Credentials,
    answers: Mapping[str, endpoint.ServiceAnswer],
) -> list[tuple[Subject, str]]:
    """The systems that were asked at an address of their own, Keystone first."""
    places = {checks_keystone.SERVICE: credentials.auth_url}
    places |= {type_: answer.url for type_, answer in answers.items() if answer.url}
    return [(_subject(request, service, region), url) for service, url in places.items()]


def _expiries(
    request: Request, ends: http.Ends, met: Sequence[tuple[Subject, str]]
) -> tuple[Finding, ...]:
    """How long the certificates that were met are still good."""
    return tuple(
        checks_certificates.judge(
            one.system.title,
            one.names,
            url=url,
            left=ends[urls.origin(url)] - _now(),
            limits=request.expiry,
            required=one.required,
        )
        for one, url in met
        if url.startswith("https:") and urls.origin(url) in ends
    )


def _clocks(known: http.Clocks, met: Sequence[tuple[Subject, str]]) -> tuple[Finding, ...]:
    """Whether the clocks of the hosts that answered agree with this unit's."""
    return clocks.judge(
        [
            clocks.HostClock(one.system.title, one.names, url, known[urls.origin(url)])
            for one, url in met
            if urls.origin(url) in known
        ]
    )


def _not_asked(request: Request) -> tuple[Finding, ...]:
    """What could not be asked without a token: consequences, not faults of their own."""
    systems = request.blueprint.services
    return tuple(
        Finding(
            service=type_,
            question="catalog",
            severity=Severity.SKIPPED,
            summary=f"{systems[type_].title} not checked: no Keystone token",
            cause=Cause.NOT_ASKED,
        )
        for type_ in request.services
    )


def _subject(request: Request, service: str, region: str) -> Subject:
    """A system that is asked: one of the service catalog, Keystone or Ceilometer."""
    key, required = _OWN.get(service), service in request.required
    if key:
        required = service == checks_keystone.SERVICE or "metric" in request.required
    system = request.blueprint.systems[key] if key else request.blueprint.services[service]
    return Subject(
        service=service,
        system=system,
        required=required,
        interface=request.interface,
        region=region,
        names=_names(request, service, system.charm),
    )


def _names(request: Request, service: str, charm: str) -> remedies.Names:
    return remedies.Names(
        service=service,
        application=request.applications.get(service, charm),
        keystone=request.applications.get(checks_keystone.SERVICE, "keystone"),
        coordinator=request.coordinator,
        authority=request.authority,
        grant=request.grant,
    )


def _unusable_certificates(
    request: Request, held: Sequence[checks_certificates.Authority], told: Sequence[Finding]
) -> tuple[Finding, ...]:
    """Findings about CA certificates that cannot be read, or have ended, or end soon.

    Args:
        request: with the certificates.
        held: those that can be read.
        told: what keystone and the services answered: where nothing fails for a CA that has
            ended, nobody uses it any more.
    """
    faults = {
        source: openstack_certificates.fault_of(text)
        for source, text in request.certificates.items()
    }
    unreadable = (
        Finding(
            service="trust",
            question="certificates",
            severity=Severity.DEGRADED,
            summary=f"the CA certificate from {source} is not used: {fault}",
            cause=Cause.BAD_CERTIFICATE,
            remedy=f"juju status {source.split()[0].partition('/')[0]}",
        )
        for source, fault in faults.items()
        if fault
    )
    is_used = any(one.auth_url.startswith("https:") for one in request.credentials)
    fails = any(f.cause is Cause.TLS_EXPIRED and f.severity is Severity.FAILED for f in told)
    ending = (
        one.judge(request.expiry, is_used=fails if one.has_ended else is_used) for one in held
    )
    return (*unreadable, *(finding for finding in ending if finding))


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
