"""Barbican: the list of secrets comes from its database, their payloads from its secret store."""

from __future__ import annotations

from coordinator.checks import base
from coordinator.checks.base import Inspection, Reading
from coordinator.checks.canaries.secret import send_canary
from coordinator.openstack.client import Service


class BarbicanCheck(base.Check):
    """Lists secrets, and stores one."""

    name = "key_manager"

    def read(self, service: Service) -> Reading:
        """List one secret at most. Source: Key Manager API reference, `GET /v1/secrets`."""
        answer = service.get("/v1/secrets", limit=1)
        base.records(base.field(answer, "secrets", "list of secrets"), "secrets")
        return Reading("lists secrets")

    @property
    def canary(self) -> Inspection:
        """A secret."""
        return send_canary
