"""Barbican: the list of secrets comes from its database."""

from __future__ import annotations

from telemetry.checks import reading
from telemetry.cloud import Service


def read(service: Service) -> reading.Reading:
    """List one secret at most. Source: Key Manager API reference, `GET /v1/secrets`."""
    answer = service.get("/v1/secrets", limit=1)
    reading.records(reading.field(answer, "secrets", "list of secrets"), "secrets")
    return reading.Reading("lists secrets")
