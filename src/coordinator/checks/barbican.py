"""Barbican: the list of secrets comes from its database, their payloads from its secret store."""

from __future__ import annotations

import secrets
import time

from coordinator.checks import reading
from coordinator.checks.canaries.secret import canary_secret
from coordinator.checks.deep import CheckContext, CheckResult
from coordinator.openstack.client import Service
from coordinator.report.finding import Cause, Severity


def read(service: Service) -> reading.Reading:
    """List one secret at most. Source: Key Manager API reference, `GET /v1/secrets`."""
    answer = service.get("/v1/secrets", limit=1)
    reading.records(reading.field(answer, "secrets", "list of secrets"), "secrets")
    return reading.Reading("lists secrets")


def canary(scene: CheckContext) -> CheckResult:
    """Store a secret and read it back, which takes Vault, or whatever keeps the secrets."""
    asked = scene.service.until(scene.patience)
    seconds = scene.request.thresholds.canary_timeout
    begun = time.monotonic()
    with canary_secret(asked, scene.service, scene.request.coordinator, seconds) as secret:
        payload = secret.read()
    if not secrets.compare_digest(payload.encode(), secret.payload.encode()):
        names = scene.subject.names
        text = "gave back another secret than was stored"
        remedy = f"juju status {names.application} vault"
        return CheckResult(Severity.FAILED, text, Cause.WRONG_VALUE, remedy)
    took = time.monotonic() - begun
    return CheckResult(Severity.OK, f"stored a secret and gave it back in {took:.1f} s")
