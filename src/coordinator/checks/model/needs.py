"""The needs of an application, met or not: one rule for the status and for the plan.

A need is met by whoever serves it: another charm, another model, another endpoint of the charm.
A charm that is content without an integration is trusted, and data are never moved by advice: an
endpoint behind which data live is not integrated anew for an application that runs without it.
One that does not run well, and has no other place for them, lacks it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

from coordinator.blueprint import charm_facts
from coordinator.blueprint.systems import Integration
from coordinator.juju import ceilometer
from coordinator.juju.status import Application, JujuLevel, Unit

_KINDS = {
    "shared-db": ("database",),
    "amqp": ("messaging",),
    "identity-service": ("identity",),
    "identity-credentials": ("identity",),
    "storage-ceph": ("storage", "ceph"),
    "metric-service": ("metric",),
}
"""Words of charms for a missing endpoint in their statuses, beside its name (charm-helpers)."""

_FRESH = ("waiting for machine", "agent initiali", "installing agent", "waiting for agent")
"""Juju's own words for a unit whose charm has not run yet."""


class Need(enum.Enum):
    """The state of a need."""

    MET = "met"
    TRUSTED = "trusted"  # it is not there, and the charm is content
    STORED = "stored"  # it is not there, data live elsewhere, and the charm does not ask for it
    MISSING = "missing"


LACKED = {Need.TRUSTED, Need.MISSING}
"""Of a need that nobody serves."""


def assess(app: Application, need: Integration) -> Need:
    """The state of a need of an application that is there."""
    facts = charm_facts.of(app.charm)
    others = facts.instead.get(need.endpoint, ())
    if any(app.integrated(endpoint) for endpoint in (need.endpoint, *others)):
        return Need.MET
    if asks_for(app, need.endpoint):
        return Need.MISSING
    if any(asks_for(app, endpoint) for endpoint in others):
        return Need.MET  # it will be, by another one
    may_have_stored = need.endpoint in facts.stores and not all(map(_is_fresh, app.units))
    if may_have_stored and (
        need.endpoint in facts.without or all(map(is_alive, filter(is_settled, app.units)))
    ):
        return Need.STORED
    return Need.TRUSTED if is_content(app) else Need.MISSING


def is_alive(unit: Unit) -> bool:
    """True if the charm is content with the unit, as far as anyone can tell.

    Charms such as memcached's set no status; theirs is `unknown` as long as all is well.
    """
    gone = unit.lost or unit.unreadable or unit.agent.level is JujuLevel.FAILED
    workload = ceilometer.without_request(unit.workload)
    return not gone and workload.level in {JujuLevel.ACTIVE, JujuLevel.UNKNOWN}


def is_dead(apps: Iterable[Application]) -> bool:
    """True if no unit of some applications is alive."""
    return not any(is_alive(unit) for app in apps for unit in app.units)


def is_content(app: Application) -> bool:
    """True if the application has units, and all are alive."""
    return bool(app.units) and all(map(is_alive, app.units))


def is_settled(unit: Unit) -> bool:
    """True if what is beside a unit can be told: not of one that is gone or has just come."""
    return not (unit.lost or unit.unreadable or _is_fresh(unit))


def _is_fresh(unit: Unit) -> bool:
    return unit.workload.message.lower().startswith(_FRESH)


def asks_for(app: Application, endpoint: str) -> bool:
    """True if its charm says that an endpoint is not integrated."""
    words = (f"'{endpoint}'", *_KINDS.get(endpoint, (endpoint,)))
    said = (app.status.message, *(unit.workload.message for unit in app.units))
    return any(
        "missing" in message.lower() and any(word in message for word in words) for message in said
    )
