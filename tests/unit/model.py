"""The Juju model around one unit of the coordinator, as ops.testing plays it."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
from ops import testing

from coordinator import reconcile
from coordinator.request import Request
from coordinator.upgrade.backends import Backends
from tests.unit import databags, reports

Units = dict[int, dict[str, str]]

PEERS = "coordinators"
APP = "telemetry-coordinator"


def keystone(units: Units | None = None, **changes: Any) -> testing.Relation:
    """The relation identity-credentials; by default its leader sent credentials."""
    values: dict[str, Any] = {
        "remote_app_name": "keystone",
        "remote_units_data": {0: databags.CREDENTIALS} if units is None else units,
    }
    return testing.Relation("identity-credentials", **{**values, **changes})


def gnocchi(*urls: str, **changes: Any) -> testing.Relation:
    """The relation metric-service; by default one unit published its URL."""
    published = urls or (databags.GNOCCHI_URL,)
    units = {n: {"gnocchi_url": url} if url else {} for n, url in enumerate(published)}
    values: dict[str, Any] = {"remote_app_name": "gnocchi", "remote_units_data": units}
    return testing.Relation("metric-service", **{**values, **changes})


def peers(**kept: str) -> testing.PeerRelation:
    """The peer relation with what the leader kept there."""
    return testing.PeerRelation(PEERS, local_app_data=kept)


def state(
    *relations: testing.RelationBase, leader: bool = True, **options: str | int
) -> testing.State:
    """The model with these relations, and the peer relation if it is not among them."""
    if not any(isinstance(relation, testing.PeerRelation) for relation in relations):
        relations = (*relations, peers())
    config = {name.replace("_", "-"): value for name, value in options.items()}
    return testing.State(leader=leader, relations=set(relations), config=config)


def ready(
    *relations: testing.RelationBase, leader: bool = True, **options: str | int
) -> testing.State:
    """The same with keystone's credentials and gnocchi's URL."""
    return state(keystone(), gnocchi(), *relations, leader=leader, **options)


def state_of(failure: testing.ActionFailed) -> testing.State:
    """The state after an action that failed."""
    assert isinstance(failure.state, testing.State)
    return failure.state


def kept(after: testing.State) -> dict[str, str]:
    """What the leader keeps in the peer relation."""
    (relation,) = after.get_relations(PEERS)
    return dict(relation.local_app_data)


def requested(after: testing.State) -> dict[str, str]:
    """What the unit asks keystone for; without what Juju itself writes."""
    (relation,) = after.get_relations("identity-credentials")
    juju = ("egress-subnets", "ingress-address", "private-address")
    return {key: value for key, value in relation.local_unit_data.items() if key not in juju}


@dataclasses.dataclass
class Stage:
    """Stands where the loop meets the cloud: notes what the charm asks, returns a given turn."""

    turn: reconcile.Turn = dataclasses.field(default_factory=reports.turn)
    requests: list[Request] = dataclasses.field(default_factory=list)
    backends: list[Backends] = dataclasses.field(default_factory=list)
    announcement: str = ""

    def take(
        self, request: Request, _record: Any, _memory: Any, backends: Backends
    ) -> reconcile.Turn:
        """In the place of `reconcile.reconcile`."""
        self.requests.append(request)
        self.backends.append(backends)
        if self.announcement:
            backends.announce(self.announcement)
        sight = backends.see(self.turn.record)
        situation = msgspec.structs.replace(self.turn.situation, sight=sight)
        return msgspec.structs.replace(self.turn, situation=situation)

    def look(
        self, request: Request, record: Any, memory: Any, backends: Backends, progress: Any
    ) -> reconcile.Turn:
        """In the place of `reconcile.look`."""
        progress("[ok] asked")
        return self.take(request, record, memory, backends)
