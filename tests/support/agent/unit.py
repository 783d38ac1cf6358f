"""One unit as the controller sees it, and what an operator and other applications do to it."""

from __future__ import annotations

import collections.abc
import copy
import dataclasses
import pathlib

from tests.support.agent import behaviours, secret_commands, unit_state
from tests.support.packing import charm_files

ADDRESS_KEYS = ("egress-subnets", "ingress-address", "private-address")
"""What Juju itself writes into a unit's databag; the last one until 4.0."""


class AgentError(Exception):
    """The stand-in was used wrongly or failed itself; never the charm's fault."""


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """Everything that makes a unit what it is at one time."""

    leader: bool
    config: dict[str, object]
    agenda: unit_state.Agenda
    databags: unit_state.Databags
    unit_status: unit_state.Status
    app_status: unit_state.Status
    workload_version: str
    files: dict[pathlib.Path, tuple[int, bytes]]


class Unit:
    """The state of one unit, and which hooks are due. To run them is the agent's part."""

    def __init__(
        self,
        charm_dir: pathlib.Path,
        app: str,
        number: int,
        address: str,
        *,
        leader: bool,
        behaviour: behaviours.Behaviour,
    ) -> None:
        """Make the unit as `juju deploy` does: defaults set, peer relations there.

        Until `start_deployment` is called it counts as one whose first hooks ran long ago.
        """
        self.app, self.unit = app, f"{app}/{number}"
        self.charm_dir = charm_dir.resolve()
        self.files = charm_files.CharmFiles.read(self.charm_dir)
        self.databags = unit_state.Databags()
        self.agenda = unit_state.Agenda()
        self.unit_status = unit_state.Status("waiting", "installing agent")
        self.app_status = unit_state.Status("unknown")
        self.workload_version = ""
        self.address = address
        self.leader = leader
        self.behaviour = behaviour
        self.set_options: dict[str, object] = {}
        self._shipped = {path.name for path in self.charm_dir.iterdir()}
        self._ids = iter(range(10_000))
        for endpoint in self.files.peers:
            self.add_relation(endpoint, app, is_peer=True).is_created = True

    def start_deployment(self) -> None:
        """Let all hooks of a new unit be due."""
        self.unit_status = unit_state.Status("maintenance", "installing charm software")
        for relation in self.databags.relations.values():
            relation.is_created = False
        first = ["leader-elected"] if self.leader else []
        if self.behaviour.leader_settings and not self.leader:
            first = ["leader-settings-changed"]
        self.agenda.starting = ["install", *first, "config-changed", "start"]
        self.agenda.config_changes = 0

    def elect(self) -> None:
        """Make this unit the leader: leader-elected is due."""
        self.leader = self.agenda.elected = True

    def refresh(self) -> None:
        """A new revision of the charm is there: upgrade-charm and config-changed are due."""
        self.agenda.refreshed = True

    def reboot(self) -> None:
        """The unit's machine starts again: start is due."""
        self.agenda.starting = ["start"]

    def remove(self) -> None:
        """`juju remove-unit`: the relations end for this unit, then it stops."""
        for relation in self.databags.relations.values():
            # the last unit of an application is not told that its peer relation ends
            relation.is_dying = not relation.is_peer or bool(relation.members)
        self.agenda.ending = ["stop", "remove"]

    @property
    def options(self) -> dict[str, object]:
        """What config-get gives: defaults, and what was set."""
        return {**self.files.defaults(), **self.set_options}

    def snapshot(self) -> Snapshot:
        """The unit as it is now."""
        return Snapshot(
            self.leader,
            dict(self.set_options),
            copy.deepcopy(self.agenda),
            copy.deepcopy(self.databags),
            self.unit_status,
            self.app_status,
            self.workload_version,
            {path: (path.stat().st_mode, path.read_bytes()) for path in self._own_files()},
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Make the unit what it was; what its hooks did outside of Juju stays done.

        What the charm and ops keep in the charm's folder is as it was, too.
        """
        self.leader = snapshot.leader
        self.set_options = dict(snapshot.config)
        self.agenda = copy.deepcopy(snapshot.agenda)
        self.databags = copy.deepcopy(snapshot.databags)
        self.unit_status, self.app_status = snapshot.unit_status, snapshot.app_status
        self.workload_version = snapshot.workload_version
        for path in self._own_files():
            path.unlink()
        for path, (mode, content) in snapshot.files.items():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            path.write_bytes(content)
            path.chmod(mode)

    def _own_files(self) -> list[pathlib.Path]:
        """Files in the charm's folder that were not there when the unit was made."""
        return [
            path
            for top in self.charm_dir.iterdir()
            if top.name not in self._shipped
            for path in [top, *top.rglob("*")]
            if path.is_file() and not path.is_symlink()
        ]

    def config(self, values: collections.abc.Mapping[str, object | None]) -> None:
        """Set options; None resets one to its default. What that causes is due.

        A value that is set already causes nothing, the default of an option that was not set
        does.

        Raises:
            ValueError: for what `juju config` refuses.
        """
        given = {name: value for name, value in values.items() if value is not None}
        self.files.check_options(given)
        reset = {
            name for name, value in values.items() if value is None and name in self.set_options
        }
        runs = [self.behaviour.reset_runs] if reset else []
        if any(self.set_options.get(name) != value for name, value in given.items()):
            runs.append(self.behaviour.config_changed_runs)
        kept = {name: value for name, value in self.set_options.items() if name not in reset}
        self.set_options = {**kept, **given}
        if not self.agenda.starting:
            self.agenda.config_changes = max(self.agenda.config_changes, *runs, 0)

    def relate(
        self,
        endpoint: str,
        remote_app: str,
        remote_units_data: collections.abc.Mapping[str, collections.abc.Mapping[str, str]]
        | None = None,
        remote_app_data: collections.abc.Mapping[str, str] | None = None,
    ) -> int:
        """Add a relation and give its id; its hooks are due.

        Raises:
            ValueError: if the charm has no such endpoint.
        """
        relation = self.add_relation(endpoint, remote_app)
        self.update_remote(relation.id, remote_app, remote_app_data or {})
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
        all other keys go too (except the addresses that Juju itself writes). The hooks that
        tell of it are due.
        """
        relation = self.relation(relation_id)
        if "/" in owner:
            number = len(relation.remote_units) + 20
            fresh = unit_state.RemoteUnit(self._addresses(f"192.0.2.{number}"))
            unit = relation.remote_units.setdefault(owner, fresh)
            bag, change = unit.data, unit.change
        else:
            bag = relation.local_app_data if relation.is_peer else relation.remote_app_data
            change = relation.app_change
        before = dict(bag)
        kept = {k: v for k, v in bag.items() if not replace or k in ADDRESS_KEYS}
        merged = {**kept, **data}
        bag.clear()
        bag.update({key: value for key, value in merged.items() if value != ""})
        change.made += bag != before

    def remove_remote(self, relation_id: int, name: str) -> None:
        """A remote unit goes: its departed hook is due."""
        unit = self.relation(relation_id).remote_units[name]
        if unit.presence is unit_state.Presence.COMING:
            del self.relation(relation_id).remote_units[name]
        else:
            unit.presence = unit_state.Presence.LEAVING

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
        """Give a secret other content; secret-changed is due where this unit has read it."""
        secret = self.secret(secret_id)
        if secret.revisions[secret.latest] == dict(content):
            return
        secret.revisions[secret.latest + 1] = dict(content)
        if secret.tracked is not None and secret.id not in self.agenda.secrets:
            self.agenda.secrets.append(secret.id)

    def grant_secret(self, secret_id: str, granted: bool = True) -> None:
        """Grant a user secret to the application, or take the grant back: no hook runs."""
        self.secret(secret_id).granted = granted

    def remove_secret(self, secret_id: str) -> None:
        """Remove a user secret: no hook runs."""
        del self.databags.secrets[self.secret(secret_id).id]

    def secret(self, secret_id: str) -> unit_state.Secret:
        """A user secret by its id.

        Raises:
            AgentError: if there is none.
        """
        found = self.databags.secrets.get(secret_id.removeprefix(secret_commands.SCHEME))
        if found is None:
            raise AgentError(f"there is no secret {secret_id}")
        return found

    @property
    def peer_app_data(self) -> dict[str, str]:
        """The application databag of the first peer relation; may be changed between hooks."""
        return self.relation(self.relation_id(self.files.peers[0])).local_app_data

    def add_relation(
        self,
        endpoint: str,
        remote_app: str,
        is_peer: bool = False,
        relation_id: int | None = None,
    ) -> unit_state.Relation:
        """Add a relation without data; where no number is given, the next one is taken.

        Raises:
            ValueError: if the charm has no such endpoint.
        """
        if endpoint not in self.files.endpoints:
            raise ValueError(f"the charm has no endpoint {endpoint!r}")
        number = next(self._ids) if relation_id is None else relation_id
        addresses = self._addresses(self.address)
        relation = unit_state.Relation(
            number, endpoint, remote_app, is_peer, local_unit_data=addresses
        )
        self.databags.relations[relation.id] = relation
        return relation

    def _addresses(self, address: str) -> dict[str, str]:
        """What Juju itself writes into every unit's databag."""
        values = {"egress-subnets": f"{address}/32", "ingress-address": address}
        return {
            **values,
            **({"private-address": address} if self.behaviour.private_address else {}),
        }
