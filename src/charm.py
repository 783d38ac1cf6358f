#!/usr/bin/env python3
"""The charm: events in, statuses out. All thinking is done in `coordinator`."""

from __future__ import annotations

import functools
import gc
import logging
from typing import TYPE_CHECKING

if __name__ == "__main__":
    gc.disable()  # what is loaded now lives as long as the hook: no reason to look through it

import ops

import peer_state
import unit_state
from coordinator import private_files, status
from coordinator.juju import snap
from relations.endpoints import IDENTITY, LISTENERS, MONITORING, OBSERVED, TRANSFERS

if TYPE_CHECKING:
    from actions import Actions
    from hook import Hook

QUIET_LOGGERS = ("charmlibs", "jubilant")
"""Loggers whose lines that tell of nothing bad would each cost a call of juju-log."""

_ASKED = (IDENTITY, TRANSFERS)
"""Endpoints on which this unit asks for something."""

_LEAVING = status.Status(status.Level.MAINTENANCE, "leaving the model")


class TelemetryCoordinatorCharm(ops.CharmBase):
    """Verifies the telemetry stack when something may have changed it, and at update-status."""

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        self._peers = peer_state.PeerState(self)
        self._files = unit_state.UnitState(self.charm_dir, self.unit.name)
        self._loaded: Hook | None = None
        self._regular = False
        self._leaves = False
        self._offered = ""
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
        for action in (
            on.verify_stack_action,
            on.ceilometer_upgrade_action,
            on.show_report_action,
            on.plan_stack_action,
        ):
            observe(action, self._on_action)
        for event in (on.collect_unit_status, on.collect_app_status):
            observe(event, self._on_collect_status)
        observe(framework.on.commit, self._on_commit)

    # Events

    def _on_update_status(self, _event: ops.UpdateStatusEvent) -> None:
        """Nothing that Juju tells is new; the cloud may be another one."""
        self._regular = True
        self._observe(certain=True)

    def _on_secret_changed(self, _event: ops.SecretChangedEvent) -> None:
        """The user of the controller may be another one."""
        self._observe(certain=True)

    def _on_reason_to_verify(self, event: ops.EventBase) -> None:
        """The cloud, the leader or the charm may be another one."""
        self._mark_relations(event)
        self._hook.ask()
        self._observe(certain=True)

    def _on_upgrade_charm(self, event: ops.UpgradeCharmEvent) -> None:
        self._peers.clean_unit()
        self._on_reason_to_verify(event)

    def _on_possible_change(self, event: ops.EventBase) -> None:
        """Options or relations may be others: several events in a row often bring one state."""
        self._mark_relations(event)
        ends = isinstance(event, ops.RelationBrokenEvent | ops.RelationDepartedEvent)
        if ends and self._is_leaving():
            self._leaves = True
            return
        if not isinstance(event, ops.RelationEvent) or event.relation.name in _ASKED:
            self._hook.ask()
        self._observe(certain=False)

    def _observe(self, *, certain: bool) -> None:
        """Let the leader verify; what another unit told is not its own to say any more."""
        if self.unit.is_leader():
            self._leaves = self._hook.seen.blocker is not None and self._is_leaving()
            if not self._leaves and self._hook.observe(certain=certain):
                self._actions.react()
            return
        for name in (unit_state.STACK, unit_state.STACK_STATUS):
            self._files.keep_news(name, "")
        if self._files.read(unit_state.EXPORTED):
            self._hook.exporter.withdraw()

    def _on_listener(self, event: ops.EventBase) -> None:
        """A charm that waits for the stack came: it is told what the others know."""
        self._mark_relations(event)
        if self.unit.is_leader():
            self._hook.tell_listeners()

    def _mark_relations(self, event: ops.EventBase) -> None:
        """Forget which endpoints have no relation, where one of them may have one now."""
        unrelated = self._files.read(unit_state.UNRELATED).split()
        if not isinstance(event, ops.RelationEvent) or event.relation.name in unrelated:
            self._files.keep_news(unit_state.UNRELATED, "")

    def _on_monitoring(self, _event: ops.EventBase) -> None:
        """The port may be another one, the charm another revision, or the collector is new."""
        self._hook.serve()

    def _on_action(self, event: ops.ActionEvent) -> None:
        """Nothing that Juju tells is new; a person asks."""
        self._regular = True
        self._actions.run(event)

    def _on_leaving(self, event: ops.EventBase) -> None:
        self._leaves = True
        if isinstance(event, ops.RemoveEvent):
            self._hook.exporter.stop()
            self._files.remove()

    def _is_leaving(self) -> bool:
        """True if no unit of the application is to stay: nobody is asked for anything then."""
        try:
            return self.app.planned_units() == 0
        except ops.ModelError:
            return False

    @property
    def _hook(self) -> Hook:
        if self._loaded is None:
            from hook import Hook  # noqa: PLC0415 - a quiet hook has nothing to do

            self._loaded = Hook(self, self._peers, self._files)
        return self._loaded

    @functools.cached_property
    def _actions(self) -> Actions:
        from actions import Actions  # noqa: PLC0415 - 0.1 s, where nothing is verified

        return Actions(self._hook)

    # Statuses

    def _on_collect_status(self, event: ops.CollectStatusEvent) -> None:
        """Offer what each concern says, of which ops shows the worst; nothing, without news."""
        offers = self._offers()
        self._offered = "\n".join(f"{one.level.value} {one.message}" for one in offers)
        if self._offered and self._files.read(unit_state.SHOWN) != self._offered:
            self._files.keep_news(unit_state.SHOWN, "")  # a hook that dies may show either
        elif self._regular:
            return
        for one in offers:
            event.add_status(ops.StatusBase.from_name(one.level.value, one.message))

    def _offers(self) -> list[status.Status]:
        """The statuses that hold now; for a unit that leaves or does not lead, no other counts."""
        if self._leaves:
            return [_LEAVING]
        if not self.unit.is_leader():
            return [status.standby(self._peers.status())]
        return self._loaded.publisher.offers if self._loaded is not None else []

    def _on_commit(self, _event: ops.CommitEvent) -> None:
        """Remember what was done, after it was: a hook that died before does it once more."""
        if self._leaves:
            return
        if self._offered:
            self._files.keep_news(unit_state.SHOWN, self._offered)
        if self._loaded is not None:
            self._files.keep_news(unit_state.UNRELATED, self._loaded.relations.unrelated)
            if self._loaded.publisher.verified:
                self._files.keep_news(unit_state.VERIFIED, self._loaded.publisher.verified)


if __name__ == "__main__":  # pragma: nocover
    gc.freeze()
    gc.enable()
    private_files.remove_when_terminated()
    private_files.sweep(snap.common_folder())
    logging.disable(logging.DEBUG)  # ops has two such lines in each hook, each a call of juju-log
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    ops.main(TelemetryCoordinatorCharm)
