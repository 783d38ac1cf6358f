"""The ends of certificates: those of the endpoints, and those of the CAs above them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import msgspec

from coordinator.checks.base import Subject
from coordinator.openstack import certificates, errors
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.request import Limits, Request


def judge(subject: Subject, url: str, left: datetime.timedelta, limits: Limits) -> Finding:
    """The finding about the certificate of an endpoint, which is good for some time."""
    where = errors.shown(url)
    if left.days >= limits.warn:
        text = f"has a certificate for {left.days} more days at {where}"
        return subject.finding("certificate", Severity.OK, text)
    severity = Severity.FAILED if left.days < limits.fail else Severity.DEGRADED
    text = f"'s certificate ends in {_days(left.days)} at {where}"
    return subject.finding("certificate", severity, text, Cause.TLS_ENDS)


class Authority(msgspec.Struct, frozen=True):
    """A CA certificate that the coordinator holds.

    Attributes:
        source: the unit, application or option that gave it.
        left: how long it is still good; negative: it has ended.
        coordinator: name of the coordinator's own application.
    """

    source: str
    left: datetime.timedelta
    coordinator: str

    @property
    def has_ended(self) -> bool:
        """True if nothing that it signed is trusted any more."""
        return self.left < datetime.timedelta()

    @property
    def remedy(self) -> str:
        """The command for a new one: a CA is not renewed by reissuing what it signed."""
        application = _application(self.source)
        if application == "option":
            return f"renew that CA, then juju config {self.coordinator} ssl-ca"
        if "vault" not in application:
            return f"renew the CA of {application}: juju status {application}"
        leader = f"juju run {application}/leader"
        return f"{leader} disable-pki && {leader} generate-root-ca"

    def judge(self, limits: Limits, *, is_used: bool) -> Finding | None:
        """The finding about one that ends soon, or has ended; None where it is good for long.

        It is used where an address is asked with TLS; one that has ended, where that fails for it.
        """
        if self.left.days >= limits.warn:
            return None
        text, cause = f"ends in {_days(self.left.days)}", Cause.TLS_ENDS
        if self.has_ended:
            text, cause = f"ended {_days(-self.left.days)} ago", Cause.TLS_EXPIRED
        failed = is_used and self.left.days < limits.fail
        severity = Severity.FAILED if failed else Severity.DEGRADED
        return _about_ca(self.source, severity, text, cause, self.remedy)


def authorities(request: Request, now: datetime.datetime) -> list[Authority]:
    """The CA certificates that can be read, the first to end first."""
    ends = {source: certificates.validity_of(pem) for source, pem in request.certificates.items()}
    found = [
        Authority(source, end - now, request.coordinator) for source, end in ends.items() if end
    ]
    return sorted(found, key=lambda one: one.left)


def judge_authorities(
    request: Request, readable: Sequence[Authority], told: Sequence[Finding]
) -> list[Finding]:
    """Findings about CA certificates that cannot be read, have ended, or end soon.

    A CA that has ended is not used any more where nothing that was told of the services fails for
    it.
    """
    found: list[Finding] = []
    for source, text in request.certificates.items():
        if fault := certificates.fault_of(text):
            said, remedy = f"is not used: {fault}", f"juju status {_application(source)}"
            cause = Cause.BAD_CERTIFICATE
            found.append(_about_ca(source, Severity.DEGRADED, said, cause, remedy))
    asks_tls = any(one.auth_url.startswith("https:") for one in request.credentials)
    fails = any(f.cause is Cause.TLS_EXPIRED and f.severity is Severity.FAILED for f in told)
    for one in readable:
        finding = one.judge(request.expiry, is_used=fails if one.has_ended else asks_tls)
        found += [finding] if finding else []
    return found


def blame(finding: Finding, authority: Authority | None) -> Finding:
    """The finding about an expired certificate, with the CA above it where that has ended."""
    if authority is None or finding.cause is not Cause.TLS_EXPIRED:
        return finding
    text = f"{finding.summary}: the CA certificate from {authority.source} has ended"
    return msgspec.structs.replace(finding, summary=text, remedy=authority.remedy)


def _days(number: int) -> str:
    return f"{number} {'day' if number == 1 else 'days'}"


def _about_ca(source: str, severity: Severity, text: str, cause: Cause, remedy: str) -> Finding:
    summary = f"the CA certificate from {source} {text}"
    return Finding("trust", "certificates", severity, summary, cause, remedy)


def _application(source: str) -> str:
    """The application in a source such as `vault/0` or `vault-k8s (unreadable)`."""
    return source.split(maxsplit=1)[0].partition("/")[0]
