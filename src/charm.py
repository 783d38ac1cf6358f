#!/usr/bin/env python3
"""The charm: events in, statuses out. All thinking is done in `coordinator`."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import ops

import config
import inputs
import peer_state
import relations
import stack_status
import transfers
import unit_state
from charms.telemetry_coordinator.v0 import telemetry_stack
from coordinator import private_files, status
from coordinator.blueprint import loader
from coordinator.juju import snap
from coordinator.openstack.proxies import Proxies

if TYPE_CHECKING:
    import actions
    from monitoring import monitor

logger = logging.getLogger(__name__)

OBSERVED = (
    inputs.IDENTITY,
    inputs.NOTIFICATIONS,
    inputs.METRIC,
    inputs.CERTIFICATES,
    inputs.TRANSFERS,
    inputs.MEMBERS,
)
"""Endpoints whose changes may change what is verified."""

MONITORING = "cos-agent"
"""Where the collector of the Canonical Observability Stack is integrated."""

ENDPOINTS = (*OBSERVED, stack_status.ENDPOINT, MONITORING, peer_state.PEERS)

QUIET_LOGGERS = ("coordinator.openstack.http", "charmlibs", "jubilant")
"""Loggers whose debug lines would each cost a call of juju-log."""

_STACK = "stack.json"
"""What other charms were told last."""

_ABOUT = "stack-status.json"
"""The status in it, where units are told another one: a fault of an option is not theirs."""

_STATUSES = {
    status.Level.BLOCKED: ops.BlockedStatus,
    status.Level.WAITING: ops.WaitingStatus,
    status.Level.MAINTENANCE: ops.MaintenanceStatus,
    status.Level.ACTIVE: ops.ActiveStatus,
}

_LEAVING = status.Status(status.Level.MAINTENANCE, "leaving the model")
_NOTHING_VERIFIED = status.waiting("nothing was verified yet")


class TelemetryCoordinatorCharm(ops.CharmBase):
    """Verifies the telemetry stack when something may have changed it, and at update-status."""

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        self._peers = peer_state.PeerState(self)
        self._files = unit_state.UnitState(self.charm_dir, self.unit.name)
        self._transfers = transfers.Transfers(self)
        self._provider = telemetry_stack.TelemetryStackProvider(self, stack_status.ENDPOINT)
        self._proxies = Proxies.from_environment(os.environ)
        self._gathered: inputs.Inputs | None = None
        self._status: status.Status | None = None
        self._announced = False
        on, observe = self.on, framework.observe
        for event in (on.start, on.leader_elected, on.update_status, on.secret_changed):
            observe(event, self._on_reason_to_verify)
        observe(on.upgrade_charm, self._on_reason_to_verify)
        for event in (on.install, on.config_changed):
            observe(event, self._on_possible_change)
        for endpoint in OBSERVED:
            observe(on[endpoint].relation_created, self._on_possible_change)
            observe(on[endpoint].relation_joined, self._on_possible_change)
            observe(on[endpoint].relation_changed, self._on_possible_change)
            observe(on[endpoint].relation_departed, self._on_possible_change)
            observe(on[endpoint].relation_broken, self._on_possible_change)
        observe(on[stack_status.ENDPOINT].relation_created, self._on_listener)
        for event in (on.install, on.start, on.config_changed, on.upgrade_charm):
            observe(event, self._on_monitoring)
        for event in (on[MONITORING].relation_created, on[MONITORING].relation_joined):
            observe(event, self._on_monitoring)
        for event in (on.stop, on.remove):
            observe(event, self._on_leaving)
        observe(on.verify_stack_action, self._on_verify_stack)
        observe(on.ceilometer_upgrade_action, self._on_ceilometer_upgrade)
        observe(on.show_report_action, self._on_show_report)
        observe(on.plan_stack_action, self._on_plan_stack)
        observe(on.collect_unit_status, self._on_collect_status)
        observe(on.collect_app_status, self._on_collect_status)

    @property
    def _inputs(self) -> inputs.Inputs:
        """Options and relations, read once in a hook."""
        if self._gathered is None:
            certificates = self._transfers.certificates()
            self._gathered = inputs.gather(
                self.model, self.config, self._choice, certificates, self._proxies
            )
        return self._gathered

    @functools.cached_property
    def _choice(self) -> loader.Choice:
        """Which blueprint is in force."""
        changes = config.parse_blueprint(self.config)
        return loader.choose(changes, self._peers.blueprint)

    # Events

    def _on_reason_to_verify(self, _event: ops.EventBase) -> None:
        """The cloud, the leader or the charm may be another one."""
        self._request_credentials()
        self._observe(certain=True)

    def _on_possible_change(self, event: ops.EventBase) -> None:
        """Options or relations may be others: several events in a row often bring one state."""
        ends = isinstance(event, ops.RelationBrokenEvent | ops.RelationDepartedEvent)
        if ends and self._is_leaving():
            self._status = _LEAVING
            return
        self._request_credentials()
        self._observe(certain=False)

    def _observe(self, *, certain: bool) -> None:
        """The one loop: observe, verify, decide, act, publish.

        Args:
            certain: whether to verify although nothing that Juju tells is another than the last
                time.
        """
        if not self.unit.is_leader():
            self._withdraw()
            return
        seen = self._inputs
        if self._choice.problem:
            logger.warning(self._choice.problem)
        self._peers.keep_blueprint(self._choice.changes)
        if seen.request is None or seen.settings is None or seen.obstacle is not None:
            if self._is_leaving():
                self._status = _LEAVING
                return
            self._files.keep(unit_state.VERIFIED, "")
            self._withdraw()
            told = seen.fault or _NOTHING_VERIFIED
            now = datetime.datetime.now(datetime.timezone.utc)
            self._files.keep_history(self._files.history().noted(told.seen_at(now)))
            self._tell(told)
        elif certain or self._files.read(unit_state.VERIFIED) != seen.digest:
            self._actions().react()

    def _on_listener(self, _event: ops.EventBase) -> None:
        """A charm that waits for the stack came: it is told what the others know."""
        if self.unit.is_leader():
            told = telemetry_stack.Stack.from_json(self._files.read(_STACK))
            last = self._peers.status() or self._inputs.fault
            if told is None and last is not None:
                told = stack_status.unverified(last)
            if told is not None:
                self._provider.publish(told)

    def _on_leaving(self, event: ops.EventBase) -> None:
        self._status = _LEAVING
        if isinstance(event, ops.RemoveEvent):
            self._monitor().stop()
            self._files.remove()

    def _is_leaving(self) -> bool:
        """No unit of the application is to stay: nobody is asked for anything any more."""
        try:
            return self.app.planned_units() == 0
        except ops.ModelError:
            return False

    def _on_monitoring(self, _event: ops.EventBase) -> None:
        """The port may be another one, the charm another revision, or the collector is new."""
        self._monitor().serve(config.parse_metrics_port(self.config))

    def _withdraw(self) -> None:
        """What this unit exported is not its own to say any more, or no longer true."""
        if self._files.read(unit_state.EXPORTED):
            self._monitor().withdraw()

    def _monitor(self) -> monitor.Monitor:
        """What the collector gets."""
        from monitoring.monitor import Monitor  # noqa: PLC0415 - as below

        return Monitor(self, self._files)

    def _request_credentials(self) -> None:
        """Ask keystone for a user; without valid options, what was asked before stays."""
        try:
            grants = config.parse(self.config, self._choice.services).requested_grants
        except config.OptionsError:
            return
        wanted = relations.identity_request(self.app.name, grants)
        for relation in self.model.relations[inputs.IDENTITY]:
            if not relation.active:
                continue
            databag = relation.data[self.unit]
            asked = {key: databag[key] for key in relations.REQUEST_KEYS if key in databag}
            if asked != wanted:
                databag.update({**dict.fromkeys(asked, ""), **wanted})

    # What is published

    def _tell(
        self,
        told: status.Status,
        stack: Callable[[status.Status], telemetry_stack.Stack] = stack_status.unverified,
        about: status.Status | None = None,
    ) -> None:
        """Show a status, and tell it to other units and charms if this unit leads.

        Args:
            told: the status.
            stack: makes of a status what other charms are told.
            about: the status of the stack, where it is not the same.
        """
        self._status = told
        if not self.unit.is_leader():
            return
        # no number moves by itself in what options and relations lack: each one is news
        exact = told == self._inputs.fault
        known = self._peers.keep_status(told, exact=exact)
        self._status = dataclasses.replace(told, since=known.since)
        if about is not None and about != told:
            known = about.settled(status.Status.from_json(self._files.read(_ABOUT)))
            self._files.keep(_ABOUT, known.to_json())
        published = stack(known)
        self._files.keep(_STACK, published.to_json())
        self._provider.publish(published)

    def _announce(self, line: str) -> None:
        """Show at once what takes long; the final status comes at the end of the hook."""
        logger.info(line)
        self._announced = True
        shown = ops.MaintenanceStatus(status.message(line))
        self.unit.status = shown
        if self.unit.is_leader():
            self.app.status = shown

    def _on_collect_status(self, event: ops.CollectStatusEvent) -> None:
        """The status of this hook; without news, the one that is shown stays."""
        told = self._status
        if told is None and not self.unit.is_leader():
            told = status.standby(self._peers.status())
        if told is None and self._gathered is not None:
            told = self._gathered.fault
        if told is None and self._announced:
            told = self._peers.status() or _NOTHING_VERIFIED
        if told is not None:
            event.add_status(_STATUSES[told.level](told.message))

    # Actions

    def _actions(self) -> actions.Actions:
        """What works with the cloud and the controller."""
        from actions import Actions  # noqa: PLC0415 - the one seam: a quiet hook loads none of it

        return Actions(
            self,
            seen=self._inputs,
            choice=self._choice,
            proxies=self._proxies,
            peers=self._peers,
            files=self._files,
            announce=self._announce,
            tell=self._tell,
        )

    def _on_verify_stack(self, event: ops.ActionEvent) -> None:
        self._actions().verify_stack(event)

    def _on_ceilometer_upgrade(self, event: ops.ActionEvent) -> None:
        self._actions().ceilometer_upgrade(event)

    def _on_show_report(self, event: ops.ActionEvent) -> None:
        self._actions().show_report(event)

    def _on_plan_stack(self, event: ops.ActionEvent) -> None:
        self._actions().plan_stack(event)


if __name__ == "__main__":  # pragma: nocover
    private_files.remove_when_terminated()
    private_files.sweep(snap.common_folder())
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    ops.main(TelemetryCoordinatorCharm)
