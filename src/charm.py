#!/usr/bin/env python3
"""The charm: events in, statuses and action results out. All thinking is done in `telemetry`."""

from __future__ import annotations

import functools
import logging
import os
from typing import TYPE_CHECKING

import ops

import config
import inputs
import peer_state
import relations
import stack_status
import transfers
from charms.telemetry_coordinator.v0 import telemetry_stack
from coordinator import status
from coordinator.blueprint import loader
from coordinator.openstack.proxies import Proxies
from coordinator.upgrade import decision

if TYPE_CHECKING:
    from coordinator import reconcile
    from coordinator.report.report import Report
    from coordinator.request import Request

logger = logging.getLogger(__name__)

ENDPOINTS = (
    inputs.IDENTITY,
    "identity-notifications",
    inputs.METRIC,
    inputs.CERTIFICATES,
    transfers.ENDPOINT,
    inputs.MEMBERS,
    stack_status.ENDPOINT,
    peer_state.PEERS,
)
QUIET_LOGGERS = ("keystoneauth", "urllib3", "requests", "charmlibs", "jubilant")
"""Libraries whose debug lines would each cost a call of juju-log."""

_STATUSES = {
    status.Level.BLOCKED: ops.BlockedStatus,
    status.Level.WAITING: ops.WaitingStatus,
    status.Level.MAINTENANCE: ops.MaintenanceStatus,
    status.Level.ACTIVE: ops.ActiveStatus,
}


class TelemetryCoordinatorCharm(ops.CharmBase):
    """Verifies the telemetry stack on every event that could have changed it."""

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        self._memory = peer_state.Memory(self)
        self._transfers = transfers.Transfers(self)
        self._provider = telemetry_stack.TelemetryStackProvider(self, stack_status.ENDPOINT)
        self._proxies = Proxies.from_environment(os.environ)
        self._verdict: status.Status | None = None
        events = [
            self.on.install,
            self.on.start,
            self.on.config_changed,
            self.on.leader_elected,
            self.on.update_status,
            self.on.upgrade_charm,
            self.on.secret_changed,
        ]
        for endpoint in ENDPOINTS:
            changes = self.on[endpoint]
            events += [changes.relation_created, changes.relation_joined]
            events += [changes.relation_changed, changes.relation_departed]
            events += [changes.relation_broken]
        for event in events:
            framework.observe(event, self._on_event)
        for event in (self.on.stop, self.on.remove):
            framework.observe(event, self._on_leaving)
        framework.observe(self.on.verify_stack_action, self._on_verify_stack)
        framework.observe(self.on.ceilometer_upgrade_action, self._on_ceilometer_upgrade)
        framework.observe(self.on.show_report_action, self._on_show_report)
        framework.observe(self.on.plan_stack_action, self._on_plan_stack)
        framework.observe(self.on.collect_unit_status, self._on_collect_unit_status)
        framework.observe(self.on.collect_app_status, self._on_collect_app_status)

    @functools.cached_property
    def _inputs(self) -> inputs.Inputs:
        """Options and relations, read once in a hook."""
        certificates = self._transfers.certificates()
        return inputs.gather(self.model, self.config, self._choice, certificates, self._proxies)

    @functools.cached_property
    def _choice(self) -> loader.Choice:
        """Which blueprint is in force."""
        changes = config.parse_blueprint(self.config)
        return loader.choose(changes, self._memory.blueprint)

    # Events

    def _on_event(self, _event: ops.EventBase) -> None:
        """The one loop: observe, verify, decide, act, publish."""
        self._request_credentials()
        if not self.unit.is_leader():
            return
        seen = self._inputs
        if self._choice.problem:
            logger.warning(self._choice.problem)
        self._memory.keep_blueprint(self._choice.changes)
        if seen.request is None or seen.settings is None or seen.obstacle is not None:
            self._judge(seen.fault)
            return
        from coordinator import reconcile  # noqa: PLC0415 - a quiet hook needs no HTTP stack

        remembered = self._memory.record()
        request = seen.request.after(self._memory.report())
        turn = reconcile.turn(request, remembered.record, self._means(remembered, installs=True))
        self._publish(turn, remembered)

    def _on_leaving(self, _event: ops.EventBase) -> None:
        self._verdict = status.Status(status.Level.MAINTENANCE, "leaving the model")

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

    def _means(self, remembered: peer_state.Remembered, *, installs: bool) -> reconcile.Means:
        import wiring  # noqa: PLC0415 - as above

        seen = self._inputs
        if seen.settings is None:
            raise ValueError("without valid options there is nothing to do")
        return wiring.means(
            self,
            seen,
            seen.settings,
            self._proxies,
            self._announce,
            writable=remembered.writable,
            notes=self._memory,
            installs=installs,
        )

    def _announce(self, line: str) -> None:
        """Show at once what takes long; the final status comes at the end of the hook."""
        logger.info(line)
        self.unit.status = ops.MaintenanceStatus(status.message(line))

    # What is published

    def _publish(self, turn: reconcile.Turn, remembered: peer_state.Remembered) -> None:
        """Remember the outcome and sum it up."""
        if turn.run is not None:
            logger.info("ceilometer-upgrade: %s", turn.run.error or "done, and proven")
        self._memory.keep_record(turn.record, remembered)
        self._memory.keep_report(turn.report)
        build = turn.report.builds.get("metric")
        if build:
            self.unit.set_workload_version(f"gnocchi {build}")
        judged = status.of_stack(
            turn.report, turn.record, turn.decision, self.app.name, turn.sight.name
        )
        settled = judged.level is status.Level.ACTIVE
        if remembered.problem and (settled or turn.decision.step is decision.Step.ADVISE):
            judged = remembered.problem
        if self._inputs.obstacle is not None:
            self._judge(self._inputs.fault)
            return
        self._judge(
            self._inputs.concern or judged,
            stack_status.of_turn(turn.report, turn.record, turn.decision.step, judged),
        )

    def _judge(
        self, judged: status.Status | None, stack: telemetry_stack.Stack | None = None
    ) -> None:
        """Publish a verdict; without a stack, it says why none could be verified."""
        self._verdict = judged
        if judged is None or not self.unit.is_leader():
            return
        self._memory.keep_verdict(judged)
        self._provider.publish(stack or stack_status.unverified(judged))

    def _on_collect_unit_status(self, event: ops.CollectStatusEvent) -> None:
        event.add_status(_status(self._current_verdict()))

    def _on_collect_app_status(self, event: ops.CollectStatusEvent) -> None:
        event.add_status(_status(self._current_verdict()))

    def _current_verdict(self) -> status.Status:
        """The verdict of this hook, else the last one that was published."""
        if self._verdict is not None:
            return self._verdict
        last = self._memory.verdict()
        if not self.unit.is_leader():
            return status.standby(last)
        return self._inputs.fault or last or status.waiting("nothing was verified yet")

    # Actions

    def _on_verify_stack(self, event: ops.ActionEvent) -> None:
        import results  # noqa: PLC0415 - as above
        from coordinator import reconcile  # noqa: PLC0415 - as above

        seen = self._inputs
        if seen.request is None:
            event.fail(seen.obstacle.message if seen.obstacle else "nothing to verify with")
            return
        try:
            request = results.ordered(seen.request, event.params).after(self._memory.report())
        except ValueError as error:
            event.fail(str(error))
            return
        remembered = self._memory.record()
        means = self._means(remembered, installs=False)
        turn = reconcile.look(request, remembered.record, means, event.log)
        if request.same_stack(seen.request) and self.unit.is_leader():
            self._publish(turn, remembered)
        event.set_results(
            results.of_report(turn.report, results.form(event.params), request.blueprint)
        )
        if not turn.report.verified:
            event.fail(turn.report.summary())

    def _on_ceilometer_upgrade(self, event: ops.ActionEvent) -> None:
        import results  # noqa: PLC0415 - as above

        seen = self._inputs
        refusal = self._refusal_to_upgrade(seen)
        if refusal or seen.request is None:
            event.fail(refusal)
            return
        turn = self._run_upgrade(event, seen.request.after(self._memory.report()))
        if turn is None:
            return
        if turn.run is None and not turn.began:
            event.fail(f"ceilometer-upgrade was not run: {results.refusal(turn)}")
            return
        event.set_results(results.of_run(turn))
        if turn.run is not None and turn.run.error:
            event.fail(f"ceilometer-upgrade failed: {turn.run.error}")

    def _refusal_to_upgrade(self, seen: inputs.Inputs) -> str:
        """Why the action ceilometer-upgrade cannot run here and now; empty when it can."""
        if not self.unit.is_leader():
            return f"only the leader runs it: juju run {self.app.name}/leader ceilometer-upgrade"
        if seen.request is None or seen.settings is None:
            return seen.obstacle.message if seen.obstacle else "nothing to run it with"
        if "metric" not in seen.request.services:
            services = ",".join(("metric", *seen.settings.required))
            command = f"juju config {self.app.name} required-services={services}"
            return f"Gnocchi is not among the services: {command}"
        if seen.settings.method is config.Method.ADVISE:
            return (
                f"upgrade-method is advise: juju run {seen.ceilometer}/leader ceilometer-upgrade, "
                f"or juju config {self.app.name} upgrade-method=auto"
            )
        remembered = self._memory.record()
        return remembered.problem.message if remembered.problem and remembered.newer else ""

    def _run_upgrade(self, event: ops.ActionEvent, request: Request) -> reconcile.Turn | None:
        from coordinator import reconcile  # noqa: PLC0415 - as above

        remembered = self._memory.record().overruled()
        means = self._means(remembered, installs=True)
        before = reconcile.look(request, remembered.record, means, event.log)
        if before.decision.step is decision.Step.IMPOSSIBLE:
            self._publish(before, remembered)
            event.fail(f"Gnocchi must answer first: {before.report.summary()}")
            return None
        event.log("running ceilometer-upgrade")
        turn = reconcile.run_upgrade(request, before, means)
        self._publish(turn, remembered)
        return turn

    def _on_show_report(self, event: ops.ActionEvent) -> None:
        import results  # noqa: PLC0415 - as above

        report: Report | None = self._memory.whole_report()
        if report is None:
            obstacle = self._inputs.obstacle
            reason = (
                obstacle.message if obstacle else f"juju run {self.app.name}/leader verify-stack"
            )
            event.fail(f"there is no report: {reason}")
            return
        event.set_results(
            results.of_report(report, results.form(event.params), self._choice.blueprint)
        )

    def _on_plan_stack(self, event: ops.ActionEvent) -> None:
        import planning  # noqa: PLC0415 - as above

        seen, options = planning.look(self, event.log), self._inputs.settings
        try:
            event.set_results(planning.results(self, seen, self._choice, options, event.params))
        except ValueError as error:
            event.fail(str(error))


def _status(judged: status.Status) -> ops.StatusBase:
    return _STATUSES[judged.level](judged.message)


if __name__ == "__main__":  # pragma: nocover
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    ops.main(TelemetryCoordinatorCharm)
