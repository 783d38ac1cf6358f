"""Barbican: the list of secrets comes from its database, their payloads from its secret store."""

from __future__ import annotations

import secrets
import time

from coordinator.checks import base
from coordinator.checks.base import CheckContext, CheckResult, Inspection, Reading
from coordinator.checks.canaries.secret import canary_secret
from coordinator.openstack.client import Service
from coordinator.report.finding import Cause, Severity


class BarbicanCheck(base.Check):
    """Lists secrets, and stores one."""

    def read(self, service: Service) -> Reading:
        """List one secret at most. Source: Key Manager API reference, `GET /v1/secrets`."""
        answer = service.get("/v1/secrets", limit=1)
        base.listed(answer, "secrets")
        return Reading("lists secrets")

    @property
    def canary(self) -> Inspection:
        """A secret."""
        return send_canary


def send_canary(context: CheckContext) -> CheckResult:
    """Store a secret and read it back, which takes Vault, or whatever keeps the secrets."""
    asked = context.service.until(context.patience)
    seconds = context.request.thresholds.canary_timeout
    begun = time.monotonic()
    with canary_secret(asked, context.service, context.request.coordinator, seconds) as secret:
        payload = secret.read()
    if not secrets.compare_digest(payload.encode(), secret.payload.encode()):
        text = "returned another secret than was stored"
        return CheckResult(Severity.FAILED, text, Cause.WRONG_VALUE)
    took = time.monotonic() - begun
    return CheckResult(Severity.OK, f"stored a test secret and returned it in {took:.1f} s")
