#!/usr/bin/env python3
"""The charm: events in, statuses out. All thinking is done in `coordinator`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import ops

import peer_state
import unit_state
from coordinator import private_files, status
from coordinator.juju import snap
from relations import transfers
from relations.endpoints import IDENTITY, LISTENERS, MONITORING, OBSERVED, PEERS

if TYPE_CHECKING:
    import actions
    import duties
    from monitoring import monitor

logger = logging.getLogger(__name__)

ENDPOINTS = (*OBSERVED, LISTENERS, MONITORING, PEERS)

QUIET_LOGGERS = ("charmlibs", "jubilant")
"""Loggers whose lines that tell of nothing bad would each cost a call of juju-log."""

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
        self._regular = False
        self._loaded: duties.Duties | None = None
        self._shown: dict[str, str] = {}
        self._status: status.Status | None = None
        self._announced = False
        on, observe = self.on, framework.observe
        observe(on.update_status, self._on_update_status)
        observe(on.secret_changed, self._on_secret_changed)
        for event in (on.start, on.leader_elected):
            observe(event, self._on_reason_to_verify)
        observe(on.upgrade_charm, self._on_upgrade_charm)
        for event in (on.install, on.config_changed):
            observe(event, self._on_possible_change)
        for endpoint in OBSERVED:
            observe(on[endpoint].relation_created, self._on_possible_change)
            observe(on[endpoint].relation_joined, self._on_possible_change)
            observe(on[endpoint].relation_changed, self._on_possible_change)
            observe(on[endpoint].relation_departed, self._on_possible_change)
            observe(on[endpoint].relation_broken, self._on_possible_change)
        observe(on[LISTENERS].relation_created, self._on_listener)
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
        observe(framework.on.commit, self._on_commit)

    # Events

    def _on_update_status(self, _event: ops.UpdateStatusEvent) -> None:
        """Nothing that Juju tells is new; the cloud may be another one."""
        self._regular = True
        self._observe(certain=True)

    def _on_secret_changed(self, _event: ops.SecretChangedEvent) -> None:
        """The user of the controller may be another one."""
        self._observe(certain=True)

    def _on_reason_to_verify(self, _event: ops.EventBase) -> None:
        """The cloud, the leader or the charm may be another one."""
        self._forget_relations()
        self._duties.request_credentials()
        self._observe(certain=True)

    def _on_upgrade_charm(self, event: ops.UpgradeCharmEvent) -> None:
        self._peers.clean_unit()
        self._on_reason_to_verify(event)

    def _on_possible_change(self, event: ops.EventBase) -> None:
        """Options or relations may be others: several events in a row often bring one state."""
        self._forget_relations()
        ends = isinstance(event, ops.RelationBrokenEvent | ops.RelationDepartedEvent)
        if ends and self._is_leaving():
            self._status = _LEAVING
            return
        if not isinstance(event, ops.RelationEvent) or event.relation.name == IDENTITY:
            self._duties.request_credentials()
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
        work = self._duties
        work.prepare()
        obstacle = work.obstacle
        if obstacle is None:
            if certain or work.is_news:
                self._actions().react()
        elif self._is_leaving():
            self._status = _LEAVING
        else:
            self._withdraw()
            work.tell_obstacle(obstacle)
        work.finish()

    def _on_listener(self, _event: ops.EventBase) -> None:
        """A charm that waits for the stack came: it is told what the others know."""
        self._forget_relations()
        if self.unit.is_leader():
            self._duties.tell_listeners()

    def _forget_relations(self) -> None:
        """An endpoint without relations may have one now."""
        self._files.keep_news(unit_state.UNRELATED, "")

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

    # Monitoring

    def _on_monitoring(self, _event: ops.EventBase) -> None:
        """The port may be another one, the charm another revision, or the collector is new."""
        from config import parse_metrics_port  # noqa: PLC0415 - as below

        self._monitor().serve(parse_metrics_port(self.config))

    def _withdraw(self) -> None:
        """What this unit exported is not its own to say any more, or no longer true."""
        if self._files.read(unit_state.EXPORTED):
            self._monitor().withdraw()

    def _monitor(self) -> monitor.Monitor:
        """What the collector gets."""
        from monitoring.monitor import Monitor  # noqa: PLC0415 - a seam: most hooks export nothing

        return Monitor(self, self._files)

    # Statuses

    def _show(self, told: status.Status) -> None:
        self._status = told

    def _announce(self, line: str) -> None:
        """Show at once what takes long; the final status comes at the end of the hook."""
        logger.info(line)
        self._announced = True
        for name in (unit_state.UNIT_STATUS, unit_state.APP_STATUS):
            self._files.keep_news(name, "")
        shown = ops.MaintenanceStatus(status.message(line))
        self.unit.status = shown
        if self.unit.is_leader():
            self.app.status = shown

    def _on_collect_status(self, event: ops.CollectStatusEvent) -> None:
        """The status of this hook; without news, the one that is shown stays."""
        told = self._status
        if told is None and not self.unit.is_leader():
            told = status.standby(self._peers.status())
        if told is None and self._loaded is not None:
            told = self._loaded.seen.fault
        if told is None and self._announced:
            told = self._peers.status() or _NOTHING_VERIFIED
        if told is None:
            return
        of_unit = event.handle.kind == "collect_unit_status"
        name = unit_state.UNIT_STATUS if of_unit else unit_state.APP_STATUS
        text = f"{told.level.value} {told.message}"
        if self._regular and self._files.read(name) == text:
            return
        if told is not _LEAVING:
            self._shown[name] = text
        event.add_status(_STATUSES[told.level](told.message))

    def _on_commit(self, _event: ops.CommitEvent) -> None:
        """Remember what is shown, after it was: a hook that died before shows it once more."""
        for name, text in self._shown.items():
            self._files.keep_news(name, text)

    # Actions

    @property
    def _duties(self) -> duties.Duties:
        """What a hook with possible work does."""
        from duties import Duties  # noqa: PLC0415 - a seam: a quiet hook reads no relations

        if self._loaded is None:
            self._loaded = Duties(
                self,
                peers=self._peers,
                files=self._files,
                transferred=self._transfers,
                show=self._show,
                regular=self._regular,
            )
        return self._loaded

    def _actions(self) -> actions.Actions:
        """What works with the cloud and the controller."""
        from actions import Actions  # noqa: PLC0415 - a seam: without a request, no cloud

        work = self._duties
        return Actions(
            self,
            seen=work.seen,
            choice=work.choice,
            proxies=work.proxies,
            peers=self._peers,
            files=self._files,
            announce=self._announce,
            tell=work.tell,
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
    logging.disable(logging.DEBUG)  # ops has two such lines in each hook, each a call of juju-log
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    ops.main(TelemetryCoordinatorCharm)
