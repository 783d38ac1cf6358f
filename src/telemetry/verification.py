"""One verification of the whole stack: every check side by side, inside one budget of time."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

from telemetry import (
    blueprint,
    clocks,
    deep,
    expiry,
    faults,
    pem,
    private,
    remedies,
    schema,
    transport,
)
from telemetry.checks import identity, probe, telemetry
from telemetry.cloud import Cloud, Route
from telemetry.credentials import Credentials
from telemetry.order import Order
from telemetry.report import Cause, Finding, Report, Severity
from telemetry.workers import side_by_side

KEYSTONE_SHARE = 0.75
"""Part of the time that keystone may take; else its slowness would be blamed on the services."""

READ_SHARE = 0.8
"""Part of the time after which deeper questions are put to the services that did answer."""

Progress = Callable[[str], None]
"""Receives one line for people whenever an answer has come."""


@dataclasses.dataclass(frozen=True)
class Verification:
    """The outcome of a verification.

    Attributes:
        credentials: those that keystone took, None when it took none.
    """

    report: Report
    credentials: Credentials | None

    def with_findings(self, findings: Iterable[Finding]) -> Verification:
        """The same with these findings in place of its own."""
        report = dataclasses.replace(self.report, findings=tuple(findings))
        return dataclasses.replace(self, report=report)


def verify(
    order: Order,
    progress: Progress = lambda _line: None,
    release: Callable[[], str] = lambda: "",
    announce: Progress = lambda _line: None,
) -> Verification:
    """Ask keystone and every ordered service, and report.

    It takes at most `order.timeout` seconds and a moment, and where canaries are sent the time
    that `order.thresholds` gives them, whatever the services do, and raises nothing that a service
    can cause.

    Args:
        order: what to verify, and how.
        progress: told a line for each answer.
        announce: told one line before canaries are sent, which takes long.
        release: tells the version of Ceilometer whose resource types are needed, empty when it is
            not known; asked when the answers are in.
    """
    deadline = transport.Deadline.after(order.timeout)
    doubts = _doubts(order)
    with _bundle(order.trusted) as verify_with:
        route = Route(verify_with, order.proxies, deadline)
        admission = _enter(order, route)
        progress(admission.finding.line)
        if admission.cloud is None or admission.credentials is None:
            findings = (admission.finding, *doubts, *_not_asked(order))
            report = Report(_now(), order.interface, order.region, findings)
            return Verification(report, None)
        region = order.region or next(iter(admission.credentials.regions), "")
        share = READ_SHARE if order.depth.reads else 1.0
        patience = transport.Deadline.after(deadline.left * share)
        answers = _ask_all(order, admission.cloud, region, patience, progress)
        met = _met(order, region, admission.credentials, answers)
        asides = _expiries(order, route.ends, met)
        if order.depth.reads:
            asides = (*asides, *_clocks(route.clocks, met))
        findings = (admission.finding, *doubts, *asides)
        report = _report(order, region, findings, answers, release)
        if order.depth.reads:
            places = _places(order, region, report, admission.credentials, answers)
            asking = deep.Asking(order, admission.cloud, places, progress, announce)
            report = asking.deepen(report, deadline)
    return Verification(report, admission.credentials)


def _places(
    order: Order,
    region: str,
    report: Report,
    credentials: Credentials,
    answers: Mapping[str, probe.Answer],
) -> list[tuple[probe.Subject, str]]:
    """The systems that answered well, with their addresses, in the order of reports.

    Ceilometer has no API of its own: it is looked for in Gnocchi.
    """
    keystone, ceilometer = (order.blueprint.systems[key] for key in ("keystone", "ceilometer"))
    places = [(_about(order, identity.SERVICE, keystone, region, True), credentials.auth_url)]
    proven = [type_ for type_ in order.services if report.answers(type_)]
    places += [(_subject(order, type_, region), answers[type_].url) for type_ in proven]
    if report.answers("metric"):
        places.append(
            (_about(order, telemetry.SERVICE, ceilometer, region, "metric" in order.required), "")
        )
    return places


def _enter(order: Order, route: Route) -> identity.Admission:
    """Get a token; a keystone that drips its answer is given up like one that hangs."""
    names = _names(order, identity.SERVICE, "keystone")
    patience = transport.Deadline.after(order.timeout * KEYSTONE_SHARE)

    def enter() -> identity.Admission:
        return identity.enter(order.credentials, route, patience, names)

    for _, admission in side_by_side({identity.SERVICE: enter}, patience):
        return admission
    where = faults.shown(order.credentials[0].auth_url)
    return identity.Admission(
        identity.refused(faults.Fault(Cause.TIMEOUT, f"did not answer in time at {where}"), names)
    )


def _ask_all(
    order: Order,
    cloud: Cloud,
    region: str,
    deadline: transport.Deadline,
    progress: Progress,
) -> dict[str, probe.Answer]:
    """Look every service up in the catalog and ask those that are there, side by side."""
    subjects = {type_: _subject(order, type_, region) for type_ in order.services}
    answers = {type_: probe.look_up(subject, cloud.entries) for type_, subject in subjects.items()}
    jobs: dict[str, Callable[[], probe.Answer]] = {}
    for type_, answer in answers.items():
        if answer.url:
            jobs[type_] = _asking(subjects[type_], cloud, answer.url)
        else:
            progress(answer.findings[-1].line)
    asked = dict(jobs)
    for type_, answer in side_by_side(jobs, deadline):
        del asked[type_]
        progress(answer.findings[-1].line)
        answers[type_] = _joined(answers[type_], answer)
    for type_ in asked:
        late = probe.timed_out(subjects[type_], answers[type_].url)
        progress(late.findings[-1].line)
        answers[type_] = _joined(answers[type_], late)
    return answers


def _joined(looked_up: probe.Answer, asked: probe.Answer) -> probe.Answer:
    return dataclasses.replace(asked, findings=(*looked_up.findings, *asked.findings))


def _asking(subject: probe.Subject, cloud: Cloud, url: str) -> Callable[[], probe.Answer]:
    return lambda: probe.ask(subject, cloud, url)


def _report(
    order: Order,
    region: str,
    findings: tuple[Finding, ...],
    answers: Mapping[str, probe.Answer],
    release: Callable[[], str],
) -> Report:
    metric = answers.get("metric")
    types = metric.reading.resource_types if metric and metric.reading else None
    about_services = tuple(f for answer in answers.values() for f in answer.findings)
    about_ceilometer: tuple[Finding, ...] = ()
    comparison = schema.Comparison()
    if types is not None:
        needed = release()
        comparison = schema.compare(types, needed)
        severity = Severity.FAILED if "metric" in order.required else Severity.DEGRADED
        about_ceilometer = telemetry.judge(comparison, needed, severity, order.upgrade_remedy)
    return Report(
        taken_at=_now(),
        interface=order.interface,
        region=region,
        findings=(*findings, *about_services, *about_ceilometer),
        endpoints={t: faults.shown(answer.url) for t, answer in answers.items() if answer.url},
        builds={t: a.reading.build for t, a in answers.items() if a.reading and a.reading.build},
        resource_types=None if types is None else frozenset(types),
        behind=comparison.behind,
    )


@dataclasses.dataclass(frozen=True)
class _Met:
    """A system that was asked at an address of its own."""

    title: str
    names: remedies.Subject
    url: str
    required: bool


def _met(
    order: Order,
    region: str,
    credentials: Credentials,
    answers: Mapping[str, probe.Answer],
) -> list[_Met]:
    """What was asked, Keystone first."""
    keystone = _names(order, identity.SERVICE, "keystone")
    met = [_Met("Keystone", keystone, credentials.auth_url, required=True)]
    for type_, answer in answers.items():
        subject = _subject(order, type_, region)
        if answer.url:
            met.append(
                _Met(subject.system.title, subject.names, answer.url, required=subject.required)
            )
    return met


def _expiries(order: Order, ends: transport.Ends, met: Sequence[_Met]) -> tuple[Finding, ...]:
    """How long the certificates that were met are still good."""
    return tuple(
        expiry.judge(
            one.title,
            one.names,
            url=one.url,
            left=ends[transport.origin(one.url)] - _now(),
            limits=order.expiry,
            required=one.required,
        )
        for one in met
        if one.url.startswith("https:") and transport.origin(one.url) in ends
    )


def _clocks(known: transport.Clocks, met: Sequence[_Met]) -> tuple[Finding, ...]:
    """Whether the clocks of the hosts that answered agree with this unit's."""
    return clocks.judge(
        [
            clocks.Seen(one.title, one.names, one.url, known[transport.origin(one.url)])
            for one in met
            if transport.origin(one.url) in known
        ]
    )


def _not_asked(order: Order) -> tuple[Finding, ...]:
    """What could not be asked without a token: consequences, not faults of their own."""
    systems = order.blueprint.services
    return tuple(
        Finding(
            service=type_,
            question="catalog",
            severity=Severity.SKIPPED,
            summary=f"{systems[type_].title} was not asked, for want of a token",
            cause=Cause.NOT_ASKED,
        )
        for type_ in order.services
    )


def _subject(order: Order, type_: str, region: str) -> probe.Subject:
    """A system of the service catalog."""
    return _about(order, type_, order.blueprint.services[type_], region, type_ in order.required)


def _about(
    order: Order, service: str, system: blueprint.System, region: str, required: bool
) -> probe.Subject:
    return probe.Subject(
        service=service,
        system=system,
        required=required,
        interface=order.interface,
        region=region,
        names=_names(order, service, system.charm),
    )


def _names(order: Order, service: str, charm: str) -> remedies.Subject:
    return remedies.Subject(
        service=service,
        application=order.applications.get(service, charm),
        keystone=order.applications.get(identity.SERVICE, "keystone"),
        coordinator=order.coordinator,
    )


def _doubts(order: Order) -> tuple[Finding, ...]:
    """Findings about certificates that cannot be read."""
    problems = {source: pem.problem_of(text) for source, text in order.certificates.items()}
    return tuple(
        Finding(
            service="trust",
            question="certificates",
            severity=Severity.DEGRADED,
            summary=f"the CA certificate from {source} is not used: {problem}",
            cause=Cause.BAD_CERTIFICATE,
            remedy=f"juju status {source.split()[0].partition('/')[0]}",
        )
        for source, problem in problems.items()
        if problem
    )


@contextlib.contextmanager
def _bundle(certificates: Sequence[str]) -> Generator[str | bool]:
    """A file with the system's certificates and these; removed afterwards.

    The HTTP library takes certificates from files only, and inside a virtual environment it does
    not know the system's store.
    """
    text = pem.bundle(certificates)
    if not text.strip():
        yield True
        return
    with private.folder() as folder:
        yield str(private.write(folder / "ca-bundle.pem", text))


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
