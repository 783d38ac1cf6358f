"""Who gives certificates to a cloud, and who needs them: one rule for status and plan. Pure."""

from __future__ import annotations

import msgspec

from coordinator.blueprint.systems import Blueprint, System
from coordinator.juju.discovery import Stack

ENDPOINT = "certificates"
"""What all charms of OpenStack call it (charm-layer-openstack, metadata.yaml)."""


class Server(msgspec.Struct, frozen=True):
    """An application that serves a need of others, and the endpoint by which it does."""

    application: str
    endpoint: str


def server(blueprint: Blueprint, stack: Stack) -> Server | None:
    """Who gives Keystone its certificates; None where Keystone has none, or is not seen."""
    for system in blueprint.systems.values():
        if system.check != "identity":
            continue
        for app in stack.of(system.key):
            for found in app.integrated(ENDPOINT):
                return Server(found.application, found.other or ENDPOINT)
    return None


def endpoint_of(system: System, blueprint: Blueprint) -> str:
    """The endpoint by which a client of Keystone takes certificates; empty for all others."""
    uses = any(
        blueprint.systems[found.system].check == "identity" and not found.optional
        for found in system.integrations
    )
    takes = any(found.endpoint == ENDPOINT for found in system.integrations)
    return ENDPOINT if uses and takes else ""
