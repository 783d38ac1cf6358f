"""How long the certificates of the endpoints are still good. Pure."""

from __future__ import annotations

import datetime

from coordinator.openstack import errors
from coordinator.report import remedies
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.request import Limits


def judge(
    title: str,
    names: remedies.Subject,
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
