"""Gnocchi: the resource types come from its indexer, so its database answers too."""

from __future__ import annotations

from telemetry.checks import reading
from telemetry.cloud import Service
from telemetry.wording import plain


def read(service: Service) -> reading.Reading:
    """List the resource types; they are also the proof that ceilometer-upgrade ran.

    The root, /healthcheck and even /v1/status answer 200 when the database is down; this does not.
    Source: Gnocchi's REST API, "Resource types" and "Version".
    """
    types = reading.records(service.get("/v1/resource_type"), "resource types")
    names = frozenset(plain(str(reading.field(entry, "name", "resource type"))) for entry in types)
    build = plain(str(reading.optional(service.get("/"), "build")), limit=40)
    return reading.Reading(
        f"lists {reading.count(len(names), 'resource type')}", build, resource_types=names
    )
