"""Givers and takers of certificates: one rule for the status and the plan."""

from __future__ import annotations

import msgspec

from coordinator.blueprint.systems import Blueprint, System
from coordinator.juju.discovery import Stack

ENDPOINT = "certificates"
"""Name of it in all charms of OpenStack (charm-layer-openstack, metadata.yaml)."""


class Server(msgspec.Struct, frozen=True):
    """An application that serves a need of others, and the endpoint by which it does."""

    application: str
    endpoint: str


def server(blueprint: Blueprint, stack: Stack) -> Server | None:
    """The giver of Keystone's certificates; None where it has none, or is not seen."""
    for system in blueprint.systems.values():
        for app in stack.of(system.key) if system.check == "identity" else ():
            for found in app.integrated(ENDPOINT):
                return Server(found.application, found.other or ENDPOINT)
    return None


def endpoint_of(system: System, blueprint: Blueprint) -> str:
    """The endpoint by which a client of Keystone takes certificates; empty for all others."""
    uses = any(blueprint.systems[key].check == "identity" for key in system.needs)
    takes = any(found.endpoint == ENDPOINT for found in system.integrations)
    return ENDPOINT if uses and takes else ""
