"""Watcher: the list of its services comes from its database."""

from __future__ import annotations

from telemetry.checks import reading
from telemetry.cloud import Service


def read(service: Service) -> reading.Reading:
    """List Watcher's services. Source: Infrastructure Optimization API, `GET /v1/services`."""
    answer = service.get("/v1/services")
    reading.records(reading.field(answer, "services", "list of services"), "services")
    return reading.Reading("lists its services")
