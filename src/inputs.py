"""Options and relations of the Juju model, put together as a request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import msgspec
import ops

import config
from coordinator import status
from coordinator.blueprint.loader import Choice
from coordinator.openstack.proxies import Proxies
from coordinator.request import Request
from relations import databags, related, transfers
from relations.endpoints import CERTIFICATES, IDENTITY, MEMBERS, METRIC, NOTIFICATIONS
from relations.related import Related

_OF_JUJU = ("egress-subnets", "ingress-address", "private-address")
"""Keys that Juju writes into the databag of each unit."""


class Inputs(msgspec.Struct, frozen=True):
    """Options and relations, as far as this hook can work with them.

    Attributes:
        settings: valid options, None when some are invalid.
        request: None when there is nothing to verify it with.
        blocker: why the stack cannot be judged yet, None when it can.
        option_fault: what a person has to correct although the stack can be judged.
        related: all applications that are related as members.
        units: names of the units that the coordinator is related to.
        digest: of all that a verification depends on and Juju tells.
    """

    proxies: Proxies
    settings: config.Settings | None = None
    request: Request | None = None
    blocker: status.Status | None = None
    option_fault: status.Status | None = None
    related: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    digest: str = ""

    def first(self, told: status.Status) -> status.Status:
        """The status that ops shows: that of the stack, or of an option with a fault."""
        blocks = told.level is status.Level.BLOCKED
        return told if blocks or self.option_fault is None else self.option_fault

    @property
    def members(self) -> tuple[str, ...]:
        """Related applications that run Ceilometer's API side, told by their names."""
        return tuple(name for name in self.related if "ceilometer" in name and "agent" not in name)

    @property
    def ceilometer(self) -> str:
        """Name of Ceilometer's application: the related one, else that of its charm."""
        return next(iter(self.members), "ceilometer")


def gather(relations: Related, model: ops.Model, choice: Choice, proxies: Proxies) -> Inputs:
    """Read options and relations."""
    transferred = transfers.certificates(relations)
    linked = [
        relation
        for endpoint in (IDENTITY, NOTIFICATIONS, METRIC, CERTIFICATES, MEMBERS)
        for relation in relations.active(endpoint)
    ]
    seen = Inputs(
        proxies,
        option_fault=status.blocked(choice.fault) if choice.fault else None,
        related=tuple(sorted({one.app.name for one in relations.active(MEMBERS)})),
        units=tuple(sorted({unit.name for relation in linked for unit in relation.units})),
        digest=_digest(relations, model.config, proxies, transferred),
    )
    try:
        valid = config.parse(model.config, choice.services)
    except config.OptionsError as error:
        first, others = error.faults[0], len(error.faults) - 1
        blocker = status.blocked(first.text, first.allowed, others)
        return msgspec.structs.replace(seen, blocker=blocker)
    identity = _identity(relations)
    blocker = (
        _missing_relations(relations, valid, model.app.name)
        or _without_credentials(identity)
        or _without_gnocchi(relations, valid)
    )
    seen = msgspec.structs.replace(seen, settings=valid, blocker=blocker)
    if not identity.candidates:
        return seen
    trusted = databags.certificates(relations.units(CERTIFICATES)) | transferred
    if valid.extra_ca:
        trusted["option ssl-ca"] = valid.extra_ca
    applications = {
        service: relation.app.name
        for service, endpoint in (("identity", IDENTITY), ("metric", METRIC))
        for relation in relations.active(endpoint)
    }
    if seen.members:
        applications["telemetry"] = seen.members[0]
    request = Request(
        credentials=identity.candidates,
        required=valid.required,
        optional=valid.optional,
        interface=valid.interface,
        region=valid.region,
        timeout=valid.verify_timeout,
        certificates=trusted,
        proxies=proxies,
        applications=applications,
        coordinator=model.app.name,
        expiry=valid.expiry,
        blueprint=choice.blueprint,
        depth=valid.depth,
        thresholds=valid.thresholds,
        fewer_rights=bool(valid.requested_grants),
    )
    return msgspec.structs.replace(seen, request=request)


def _missing_relations(
    relations: Related, valid: config.Settings, us: str
) -> status.Status | None:
    peers = {IDENTITY: f"keystone:{IDENTITY}"}
    if "metric" in valid.required:
        peers[METRIC] = f"gnocchi:{METRIC}"
    missing = [endpoint for endpoint in peers if not relations.active(endpoint)]
    if not missing:
        return None
    first, others = missing[0], len(missing) - 1
    remedy = f"juju integrate {us} {peers[first]}"
    return status.blocked(f"missing relation {first}", remedy, others)


def _identity(relations: Related) -> databags.Identity:
    units = relations.units(IDENTITY)
    found = databags.identity(units, {})
    if found.candidates or found.fault:
        return found
    application: dict[str, str] = {}
    for relation in relations.active(IDENTITY):
        application |= related.read(relation, relation.app)
    return databags.identity(units, application)


def _without_credentials(identity: databags.Identity) -> status.Status | None:
    if identity.fault:
        return status.blocked(identity.fault, identity.remedy)
    if not identity.candidates:
        return status.waiting("keystone has not sent credentials yet")
    return None


def _without_gnocchi(relations: Related, valid: config.Settings) -> status.Status | None:
    """Gnocchi's URL comes when its database is ready; before, its checks would only fail."""
    if "metric" not in valid.required:
        return None
    gnocchi = databags.gnocchi(relations.units(METRIC))
    if gnocchi.ready:
        return None
    if gnocchi.fault:
        return status.blocked(gnocchi.fault, "check gnocchi's options vip and os-*-hostname")
    return status.waiting("gnocchi has not published its URL yet, its database is not ready")


def _digest(
    relations: Related, options: ops.ConfigData, proxies: Proxies, transferred: Mapping[str, str]
) -> str:
    """Changes with everything that Juju tells and that a verification depends on.

    Of members only the names of their units count: what else they say is for others. A unit that
    came and has said nothing yet changes nothing, and neither does a member without units.
    """
    seen: dict[str, Any] = {"options": dict(options), "proxies": msgspec.structs.asdict(proxies)}
    for endpoint in (IDENTITY, NOTIFICATIONS, METRIC, CERTIFICATES):
        said = [[relation.app.name, _said(relation)] for relation in relations.active(endpoint)]
        seen[endpoint] = [[application, units] for application, units in said if units]
    seen["transferred"] = transferred
    seen[MEMBERS] = [
        [relation.id, relation.app.name, sorted(unit.name for unit in relation.units)]
        for relation in relations.active(MEMBERS)
        if relation.units
    ]
    text = json.dumps(seen, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _said(relation: ops.Relation) -> dict[str, databags.Databag]:
    """The databags of units, without the keys of Juju."""
    units = {
        unit: {key: value for key, value in databag.items() if key not in _OF_JUJU}
        for unit, databag in related.of_units(relation).items()
    }
    return {unit: databag for unit, databag in units.items() if databag}
