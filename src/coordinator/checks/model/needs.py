"""Whether what an application needs is met: one rule for the status and for the plan. Pure.

A need is met by whoever serves it: another charm, another model, another endpoint of the charm.
A charm that is content without an integration is trusted, and data are never moved by advice: an
endpoint behind which data live is not integrated anew for an application that runs without it.
One that does not run well, and has no other place for them, lacks it.
"""

from __future__ import annotations

import enum

from coordinator.blueprint import charm_facts
from coordinator.blueprint.systems import Integration
from coordinator.checks.model import unit_status
from coordinator.juju.status import Application, JujuLevel, Unit

_KINDS = {
    "shared-db": ("database",),
    "amqp": ("messaging",),
    "identity-service": ("identity",),
    "identity-credentials": ("identity",),
    "storage-ceph": ("storage", "ceph"),
    "metric-service": ("metric",),
}
"""What charms call a missing endpoint in their statuses, beside its name (charm-helpers)."""

_FRESH = ("waiting for machine", "agent initiali", "installing agent", "waiting for agent")
"""Juju's own words for a unit whose charm has not run yet."""


class Need(enum.Enum):
    """What is to be said of a need."""

    MET = "met"
    TRUSTED = "trusted"  # it is not there, and the charm is content
    STORED = "stored"  # it is not there, data live elsewhere, and the charm does not ask for it
    MISSING = "missing"


LACKED = {Need.TRUSTED, Need.MISSING}
"""Of a need that nobody serves."""


def assess(app: Application, need: Integration) -> Need:
    """What is to be said of a need of an application that is there."""
    facts = charm_facts.of(app.charm)
    others = facts.instead.get(need.endpoint, ())
    if any(app.integrated(endpoint) for endpoint in (need.endpoint, *others)):
        return Need.MET
    if asks_for(app, need.endpoint):
        return Need.MISSING
    if any(asks_for(app, endpoint) for endpoint in others):
        return Need.MET  # it will be, by another one
    if need.endpoint in facts.stores and has_run(app) and _runs_without(app, need.endpoint):
        return Need.STORED
    return Need.TRUSTED if is_content(app) else Need.MISSING


def can_be_without(app: Application, endpoint: str) -> bool:
    """Whether its charm has another place for what is behind an endpoint."""
    return endpoint in charm_facts.of(app.charm).without


def _runs_without(app: Application, endpoint: str) -> bool:
    """Whether its data may be elsewhere; of units whose agents are silent that is not known."""
    return can_be_without(app, endpoint) or all(map(is_alive, filter(is_settled, app.units)))


def is_alive(unit: Unit) -> bool:
    """Whether the charm is content with the unit, as far as anyone can tell.

    Charms such as memcached's set no status; theirs is `unknown` as long as all is well.
    """
    gone = unit.lost or unit.unreadable or unit.agent.level in {JujuLevel.LOST, JujuLevel.FAILED}
    workload = unit_status.without_request(unit).workload
    return not gone and workload.level in {JujuLevel.ACTIVE, JujuLevel.UNKNOWN}


def is_settled(unit: Unit) -> bool:
    """Whether what is beside a unit can be told: not of one that is gone or has just come."""
    fresh = unit.workload.message.lower().startswith(_FRESH)
    return not (unit.lost or unit.unreadable or fresh)


def is_content(app: Application) -> bool:
    """Whether the application has units, and the charm is content with all of them."""
    return bool(app.units) and all(is_alive(unit) for unit in app.units)


def has_run(app: Application) -> bool:
    """Whether its charm may have stored something already."""
    return any(not unit.workload.message.lower().startswith(_FRESH) for unit in app.units)


def asks_for(app: Application, endpoint: str) -> bool:
    """Whether its charm says that an endpoint is not integrated."""
    words = (f"'{endpoint}'", *_KINDS.get(endpoint, (endpoint,)))
    said = (app.status.message, *(unit.workload.message for unit in app.units))
    return any(
        "missing" in message.lower() and any(word in message for word in words) for message in said
    )
