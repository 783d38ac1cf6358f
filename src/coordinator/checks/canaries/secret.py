"""A canary secret in Barbican: stored, read back, and removed whatever happens.

Its name tells whose it is. What a crashed run left behind is found by name, creator and age, all
as Barbican itself tells them.
"""

from __future__ import annotations

import contextlib
import datetime
import secrets
from collections.abc import Generator, Iterator
from typing import Any

import msgspec

from coordinator.checks import base
from coordinator.checks.canaries import cleanup
from coordinator.openstack import errors
from coordinator.openstack.client import Service
from coordinator.openstack.errors import UnusableAnswerError
from coordinator.report.finding import Cause

LIFE = datetime.timedelta(days=30)
"""After this, Barbican itself gives a left-over away no more; but it does not remove it either,
and nobody can then, so the next run should come before."""

_FAILING = {Cause.SERVER_ERROR, Cause.HTTP_ERROR}
"""What Barbican answers when its secret store does not work: HTTP 500 with the same words whether
Vault is sealed, cannot be reached or takes no credentials, or there is no key
(barbican/plugin/castellan_secret_store.py, barbican/api/__init__.py); HTTP 400 where no secret
store is configured."""


class CanarySecret(msgspec.Struct, frozen=True):
    """A secret of the coordinator's own, as long as `canary_secret` is open.

    Attributes:
        barbican: where it is.
        id: as Barbican names it.
        payload: what was stored.
    """

    barbican: Service
    id: str
    payload: str

    def read(self) -> str:
        """The payload, as Barbican gives it back.

        Raises:
            UnusableAnswerError: it does not.
        """
        try:
            return self.barbican.text("/v1/secrets", self.id, "payload")
        except Exception as error:
            raise _unusable(error, "cannot return a test secret", self.barbican) from error


@contextlib.contextmanager
def canary_secret(
    asked: Service, cleaner: Service, coordinator: str, seconds: float
) -> Generator[CanarySecret]:
    """Store a canary secret, remove what crashed runs left behind, and remove it at the end.

    At most 4 requests of its own, and one more for each left-over. Source: Key Manager API
    reference, "Secrets".

    Args:
        asked: Barbican, to be asked as long as there is time for answers.
        cleaner: Barbican, with some time left when the block ends.
        coordinator: name of the coordinator's own application.
        seconds: how long a canary lives at most: older ones are left-overs.

    Raises:
        UnusableAnswerError: it cannot be stored.
    """
    name = f"telemetry-coordinator:{coordinator}:canary"
    payload = secrets.token_hex(16)
    body = {
        "name": name,
        "payload": payload,
        "payload_content_type": "text/plain",
        "expiration": (asked.now() + LIFE).strftime("%Y-%m-%dT%H:%M:%S"),
    }
    try:
        answer = asked.post("/v1/secrets", body)
    except Exception as error:
        raise _unusable(error, "cannot store a test secret", asked) from error
    canary = CanarySecret(asked, _id_of(answer), payload)
    try:
        age = seconds + cleanup.MARGIN
        cleanup.sweep(asked, "/v1/secrets", lambda: _left_overs(canary, name, age))
        yield canary
    finally:
        cleanup.remove(cleaner, "/v1/secrets", canary.id)


def _id_of(secret: Any) -> str:
    """The last part of the address that a secret goes by."""
    return str(base.field(secret, "secret_ref", "secret")).rpartition("/")[2]


def _unusable(error: BaseException, phrase: str, barbican: Service) -> UnusableAnswerError:
    fault = errors.explain(error, barbican.url)
    cause = Cause.STORE_FAILS if fault.cause in _FAILING else fault.cause
    return UnusableAnswerError(cause, f"{phrase}: {fault.text}")


def _left_overs(canary: CanarySecret, name: str, age: float) -> Iterator[str]:
    """Ids of what is ours, and too old for a canary that another unit sends right now."""
    own = canary.barbican.get("/v1/secrets", canary.id)
    created = datetime.datetime.fromisoformat(base.field(own, "created", "secret"))
    before = (created - datetime.timedelta(seconds=age)).isoformat()
    query = {"name": name, "created": f"lt:{before}", "sort": "created:asc"}
    answer = canary.barbican.get("/v1/secrets", limit=cleanup.MOST, **query)
    found = base.listed(answer, "secrets")
    for one in found:
        # `_` in a name is a wildcard for Barbican
        if one.get("name") == name and one.get("creator_id") == own.get("creator_id"):
            yield _id_of(one)
