"""A canary secret in Barbican: stored, read back, and removed."""

from __future__ import annotations

import datetime
import secrets
import time
from collections.abc import Iterator, Mapping
from typing import Any

from coordinator.checks import base
from coordinator.checks.base import CheckContext, CheckResult
from coordinator.checks.canaries import lifecycle
from coordinator.openstack.client import Service
from coordinator.report.finding import Cause, Severity

LIFE = datetime.timedelta(days=30)
"""After this, Barbican itself gives a left-over away no more; but it does not remove it either,
and nobody can then, so the next run should come before."""

_STORE_FAILS: Mapping[Cause, Cause] = {
    Cause.SERVER_ERROR: Cause.STORE_FAILS,
    Cause.HTTP_ERROR: Cause.STORE_FAILS,
}
"""Answers of a Barbican whose secret store fails: HTTP 500 with the same words whether Vault is
sealed, cannot be reached or takes no credentials, or there is no key
(barbican/plugin/castellan_secret_store.py, barbican/api/__init__.py); HTTP 400 where no secret
store is configured."""

_PATH = "/v1/secrets"


def send_canary(context: CheckContext) -> CheckResult:
    """Store a secret and read it back, which takes Vault, or whatever keeps the secrets.

    At most 4 requests of its own, and one more for each left-over. Source: Key Manager API
    reference, "Secrets".
    """
    begun = time.monotonic()
    barbican = context.service.until(context.patience)
    name, payload = lifecycle.name_of(context.request), secrets.token_hex(16)
    body = {
        "name": name,
        "payload": payload,
        "payload_content_type": "text/plain",
        "expiration": (barbican.now() + LIFE).strftime("%Y-%m-%dT%H:%M:%S"),
    }
    with lifecycle.told_as("cannot store a test secret", barbican, _STORE_FAILS):
        made = barbican.post(_PATH, body)
    id_ = _id_of(made)
    left_overs = _left_overs(barbican, name, id_, lifecycle.longest_life(context.request))
    with (
        lifecycle.removing(context.service, _PATH, id_, left_overs, context.patience),
        lifecycle.told_as("cannot return a test secret", barbican, _STORE_FAILS),
    ):
        returned = barbican.text(_PATH, id_, "payload")
    if not secrets.compare_digest(returned.encode(), payload.encode()):
        text = "returned another secret than was stored"
        return CheckResult(Severity.FAILED, text, Cause.WRONG_VALUE)
    took = time.monotonic() - begun
    return CheckResult(Severity.OK, f"stored a test secret and returned it in {took:.1f} s")


def _id_of(secret: Any) -> str:
    """The last part of the address that a secret goes by."""
    return str(base.field(secret, "secret_ref", "secret")).rpartition("/")[2]


def _left_overs(
    barbican: Service, name: str, canary: str, age: datetime.timedelta
) -> Iterator[str]:
    """Ids of secrets with the name and the creator of the canary that are much older."""
    own = barbican.get(_PATH, canary)
    created = datetime.datetime.fromisoformat(base.field(own, "created", "secret"))
    before = (created - age).isoformat()
    query = {"name": name, "created": f"lt:{before}", "sort": "created:asc"}
    answer = barbican.get(_PATH, limit=lifecycle.MOST_LEFT_OVERS, **query)
    found = base.listed(answer, "secrets")
    for one in found:
        # `_` in a name is a wildcard for Barbican
        if one.get("name") == name and one.get("creator_id") == own.get("creator_id"):
            yield _id_of(one)
