"""What a hook that verifies and the four actions do: parameters in, results out."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
import ops

import config
import stack_status
import wiring
from coordinator import reconcile, status
from coordinator.blueprint.loader import Choice
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
from coordinator.upgrade.remembered import Remembered
from inputs import Inputs
from monitoring import samples
from monitoring.monitor import Monitor
from peer_state import PeerState
from relations.related import Related
from stack_status import Publisher
from unit_state import VERSION, UnitState

logger = logging.getLogger(__name__)

_Value = TypeVar("_Value")

_NAMES_LIMIT = 4096
"""Characters of a list of names as a result."""

_REPORT = "report.json"
_CHECKS = "checks.json"

_KEPT = 1024 * 1024
"""Bytes of the report that a unit keeps."""


class Actions:
    """Works with the cloud and the controller for one hook or action."""

    def __init__(
        self,
        charm: ops.CharmBase,
        see: Callable[[], Inputs],
        *,
        choice: Choice,
        relations: Related,
        peers: PeerState,
        files: UnitState,
        publisher: Publisher,
        monitor: Monitor,
    ) -> None:
        """Prepare, without asking anything.

        Args:
            charm: whose unit this is.
            see: observes options and relations.
            choice: which blueprint is in force.
            relations: the relations.
            peers: what all units know.
            files: what this unit knows.
            publisher: tells the status.
            monitor: exports what was verified.
        """
        self._charm = charm
        self._us = charm.app.name
        self._see = see
        self._choice = choice
        self._relations = relations
        self._peers = peers
        self._files = files
        self._publisher = publisher
        self._monitor = monitor

    @property
    def _seen(self) -> Inputs:
        return self._see()

    # What a leader's hook does

    def react(self) -> None:
        """Verify the stack, do what it needs, and publish the outcome."""
        remembered = self._remembered()
        backends = self._backends(remembered, installs=True, insists=False)
        turn = reconcile.reconcile(
            self._request, remembered.record, self._check_memory(), backends
        )
        wiring.keep_controller(self._files, backends)
        self._publish(turn, remembered)

    @property
    def _request(self) -> Request:
        if self._seen.request is None:
            raise ValueError("without a request there is nothing to verify")
        return self._seen.request

    def _remembered(self) -> Remembered:
        return upgrade_remembered.read(self._peers.record(), self._us)

    def _check_memory(self) -> CheckMemory:
        return CheckMemory.from_json(self._files.read(_CHECKS))

    def _backends(
        self, remembered: Remembered, *, installs: bool, insists: bool = True
    ) -> Backends:
        return wiring.build_backends(
            self._charm,
            self._seen,
            self._files,
            self._publisher.announce,
            remembers=remembered.writable,
            installs=installs,
            insists=insists,
        )

    def _look(
        self, request: Request, remembered: Remembered, backends: Backends, event: ops.ActionEvent
    ) -> Turn:
        """Verify for a person, who sees what was found as long as that takes long."""
        progress = event.log if request.depth is Depth.FULL else _pass_over
        turn = reconcile.look(request, remembered.record, self._check_memory(), backends, progress)
        wiring.keep_controller(self._files, backends)
        return turn

    def _publish(self, turn: Turn, remembered: Remembered) -> None:
        """Remember the outcome, and tell what sums it up."""
        report, record, step = turn.report, turn.record, turn.decision.step
        if turn.situation.run is not None:
            logger.info("ceilometer-upgrade: %s", turn.situation.run.error or "done, and proven")
        if remembered.allows(record):
            self._peers.keep_record(record.to_json())
        self._files.keep(_REPORT, truncate.within(_KEPT, report, Report.to_json)[1])
        self._files.keep(_CHECKS, turn.memory.to_json())
        build = report.builds.get("metric")
        if build and build != self._files.read(VERSION):
            self._charm.unit.set_workload_version(f"gnocchi {build}")
            self._files.keep(VERSION, build)
        sight = turn.situation.sight
        grant = self._request.grant
        told = summary.of_stack(report, record, turn.decision, self._us, sight.name, grant=grant)
        settled = told.level is status.Level.ACTIVE
        if remembered.fault and (settled or step is Step.ADVISE):
            told = remembered.fault
        told = self._note(told, turn)
        self._publisher.verified = self._seen.digest
        if self._seen.blocker is not None:
            self._monitor.withdraw()
            self._publisher.tell(self._seen, self._seen.blocker)
            return
        outcome = samples.Outcome(report, record, step, sight.model)
        self._monitor.export(samples.of_outcome(outcome))
        word = summary.word_of(record, step)
        self._publisher.tell(
            self._seen, told, lambda known: stack_status.of_report(report, word, known)
        )

    def _note(self, told: status.Status, turn: Turn) -> status.Status:
        """Keep the status in the history; return it with the time since when."""
        report = turn.report
        facts = Facts(report.endpoints, report.builds, self._seen.units, turn.upgrade_event)
        shown = self._seen.first(self._seen.blocker or told)
        noted = self._publisher.note(shown, report.taken_at, facts, report)
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
        if self._seen.request is None:
            event.fail(self._blocker("nothing to verify with"))
            return
        try:
            request = adapt(self._seen.request, event.params)
        except ValueError as error:
            event.fail(str(error))
            return
        remembered = self._remembered()
        backends = self._backends(remembered, installs=False)
        turn = self._look(request, remembered, backends, event)
        if request.same_stack(self._seen.request) and self._charm.unit.is_leader():
            self._publish(turn, remembered)
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
                self._choice.blueprint,
                required=required,
                changes=self._publisher.history().recent,
                publish=self._files.publish,
            )
        )

    def _ceilometer_upgrade(self, event: ops.ActionEvent) -> None:
        """Run ceilometer-upgrade now, whether it is needed or not."""
        refusal = self._refusal_to_upgrade()
        if refusal:
            event.fail(refusal)
            return
        remembered = self._remembered().overruled()
        backends = self._backends(remembered, installs=True)
        turn = self._look(self._request, remembered, backends, event)
        if turn.decision.step is Step.IMPOSSIBLE:
            self._publish(turn, remembered)
            event.fail(f"Gnocchi must answer first: {turn.report.summary()}")
            return
        event.log("running ceilometer-upgrade")
        turn = reconcile.act(self._request, turn, backends)
        wiring.keep_controller(self._files, backends)
        self._publish(turn, remembered)
        run = turn.situation.run
        if run is None and not turn.situation.began:
            event.fail(f"ceilometer-upgrade was not run: {_refusal_of(turn)}")
            return
        event.set_results(of_run(turn))
        if run is not None and run.error:
            event.fail(f"ceilometer-upgrade failed: {run.error}")

    def _blocker(self, otherwise: str) -> str:
        return self._seen.blocker.message if self._seen.blocker else otherwise

    def _refusal_to_upgrade(self) -> str:
        """Why the action ceilometer-upgrade cannot run here and now; empty when it can."""
        seen, us = self._seen, self._us
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
        remembered = self._remembered()
        return remembered.fault.message if remembered.fault and remembered.newer else ""

    def _show_report(self, event: ops.ActionEvent) -> None:
        """Show the last report of this unit."""
        report = Report.from_json(self._files.read(_REPORT))
        if report is not None:
            settings = self._settings()
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

        report = Report.from_json(self._files.read(_REPORT))
        try:
            event.set_results(
                planning.results(
                    self._charm,
                    self._relations,
                    self._choice,
                    self._settings(),
                    event,
                    report=report,
                )
            )
        except ValueError as error:
            event.fail(str(error))

    def _settings(self) -> config.Settings | None:
        """The options, None where some are not valid."""
        try:
            return config.parse(self._charm.config, self._choice.services)
        except config.OptionsError:
            return None


def _pass_over(_line: str) -> None:
    """Show no progress: the results come at once, and say the same."""


def adapt(request: Request, params: Mapping[str, Any]) -> Request:
    """The request with what an operator asked for instead of the options.

    Raises:
        ValueError: a parameter is not allowed; it says which, and what is.
    """
    changes: dict[str, Any] = {}
    if params.get("services"):
        allowed = tuple(request.blueprint.services)
        parser = functools.partial(config.parse_services, allowed=allowed)
        changes |= {"required": _parsed("services", parser, params), "optional": ()}
    if params.get("region"):
        changes["region"] = _parsed("region", config.parse_region, params)
    if params.get("interface"):
        changes["interface"] = params["interface"]
    if params.get("deep"):
        changes["depth"] = Depth.FULL
    elif request.depth.reads:
        changes["depth"] = Depth.READS
    return msgspec.structs.replace(request, **changes)


def _parsed(name: str, parser: Callable[[str], _Value], params: Mapping[str, Any]) -> _Value:
    try:
        return parser(params[name])
    except ValueError as error:
        raise ValueError(f"parameter {name}: {error}") from None


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


def _refusal_of(turn: Turn) -> str:
    """What stands in the way of ceilometer's own action, and what to type."""
    (finding,) = (f for f in turn.report.findings if f.check == upgrade_findings.CHARM_CHECK)
    return f"{finding.summary}; {finding.remedy}"
