"""Verifications in hooks, and the four actions: parameters in, results out."""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from typing import Any

import msgspec
import ops

import config
import stack_status
import wiring
from coordinator import reconcile, status
from coordinator.checks.memory import CheckMemory
from coordinator.reconcile import Turn
from coordinator.report import remedies, results, truncate
from coordinator.report.history import Facts
from coordinator.report.render import Form
from coordinator.report.report import Report
from coordinator.request import Depth, Request
from coordinator.text import plain
from coordinator.upgrade import findings as upgrade_findings
from coordinator.upgrade import remembered as upgrade_remembered
from coordinator.upgrade import summary
from coordinator.upgrade.backends import Backends
from coordinator.upgrade.decision import Step
from coordinator.upgrade.policy import Method
from hook import Hook
from monitoring import samples
from unit_state import VERSION

logger = logging.getLogger(__name__)

_NAMES_LIMIT = 4096
"""Characters of a list of names as a result."""

_REPORT = "report.json"
_CHECKS = "checks.json"

_KEPT = 1024 * 1024
"""Bytes of the report that a unit keeps."""


class Actions:
    """Verifications and runs of ceilometer-upgrade, for one hook or action."""

    def __init__(self, hook: Hook) -> None:
        self._hook = hook
        self._charm = hook.charm
        self._us = hook.charm.app.name
        self._files = hook.files
        self._remembered = upgrade_remembered.read(hook.peers.record(), self._us)

    # What a leader's hook does

    def react(self) -> None:
        """Verify the stack, do what it needs, and publish the outcome."""
        backends = self._backends(installs=True, insists=False)
        turn = reconcile.reconcile(
            self._request, self._remembered.record, self._check_memory(), backends
        )
        wiring.keep_controller(self._files, backends)
        self._publish(turn)

    @property
    def _request(self) -> Request:
        request = self._hook.seen.request
        if request is None:
            raise ValueError("without a request there is nothing to verify")
        return request

    def _check_memory(self) -> CheckMemory:
        return CheckMemory.from_json(self._files.read(_CHECKS))

    def _last_report(self) -> Report | None:
        return Report.from_json(self._files.read(_REPORT))

    def _backends(self, *, installs: bool, insists: bool = True) -> Backends:
        remembers = self._remembered.writable
        return wiring.build_backends(
            self._hook, remembers=remembers, installs=installs, insists=insists
        )

    def _look(self, request: Request, backends: Backends, event: ops.ActionEvent) -> Turn:
        """Verify for a person, who sees progress where canaries take long."""
        progress = event.log if request.depth is Depth.FULL else _pass_over
        record = self._remembered.record
        turn = reconcile.look(request, record, self._check_memory(), backends, progress)
        wiring.keep_controller(self._files, backends)
        return turn

    def _publish(self, turn: Turn) -> None:
        """Keep the outcome, and tell what sums it up."""
        report, record, step = turn.report, turn.record, turn.decision.step
        seen, publisher = self._hook.seen, self._hook.publisher
        if turn.situation.run is not None:
            logger.info("ceilometer-upgrade: %s", turn.situation.run.error or "done, and proven")
        if self._remembered.allows(record):
            self._hook.peers.keep_record(record.to_json())
        self._files.keep(_REPORT, truncate.within(_KEPT, report, Report.to_json)[1])
        self._files.keep(_CHECKS, turn.memory.to_json())
        build = report.builds.get("metric")
        if build and build != self._files.read(VERSION):
            self._charm.unit.set_workload_version(f"gnocchi {build}")
            self._files.keep(VERSION, build)
        told = self._note(self._sum_up(turn), turn)
        publisher.verified = seen.digest
        if seen.blocker is not None:
            self._hook.exporter.withdraw()
            publisher.tell(seen, seen.blocker)
            return
        outcome = samples.Outcome(report, record, step, turn.situation.sight.model)
        self._hook.exporter.export(samples.of_outcome(outcome))
        word = summary.word_of(record, step)
        publisher.tell(seen, told, lambda known: stack_status.of_report(report, word, known))

    def _sum_up(self, turn: Turn) -> status.Status:
        """The status of the stack, or what is wrong with the record where that counts more."""
        name, grant = turn.situation.sight.name, self._request.grant
        told = summary.of_stack(
            turn.report, turn.record, turn.decision, self._us, name, grant=grant
        )
        settled = told.level is status.Level.ACTIVE or turn.decision.step is Step.ADVISE
        return self._remembered.fault if self._remembered.fault and settled else told

    def _note(self, told: status.Status, turn: Turn) -> status.Status:
        """Keep the status in the history; return it with the time since when."""
        report, seen = turn.report, self._hook.seen
        facts = Facts(report.endpoints, report.builds, seen.units, turn.upgrade_event)
        shown = seen.first(seen.blocker or told)
        noted = self._hook.publisher.note(shown, report.taken_at, facts, report)
        return told.dated(noted.onsets.get(told.check))

    # Actions

    def run(self, event: ops.ActionEvent) -> None:
        """Run an action."""
        {
            "verify_stack_action": self._verify_stack,
            "ceilometer_upgrade_action": self._ceilometer_upgrade,
            "show_report_action": self._show_report,
            "plan_stack_action": self._plan_stack,
        }[event.handle.kind](event)

    def _verify_stack(self, event: ops.ActionEvent) -> None:
        """Verify now; publish what concerns the stack as the options have it."""
        usual = self._hook.seen.request
        if usual is None:
            event.fail(self._blocker("nothing to verify with"))
            return
        try:
            request = adapt(usual, event.params)
        except ValueError as error:
            event.fail(str(error))
            return
        turn = self._look(request, self._backends(installs=False), event)
        if request.same_stack(usual) and self._charm.unit.is_leader():
            self._publish(turn)
        self._set_results(event, turn.report, request.required)
        allowed = bool(event.params.get("allow-unproven"))
        failure = results.failure_of(turn.report, request.required, allow_unproven=allowed)
        if failure:
            event.fail(failure)

    def _set_results(
        self, event: ops.ActionEvent, report: Report, required: tuple[str, ...]
    ) -> None:
        event.set_results(
            results.of_report(
                report,
                Form(event.params.get("format", Form.TEXT.value)),
                self._hook.choice.blueprint,
                required=required,
                changes=self._hook.publisher.history().recent,
                publish=self._files.publish,
            )
        )

    def _ceilometer_upgrade(self, event: ops.ActionEvent) -> None:
        """Run ceilometer-upgrade now, needed or not."""
        refusal = self._refusal_to_upgrade()
        if refusal:
            event.fail(refusal)
            return
        self._remembered = self._remembered.overruled()
        backends = self._backends(installs=True)
        turn = self._look(self._request, backends, event)
        if turn.decision.step is Step.IMPOSSIBLE:
            self._publish(turn)
            event.fail(f"Gnocchi must answer first: {turn.report.summary()}")
            return
        event.log("running ceilometer-upgrade")
        turn = reconcile.act(self._request, turn, backends)
        wiring.keep_controller(self._files, backends)
        self._publish(turn)
        run = turn.situation.run
        if run is None and not turn.situation.began:
            about_charm = upgrade_findings.CHARM_CHECK
            (finding,) = (f for f in turn.report.findings if f.check == about_charm)
            reason = f"{finding.summary}; {finding.remedy}"
            event.fail(f"ceilometer-upgrade was not run: {reason}")
            return
        event.set_results(of_run(turn))
        if run is not None and run.error:
            event.fail(f"ceilometer-upgrade failed: {run.error}")

    def _blocker(self, otherwise: str) -> str:
        blocker = self._hook.seen.blocker
        return blocker.message if blocker else otherwise

    def _refusal_to_upgrade(self) -> str:
        """The reason why ceilometer-upgrade cannot run here and now; empty when it can."""
        seen, us = self._hook.seen, self._us
        if not self._charm.unit.is_leader():
            return f"only the leader runs it: {remedies.run_upgrade(us)}"
        if seen.request is None or seen.settings is None:
            return self._blocker("nothing to run it with")
        if "metric" not in seen.request.services:
            services = ",".join(("metric", *seen.settings.required))
            command = f"juju config {us} required-services={services}"
            return f"Gnocchi is not among the services: {command}"
        if seen.settings.upgrade.method is Method.ADVISE:
            return (
                f"upgrade-method is advise: {remedies.run_upgrade(seen.ceilometer)}, "
                f"or juju config {us} upgrade-method=auto"
            )
        fault = self._remembered.fault
        return fault.message if fault and self._remembered.newer else ""

    def _show_report(self, event: ops.ActionEvent) -> None:
        """Show the last report of this unit."""
        report = self._last_report()
        if report is not None:
            settings = self._hook.seen.settings
            self._set_results(event, report, settings.required if settings else ())
            return
        if self._charm.unit.is_leader():
            reason = self._blocker(f"juju run {self._us}/leader verify-stack")
        else:
            reason = f"the leader has it: juju run {self._us}/leader show-report"
        event.fail(f"there is no report on this unit: {reason}")

    def _plan_stack(self, event: ops.ActionEvent) -> None:
        """Tell what the model lacks of the blueprint."""
        import planning  # noqa: PLC0415 - 20 ms, of which no hook and no other action needs any

        try:
            event.set_results(planning.results(self._hook, event, self._last_report()))
        except ValueError as error:
            event.fail(str(error))


def _pass_over(_line: str) -> None:
    """Show no progress: the results come at once, and say the same."""


def adapt(request: Request, params: Mapping[str, Any]) -> Request:
    """The request with what an operator asked for instead of the options.

    Raises:
        ValueError: a parameter is not allowed; it says which, and what is.
    """
    allowed = tuple(request.blueprint.services)
    parsers = {
        "services": functools.partial(config.parse_services, allowed=allowed),
        "region": config.parse_region,
        "interface": str,
    }
    changes: dict[str, Any] = {}
    for name, parser in parsers.items():
        if params.get(name):
            try:
                changes[name] = parser(params[name])
            except ValueError as error:
                raise ValueError(f"parameter {name}: {error}") from None
    if "services" in changes:
        changes |= {"required": changes.pop("services"), "optional": ()}
    if params.get("deep"):
        changes["depth"] = Depth.FULL
    elif request.depth.reads:
        changes["depth"] = Depth.READS
    return msgspec.structs.replace(request, **changes)


def of_run(turn: Turn) -> dict[str, Any]:
    """Results of the action ceilometer-upgrade."""
    running = turn.record.running
    if turn.situation.began and running is not None:
        return {"outcome": "started", "task": running.task, "application": running.application}
    after = turn.report.resource_types or frozenset()
    run = turn.situation.run
    error, seconds = (run.error, run.seconds) if run else ("", 0.0)

    def names(types: frozenset[str]) -> str:
        return plain(",".join(sorted(types)), _NAMES_LIMIT)

    return {
        "outcome": "failed" if error else "success",
        "duration": f"{seconds:.1f}s",
        "resource-types": {
            "before": names(turn.types_before),
            "after": names(after),
            "added": names(after - turn.types_before),
        },
        **({"cause": error} if error else {}),
    }
