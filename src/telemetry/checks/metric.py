"""Gnocchi: the resource types come from its indexer, so its database answers too."""

from __future__ import annotations

from telemetry import schema
from telemetry.checks import reading
from telemetry.cloud import Service
from telemetry.faults import Unusable
from telemetry.report import Cause
from telemetry.wording import plain


def read(service: Service) -> reading.Reading:
    """List the resource types; they are also the proof that ceilometer-upgrade ran.

    The root, /healthcheck and even /v1/status answer 200 when the database is down; this does not.
    Source: Gnocchi's REST API, "Resource types" and "Version".
    """
    answer = service.get("/v1/resource_type")
    try:
        types = schema.parse(answer)
    except ValueError as error:
        raise Unusable(Cause.UNEXPECTED, f"answers no list of resource types: {error}") from None
    build = plain(str(reading.optional(service.get("/"), "build")), limit=40)
    summary = f"lists {reading.count(len(types), 'resource type')}"
    return reading.Reading(summary, build, resource_types=types)
