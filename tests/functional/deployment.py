"""The charm as Juju would run it, event by event, on real services.

Only Juju is played (by ops.testing); the databags come from the real keystone, and everything that
the charm asks, it asks over HTTP.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import pathlib
import re
import tempfile
from collections.abc import Mapping
from typing import Any, cast

import jsonschema
from ops import testing

import charm
import unit_state
from coordinator.report.finding import Finding
from coordinator.report.report import Report
from tests.support.juju.controller import MODEL
from tests.support.openstack import Stack

ROOT = pathlib.Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs/reference/report.schema.json").read_text(encoding="utf-8"))


@dataclasses.dataclass(frozen=True)
class Action:
    """How an action ended: its results, its progress lines, and why it failed if it did."""

    results: dict[str, Any]
    logs: list[str]
    failure: str = ""


class Deployment:
    """One unit of the coordinator beside a keystone and a gnocchi application."""

    def __init__(
        self,
        stack: Stack,
        config: Mapping[str, str | int],
        folder: pathlib.Path,
        unit: int = 0,
    ) -> None:
        """Deploy it.

        Args:
            stack: the cloud.
            config: options that differ from their defaults. Deeper questions are off unless asked
                for: canaries take a second or two in every hook.
            folder: where the charm's folder is made, which lives as long as the unit.
            unit: number of the unit.
        """
        self.stack = stack
        root = pathlib.Path(tempfile.mkdtemp(prefix="charm-", dir=folder))
        self._files = unit_state.UnitState(root, f"telemetry-coordinator/{unit}")
        self._context = testing.Context(
            charm.TelemetryCoordinatorCharm, charm_root=root, unit_id=unit
        )
        self._peers = testing.PeerRelation("coordinators")
        self._identity = testing.Relation("identity-credentials", remote_app_name="keystone")
        self._metric = testing.Relation("metric-service", remote_app_name="gnocchi")
        self.state: testing.State = testing.State(
            leader=True,
            config={"deep-verification": "off", **config},
            model=testing.Model("openstack", uuid=MODEL),
            relations={self._peers, self._identity, self._metric},
        )
        self.give_credentials(stack.credentials_databag())
        self.give_gnocchi_url(stack.gnocchi_url)

    # What others do

    def give_credentials(self, *databags: dict[str, str]) -> None:
        """Keystone's units write their databags; the first is unit 0."""
        self._replace(self._identity, dict(enumerate(databags)))

    def give_gnocchi_url(self, url: str) -> None:
        self._replace(self._metric, {0: {"gnocchi_url": url} if url else {}})

    def grant_juju_access(self, **content: str) -> None:
        """An operator makes a secret, grants it, and names it in the option."""
        secret = testing.Secret(content)
        self.state = dataclasses.replace(self.state, secrets={secret})
        self.configure(juju_access=secret.id)

    def relate(self, endpoint: str, application: str, **databag: str) -> testing.Relation:
        """Integrate an application; its unit has joined, and nothing has heard of that yet."""
        made = testing.Relation(endpoint, remote_app_name=application)
        self._announce(made)
        joined = dataclasses.replace(made, remote_units_data={0: databag})
        self._put(joined)
        return joined

    def transfer_ca(self, certificate: str) -> testing.Relation:
        """A charm transfers a CA certificate over receive-ca-cert (version 1 of the interface)."""
        made = testing.Relation("receive-ca-cert", remote_app_name="self-signed-certificates")
        self._announce(made)
        data = {"certificates": json.dumps([certificate]), "version": "1"}
        told = dataclasses.replace(made, remote_app_data=data)
        self._put(told)
        return told

    def _announce(self, relation: testing.Relation) -> None:
        """Juju tells of a relation before anybody has joined it."""
        empty = dataclasses.replace(relation, remote_units_data={})
        self._put(empty)
        self._run(self._context.on.relation_created(empty))

    def _put(self, relation: testing.RelationBase) -> None:
        others = {one for one in self.state.relations if one.id != relation.id}
        self.state = dataclasses.replace(self.state, relations={*others, relation})

    def configure(self, **config: str | int) -> None:
        options = {key.replace("_", "-"): value for key, value in config.items()}
        self.state = dataclasses.replace(self.state, config={**self.state.config, **options})
        self._run(self._context.on.config_changed())

    def reset(self, option: str) -> None:
        """`juju config --reset`."""
        config = {key: value for key, value in self.state.config.items() if key != option}
        self.state = dataclasses.replace(self.state, config=config)
        self._run(self._context.on.config_changed())

    def _replace(self, relation: testing.Relation, units: dict[int, dict[str, str]]) -> None:
        changed = dataclasses.replace(
            self.state.get_relation(relation.id), remote_units_data=units
        )
        self._put(changed)

    # What time does

    def age_failure(self, minutes: int) -> None:
        """Let time pass since the last failure."""
        record = self.record
        at = datetime.datetime.fromisoformat(record["failure"]["at"])
        record["failure"]["at"] = (at - datetime.timedelta(minutes=minutes)).isoformat()
        self.keep({**self.peer_data(), "record": json.dumps(record)})

    def forget_record(self) -> None:
        """Lose the record, as when Juju did not take what a hook wrote that was killed."""
        self.keep({key: text for key, text in self.peer_data().items() if key != "record"})

    def keep(self, data: Mapping[str, str]) -> None:
        """Replace the application's peer databag."""
        peers = self.state.get_relation(self._peers.id)
        others = {r for r in self.state.relations if r.id != peers.id}
        changed = dataclasses.replace(peers, local_app_data=dict(data))
        self.state = dataclasses.replace(self.state, relations={*others, changed})

    # What Juju does

    def update_status(self) -> None:
        self._run(self._context.on.update_status())

    def lead(self, leads: bool) -> None:
        """Make the unit leader, or take that from it; Juju runs no hook for the latter."""
        self.state = dataclasses.replace(self.state, leader=leads)

    def leader_elected(self) -> None:
        self._run(self._context.on.leader_elected())

    def departed(self, relation: testing.Relation) -> None:
        current = self.state.get_relation(relation.id)
        event = self._context.on.relation_departed(current, remote_unit=0, departing_unit=0)
        self._run(event)

    def identity_changed(self) -> None:
        relation = self.state.get_relation(self._identity.id)
        self._run(self._context.on.relation_changed(relation, remote_unit=0))

    def changed(self, relation: testing.Relation) -> None:
        current = self.state.get_relation(relation.id)
        self._run(self._context.on.relation_changed(current, remote_unit=0))

    def action(self, name: str, **params: str | bool) -> Action:
        defaults = {} if name == "ceilometer-upgrade" else {"format": "text"}
        event = self._context.on.action(name, params={**defaults, **params})
        failure = ""
        try:
            self._run(event)
        except testing.ActionFailed as failed:
            failure = failed.message
            self.state = cast("testing.State", failed.state)
        return Action(self._context.action_results or {}, list(self._context.action_logs), failure)

    def _run(self, event: Any) -> None:
        self.state = self._context.run(event, self.state)

    # What an operator sees

    @property
    def status(self) -> tuple[str, str]:
        """Level and message, without the time since when: that is the test's own."""
        shown = self.state.unit_status
        return shown.name, re.sub(r" since \d+ [A-Z][a-z]+ \d\d:\d\dZ", "", shown.message)

    @property
    def passing_statuses(self) -> list[str]:
        """Messages that the unit showed on the way to its present status."""
        return [status.message for status in self._context.unit_status_history]

    @property
    def report(self) -> Report:
        """The last report of this unit, whose JSON is as its schema says."""
        text = self._files.read("report.json")
        jsonschema.validate(json.loads(text), SCHEMA)
        report = Report.from_json(text)
        assert report is not None
        return report

    @property
    def record(self) -> dict[str, Any]:
        return json.loads(self.peer_data()["record"])

    def finding(self, check: str) -> Finding:
        return next(finding for finding in self.report.findings if finding.check == check)

    def everything_said(self) -> str:
        """All texts that leave the charm: statuses, logs, databags and results."""
        logs = [line.message for line in self._context.juju_log]
        results = json.dumps(self._context.action_results or {})
        relations = [
            json.dumps(getattr(r, "local_app_data", {})) + json.dumps(r.local_unit_data)
            for r in self.state.relations
        ]
        return "\n".join(
            [
                *logs,
                *relations,
                results,
                *self.passing_statuses,
                str(self.state.unit_status),
                *self._context.action_logs,
            ]
        )

    def peer_data(self) -> Mapping[str, str]:
        return self.state.get_relation(self._peers.id).local_app_data
