"""Keystone: a fresh token proves address, trust, credentials and database at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from coordinator.checks import base
from coordinator.checks.base import CheckContext, CheckResult, Inspection
from coordinator.openstack import errors, http
from coordinator.openstack.client import Cloud, connect
from coordinator.openstack.credentials import Credentials
from coordinator.report import remedies
from coordinator.report.finding import Cause, Finding, Severity

SERVICE = "identity"


class Admission(msgspec.Struct, frozen=True):
    """The outcome of asking keystone for a token.

    Attributes:
        cloud: the cloud, None when no credentials got in.
        credentials: those that got in.
    """

    finding: Finding
    cloud: Cloud | None = None
    credentials: Credentials | None = None


def enter(
    candidates: Sequence[Credentials],
    transport: http.Transport,
    patience: http.Deadline,
    names: remedies.Names,
) -> Admission:
    """Get a token with the first credentials that keystone takes, before patience ends.

    A unit that was keystone's leader before keeps stale credentials in its databag, so all
    candidates are tried before any is called wrong.
    """
    met: list[errors.ApiFault] = []
    for number, credentials in enumerate(candidates):
        share = http.Deadline.after(patience.left / (len(candidates) - number))
        try:
            cloud = connect(credentials, transport, share)
        except Exception as error:  # noqa: BLE001 - any failure is the finding
            met.append(errors.explain(error, credentials.auth_url))
            continue
        text = f"Keystone issued a token at {errors.shown(credentials.auth_url)}"
        return Admission(Finding(SERVICE, "token", Severity.OK, text), cloud, credentials)
    # credentials are called wrong only when all of them are
    other = (fault for fault in met if fault.cause is not Cause.UNAUTHORIZED)
    return Admission(refused(next(other, met[0]), names))


def refused(fault: errors.ApiFault, names: remedies.Names) -> Finding:
    """The finding about a keystone that gave no token."""
    text = fault.text
    if fault.cause is Cause.UNAUTHORIZED:
        text = "refuses the credentials (HTTP 401)"
    return Finding(
        service=SERVICE,
        question="token",
        severity=Severity.FAILED,
        summary=f"Keystone {text}",
        cause=fault.cause,
        remedy=remedies.remedy(fault.cause, names),
    )


class KeystoneCheck(base.Check):
    """Has Keystone validate a token; that it issues one is known already."""

    name = "identity"

    @property
    def inspections(self) -> Mapping[str, Inspection]:
        """The validation of a token."""
        return {"validation": inspect_validation}


def inspect_validation(context: CheckContext) -> CheckResult:
    """Have keystone validate the coordinator's own token, as it does for every other service.

    Where the keys of its units differ, one does not know the token of another.
    """
    try:
        answer = context.service.own_token()
    except errors.ApiError as error:
        if error.cause not in {Cause.UNAUTHORIZED, Cause.NOT_FOUND}:
            raise
        text = "does not accept a token that it issued itself"
        app = context.subject.names.application
        remedy = f"juju exec -a {app} -- ls -l /etc/keystone/fernet-keys"
        return CheckResult(Severity.DEGRADED, text, Cause.UNAUTHORIZED, remedy)
    token = base.field(answer, "token", "token")
    base.field(token, "expires_at", "token")
    return CheckResult(Severity.OK, "validates the token")
