"""What the charm observes: options and relations of the Juju model, put together as a request."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import ops

import config
from coordinator import status
from coordinator.blueprint.loader import Choice
from coordinator.openstack.proxies import Proxies
from coordinator.request import Request
from relations import databags
from relations.endpoints import CERTIFICATES, IDENTITY, MEMBERS, METRIC, NOTIFICATIONS

_OF_JUJU = ("egress-subnets", "ingress-address", "private-address")
"""What Juju writes into the databag of each unit."""


class Related:
    """The relations of a unit, as far as they matter here; each endpoint is asked about once."""

    def __init__(self, model: ops.Model, unrelated: frozenset[str] = frozenset()) -> None:
        """Read nothing yet.

        Args:
            model: the Juju model as this unit sees it.
            unrelated: endpoints that are known to have no relation: nothing is asked about them.
        """
        self._model = model
        self.app = model.app
        self.unrelated = unrelated
        self.empty = set(unrelated)
        """Endpoints that were found to have no relation."""

    def active(self, endpoint: str) -> list[ops.Relation]:
        """The relations of an endpoint that are not being broken."""
        if endpoint in self.empty:
            return []
        found = self._model.relations[endpoint]
        if not found:
            self.empty.add(endpoint)
        return [relation for relation in found if relation.active]


@dataclasses.dataclass(frozen=True)
class Inputs:
    """What this hook can work with.

    Attributes:
        settings: valid options, None when some are invalid.
        request: what to verify, None when there is nothing to verify it with.
        obstacle: why the stack cannot be judged yet, None when it can.
        concern: what a person has to correct although the stack can be judged.
        members: related applications that are Ceilometer, told by their names.
        related: all applications that are related as members.
        digest: of all that a verification depends on, as far as Juju tells it.
        units: names of the units that the coordinator is related to.
    """

    settings: config.Settings | None = None
    request: Request | None = None
    obstacle: status.Status | None = None
    members: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    concern: status.Status | None = None
    digest: str = ""
    units: tuple[str, ...] = ()

    @property
    def fault(self) -> status.Status | None:
        """What the status must say whatever a verification finds."""
        return self.concern or self.obstacle

    @property
    def ceilometer(self) -> str:
        """Name of Ceilometer's application: the related one, else that of its charm."""
        return next(iter(self.members), "ceilometer")


def gather(
    related: Related,
    options: ops.ConfigData,
    choice: Choice,
    transferred: Mapping[str, str],
    proxies: Proxies,
) -> Inputs:
    """Read options and relations.

    Args:
        related: the relations.
        options: the charm's options.
        choice: which blueprint is in force.
        transferred: CA certificates from receive-ca-cert, by their source.
        proxies: what lies between this unit and the cloud.
    """
    concern = status.blocked(choice.problem) if choice.problem else None
    digest = _digest(related, options, proxies, transferred)
    try:
        valid = config.parse(options, choice.services)
    except config.OptionsError as error:
        first, others = error.problems[0], len(error.problems) - 1
        obstacle = status.blocked(first.text, first.allowed, others)
        return Inputs(obstacle=obstacle, concern=concern, digest=digest)
    obstacle = _missing_relations(related, valid)
    identity = _identity(related)
    if obstacle is None:
        obstacle = _without_credentials(identity)
    if not identity.candidates:
        return Inputs(valid, None, obstacle, _members(related), _related(related), concern, digest)
    request = Request(
        credentials=identity.candidates,
        required=valid.required,
        optional=valid.optional,
        interface=valid.interface,
        region=valid.region,
        timeout=valid.verify_timeout,
        certificates=_certificates(related, valid, transferred),
        proxies=proxies,
        applications=_applications(related),
        coordinator=related.app.name,
        expiry=valid.expiry,
        blueprint=choice.blueprint,
        depth=valid.deep.depth,
        thresholds=valid.thresholds,
        fewer_rights=bool(valid.requested_grants),
    )
    obstacle = obstacle or _without_gnocchi(related, valid)
    return Inputs(
        valid,
        request,
        obstacle,
        _members(related),
        _related(related),
        concern,
        digest,
        _units(related),
    )


def _missing_relations(related: Related, valid: config.Settings) -> status.Status | None:
    peers = {IDENTITY: f"keystone:{IDENTITY}"}
    if "metric" in valid.required:
        peers[METRIC] = f"gnocchi:{METRIC}"
    missing = [endpoint for endpoint in peers if not related.active(endpoint)]
    if not missing:
        return None
    first, others = missing[0], len(missing) - 1
    remedy = f"juju integrate {related.app.name} {peers[first]}"
    return status.blocked(f"missing relation {first}", remedy, others)


def _identity(related: Related) -> databags.Identity:
    units: dict[str, databags.Databag] = {}
    for relation in related.active(IDENTITY):
        units |= _databags(relation)
    found = databags.identity(units, {})
    if found.candidates or found.problem:
        return found
    application: dict[str, str] = {}
    for relation in related.active(IDENTITY):
        application |= _databag(relation, relation.app)
    return databags.identity(units, application)


def _without_credentials(identity: databags.Identity) -> status.Status | None:
    if identity.problem:
        return status.blocked(identity.problem, identity.remedy)
    if not identity.candidates:
        return status.waiting("keystone has not sent credentials yet")
    return None


def _without_gnocchi(related: Related, valid: config.Settings) -> status.Status | None:
    """Gnocchi's URL comes when its database is ready; before, its checks would only fail."""
    if "metric" not in valid.required:
        return None
    units: dict[str, databags.Databag] = {}
    for relation in related.active(METRIC):
        units |= _databags(relation)
    gnocchi = databags.gnocchi(units)
    if gnocchi.urls:
        return None
    if gnocchi.problem:
        return status.blocked(gnocchi.problem, "check gnocchi's options vip and os-*-hostname")
    return status.waiting("gnocchi has not published its URL yet, its database is not ready")


def _certificates(
    related: Related, valid: config.Settings, transferred: Mapping[str, str]
) -> dict[str, str]:
    """All CA certificates to trust, by their source."""
    found: dict[str, str] = {}
    for relation in related.active(CERTIFICATES):
        found |= databags.certificates(_databags(relation))
    found |= transferred
    if valid.extra_ca:
        found["option ssl-ca"] = valid.extra_ca
    return found


def _applications(related: Related) -> dict[str, str]:
    """Names of the applications, as far as relations tell them."""
    endpoints = {"identity": IDENTITY, "metric": METRIC}
    named = {
        service: relation.app.name
        for service, endpoint in endpoints.items()
        for relation in related.active(endpoint)
    }
    return named | dict(zip(("telemetry",), _members(related), strict=False))


def _members(related: Related) -> tuple[str, ...]:
    """Related applications that run Ceilometer's API side, told by their names."""
    return tuple(
        name for name in _related(related) if "ceilometer" in name and "agent" not in name
    )


def _units(related: Related) -> tuple[str, ...]:
    """Names of the units that the coordinator is related to."""
    endpoints = (IDENTITY, NOTIFICATIONS, METRIC, CERTIFICATES, MEMBERS)
    active = [relation for endpoint in endpoints for relation in related.active(endpoint)]
    return tuple(sorted({unit.name for relation in active for unit in relation.units}))


def _related(related: Related) -> tuple[str, ...]:
    return tuple(sorted({relation.app.name for relation in related.active(MEMBERS)}))


def _digest(
    related: Related,
    options: ops.ConfigData,
    proxies: Proxies,
    transferred: Mapping[str, str],
) -> str:
    """Changes with everything that Juju tells and that a verification depends on.

    Of members only the names of their units count: what else they say is for others. A unit that
    came and has said nothing yet changes nothing, and neither does a member without units.
    """
    seen: dict[str, Any] = {"options": dict(options), "proxies": dataclasses.asdict(proxies)}
    for endpoint in (IDENTITY, NOTIFICATIONS, METRIC, CERTIFICATES):
        said = [[relation.app.name, _said(relation)] for relation in related.active(endpoint)]
        seen[endpoint] = [[application, units] for application, units in said if units]
    seen["transferred"] = transferred
    seen[MEMBERS] = [
        [relation.id, relation.app.name, sorted(unit.name for unit in relation.units)]
        for relation in related.active(MEMBERS)
        if relation.units
    ]
    text = json.dumps(seen, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _said(relation: ops.Relation) -> dict[str, databags.Databag]:
    """What units wrote, without what Juju itself writes about each."""
    units = {
        unit: {key: value for key, value in databag.items() if key not in _OF_JUJU}
        for unit, databag in _databags(relation).items()
    }
    return {unit: databag for unit, databag in units.items() if databag}


def _databags(relation: ops.Relation) -> dict[str, databags.Databag]:
    return {unit.name: _databag(relation, unit) for unit in relation.units}


def _databag(relation: ops.Relation, entity: ops.Unit | ops.Application) -> databags.Databag:
    """A databag; that of a unit that is departing may be gone already."""
    try:
        return dict(relation.data[entity])
    except ops.ModelError:
        return {}
