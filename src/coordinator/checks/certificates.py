"""How long certificates are still good: those of the endpoints, and the CAs' above them. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

import msgspec

from coordinator.openstack import certificates, errors
from coordinator.report import remedies
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.request import Limits


def judge(
    title: str,
    names: remedies.Names,
    *,
    url: str,
    left: datetime.timedelta,
    limits: Limits,
    required: bool,
) -> Finding:
    """Whether a certificate ends soon.

    Args:
        title: name of the system for people.
        names: application names for remedies.
        url: where the certificate was seen.
        left: how long it is still good.
        limits: what is soon.
        required: whether faults of the system are failures.
    """
    where = errors.shown(url)
    if left.days >= limits.warn:
        text = f"{title} has a certificate for {left.days} more days at {where}"
        return Finding(names.service, "certificate", Severity.OK, text)
    failed = left.days < limits.fail and required
    return Finding(
        service=names.service,
        question="certificate",
        severity=Severity.FAILED if failed else Severity.DEGRADED,
        summary=f"{title}'s certificate ends in {left.days} days at {where}",
        cause=Cause.TLS_ENDS,
        remedy=remedies.remedy(Cause.TLS_ENDS, names),
    )


class Authority(msgspec.Struct, frozen=True):
    """A CA certificate that the coordinator holds.

    Attributes:
        source: who gave it: a unit, an application or an option.
        left: how long it is still good; negative: it has ended.
        coordinator: name of the coordinator's own application.
    """

    source: str
    left: datetime.timedelta
    coordinator: str

    @property
    def has_ended(self) -> bool:
        """Whether nothing that it signed is trusted any more."""
        return self.left < datetime.timedelta()

    @property
    def remedy(self) -> str:
        """What to type: a CA cannot renew itself by reissuing what it signed."""
        application = self.source.split()[0].partition("/")[0]
        if application == "option":
            return f"renew that CA, then juju config {self.coordinator} ssl-ca"
        if "vault" not in application:
            return f"renew the CA of {application}: juju status {application}"
        leader = f"juju run {application}/leader"
        return f"{leader} disable-pki && {leader} generate-root-ca"

    def judge(self, limits: Limits, *, is_used: bool) -> Finding | None:
        """Whether it ends soon, or has; None where it is good for long.

        Args:
            limits: what is soon.
            is_used: whether any address is asked with TLS; of one that has ended, whether that
                fails for it.
        """
        if self.left.days >= limits.warn:
            return None
        ended = f"ended {-self.left.days} days ago"
        text = ended if self.has_ended else f"ends in {self.left.days} days"
        failed = is_used and self.left.days < limits.fail
        return Finding(
            service="trust",
            question="certificates",
            severity=Severity.FAILED if failed else Severity.DEGRADED,
            summary=f"the CA certificate from {self.source} {text}",
            cause=Cause.TLS_EXPIRED if self.has_ended else Cause.TLS_ENDS,
            remedy=self.remedy,
        )


def authorities(
    held: Mapping[str, str], now: datetime.datetime, coordinator: str
) -> tuple[Authority, ...]:
    """The CA certificates that can be read, the first to end first.

    Args:
        held: PEM texts by their source.
        now: in UTC.
        coordinator: name of the coordinator's own application.
    """
    ends = {source: certificates.validity_of(pem) for source, pem in held.items()}
    found = [Authority(source, end - now, coordinator) for source, end in ends.items() if end]
    return tuple(sorted(found, key=lambda one: one.left))


def blame(finding: Finding, authority: Authority | None) -> Finding:
    """The finding about an expired certificate, with the CA above it where that has ended."""
    if authority is None or finding.cause is not Cause.TLS_EXPIRED:
        return finding
    text = f"{finding.summary}: the CA certificate from {authority.source} has ended"
    return msgspec.structs.replace(finding, summary=text, remedy=authority.remedy)
