"""Aodh: alarms come from its database, read with a token that Aodh has keystone validate."""

from __future__ import annotations

from telemetry.checks import reading
from telemetry.cloud import Service


def read(service: Service) -> reading.Reading:
    """List one alarm at most. Source: Aodh's API reference, `GET /v2/alarms`."""
    reading.records(service.get("/v2/alarms", limit=1), "alarms")
    return reading.Reading("lists alarms")
