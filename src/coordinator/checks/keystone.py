"""Keystone: a fresh token proves address, trust, credentials and database at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from coordinator.checks import base
from coordinator.checks.base import CheckContext, CheckResult, Inspection, Subject
from coordinator.checks.parallel import side_by_side
from coordinator.openstack import errors, http
from coordinator.openstack.client import Cloud, connect
from coordinator.openstack.credentials import Credentials
from coordinator.report.finding import Cause, Finding, Severity

SERVICE = "identity"


class Authentication(msgspec.Struct, frozen=True):
    """A token, the credentials that got it, and the finding about it."""

    cloud: Cloud
    credentials: Credentials
    finding: Finding


def authenticate(
    candidates: Sequence[Credentials],
    transport: http.Transport,
    deadline: http.Deadline,
    subject: Subject,
) -> Authentication | Finding:
    """Get a token with the first credentials that keystone takes; else the finding is why not.

    A unit that was keystone's leader before keeps stale credentials in its databag, so all
    candidates are tried before any is called wrong. A keystone that drips its answer is given up
    at the deadline like one that hangs.
    """

    def try_in_turn() -> Authentication | errors.ApiFault:
        faults: list[errors.ApiFault] = []
        for number, credentials in enumerate(candidates):
            share = http.Deadline.after(deadline.left / (len(candidates) - number))
            try:
                cloud = connect(credentials, transport, share)
            except Exception as error:  # noqa: BLE001 - any failure is the finding
                faults.append(errors.explain(error, credentials.auth_url))
                continue
            text = f"issued a token at {errors.shown(credentials.auth_url)}"
            finding = subject.finding("token", Severity.OK, text)
            return Authentication(cloud, credentials, finding)
        other = (fault for fault in faults if fault.cause is not Cause.UNAUTHORIZED)
        return next(other, faults[0])

    outcome = dict(side_by_side({SERVICE: try_in_turn}, deadline)).get(SERVICE)
    if isinstance(outcome, Authentication):
        return outcome
    if outcome is None:
        where = errors.shown(candidates[0].auth_url)
        outcome = errors.ApiFault(Cause.TIMEOUT, f"did not answer in time at {where}")
    refused = outcome.cause is Cause.UNAUTHORIZED
    text = "refuses the credentials (HTTP 401)" if refused else outcome.text
    return subject.finding("token", Severity.FAILED, text, outcome.cause)


class KeystoneCheck(base.Check):
    """Has Keystone validate a token; that it issues one is known already."""

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
