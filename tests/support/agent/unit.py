"""One unit as the controller sees it, and what an operator and other applications do to it."""

from __future__ import annotations

import collections.abc
import copy
import dataclasses
import pathlib

from tests.support.agent import secret_commands, unit_state
from tests.support.packing import charm_files

ADDRESS_KEYS = ("egress-subnets", "ingress-address", "private-address")


class AgentError(Exception):
    """The stand-in was used wrongly or failed itself; never the charm's fault."""


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """Everything that makes a unit what it is at one time."""

    leader: bool
    config: dict[str, object]
    databags: unit_state.Databags
    unit_status: unit_state.Status
    app_status: unit_state.Status
    workload_version: str


class Unit:
    """The state of one unit. Nothing here runs a hook: that is the agent's part."""

    def __init__(
        self, charm_dir: pathlib.Path, app: str, number: int, address: str, leader: bool
    ) -> None:
        """Make the unit as `juju deploy` does: defaults set, peer relations there."""
        self.app, self.unit = app, f"{app}/{number}"
        self.charm_dir = charm_dir.resolve()
        self.files = charm_files.CharmFiles.read(self.charm_dir)
        self.databags = unit_state.Databags()
        self.unit_status = unit_state.Status("waiting", "installing agent")
        self.app_status = unit_state.Status("unknown")
        self.workload_version = ""
        self.address = address
        self.leader = leader
        self._config = self.files.defaults()
        self._ids = iter(range(10_000))
        for endpoint in self.files.peers:
            self._add_relation(endpoint, app, is_peer=True)

    def snapshot(self) -> Snapshot:
        """The unit as it is now."""
        return Snapshot(
            self.leader,
            dict(self._config),
            copy.deepcopy(self.databags),
            self.unit_status,
            self.app_status,
            self.workload_version,
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Make the unit what it was; what its hooks did outside of Juju stays done."""
        self.leader = snapshot.leader
        self._config = dict(snapshot.config)
        self.databags = copy.deepcopy(snapshot.databags)
        self.unit_status, self.app_status = snapshot.unit_status, snapshot.app_status
        self.workload_version = snapshot.workload_version

    def config(self, values: collections.abc.Mapping[str, object | None]) -> None:
        """Set options; None resets one to its default. Run config-changed afterwards.

        Raises:
            ValueError: for what `juju config` refuses.
        """
        given = {name: value for name, value in values.items() if value is not None}
        self.files.check_options(given)
        reset = [name for name, value in values.items() if value is None]
        for name in reset:
            self._config.pop(name, None)
        defaults = {k: v for k, v in self.files.defaults().items() if k in reset}
        self._config.update({**defaults, **given})

    def relate(
        self,
        endpoint: str,
        remote_app: str,
        remote_units_data: collections.abc.Mapping[str, collections.abc.Mapping[str, str]]
        | None = None,
        remote_app_data: collections.abc.Mapping[str, str] | None = None,
    ) -> int:
        """Add a relation and give its id. No hook runs: see `announce` and `relation_event`.

        Raises:
            ValueError: if the charm has no such endpoint.
        """
        relation = self._add_relation(endpoint, remote_app)
        relation.remote_app_data.update(remote_app_data or {})
        for unit, data in (remote_units_data or {}).items():
            self.update_remote(relation.id, unit, data)
        return relation.id

    def update_remote(
        self,
        relation_id: int,
        owner: str,
        data: collections.abc.Mapping[str, str],
        *,
        replace: bool = False,
    ) -> None:
        """Change the databag of a remote unit, or of the remote application by its name.

        A unit that is not there yet is added. An empty value removes its key; with `replace`
        all other keys go too (except the addresses that Juju itself writes).
        """
        relation = self.relation(relation_id)
        if "/" in owner:
            number = len(relation.remote_units) + 20
            fresh = unit_state.RemoteUnit(_addresses(f"192.0.2.{number}"))
            bag = relation.remote_units.setdefault(owner, fresh).data
        else:
            bag = relation.remote_app_data
        kept = {k: v for k, v in bag.items() if not replace or k in ADDRESS_KEYS}
        merged = {**kept, **data}
        bag.clear()
        bag.update({key: value for key, value in merged.items() if value != ""})

    def relation(self, relation_id: int) -> unit_state.Relation:
        """The relation with this id, as committed."""
        return self.databags.relations[relation_id]

    def relation_id(self, endpoint: str) -> int:
        """The id of the only relation of an endpoint.

        Raises:
            AgentError: if there is none or more than one.
        """
        ids = [r.id for r in self.databags.relations.values() if r.endpoint == endpoint]
        if len(ids) != 1:
            raise AgentError(f"{endpoint} has relations {ids}: name one")
        return ids[0]

    def add_secret(
        self, content: collections.abc.Mapping[str, str], *, granted: bool = True
    ) -> str:
        """Make a user secret and give its id for an option of type secret."""
        secret = unit_state.Secret(secret_commands.new_id(), {1: dict(content)}, granted=granted)
        self.databags.secrets[secret.id] = secret
        return f"{secret_commands.SCHEME}{secret.id}"

    def update_secret(self, secret_id: str, content: collections.abc.Mapping[str, str]) -> None:
        """Give a secret a new revision; run `secret_event` afterwards."""
        secret = secret_commands.find(self.databags, secret_id, None)
        secret.revisions[secret.latest + 1] = dict(content)

    def grant_secret(self, secret_id: str, granted: bool = True) -> None:
        """Grant a user secret to the application, or take the grant back."""
        secret_commands.find(self.databags, secret_id, None).granted = granted

    @property
    def peer_app_data(self) -> dict[str, str]:
        """The application databag of the first peer relation; may be changed between hooks."""
        return self.relation(self.relation_id(self.files.peers[0])).local_app_data

    def _add_relation(
        self, endpoint: str, remote_app: str, is_peer: bool = False
    ) -> unit_state.Relation:
        if endpoint not in self.files.endpoints:
            raise ValueError(f"the charm has no endpoint {endpoint!r}")
        addresses = _addresses(self.address)
        relation = unit_state.Relation(
            next(self._ids), endpoint, remote_app, is_peer, local_unit_data=addresses
        )
        self.databags.relations[relation.id] = relation
        return relation


def _addresses(address: str) -> dict[str, str]:
    """What Juju itself writes into every unit's databag."""
    return dict(zip(ADDRESS_KEYS, (f"{address}/32", address, address), strict=True))
