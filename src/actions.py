"""What a hook that has work to do and the four actions do: parameters in, results out."""

from __future__ import annotations

import dataclasses
import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import ops

import config
import inputs
import planning
import stack_status
import wiring
from charms.telemetry_coordinator.v0 import telemetry_stack
from coordinator import reconcile, status
from coordinator.blueprint.loader import Choice
from coordinator.blueprint.systems import Blueprint
from coordinator.checks.memory import CheckMemory
from coordinator.openstack.proxies import Proxies
from coordinator.reconcile import Turn
from coordinator.report import remedies, render, truncate
from coordinator.report.finding import Severity
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
from duties import keep_history, read_history, unverified
from monitoring.monitor import Monitor
from monitoring.samples import Outcome
from peer_state import PeerState
from unit_state import VERIFIED, VERSION, UnitState

logger = logging.getLogger(__name__)

_Value = TypeVar("_Value")

SERVICES = 40
"""Services that have results of their own, those with the worst findings; the report has all."""

LIMIT = 64 * 1024
"""Bytes of a report as a result. ops passes each result to action-set as an argument, and says
that all together may have about 100 kB; Linux allows 128 KiB for one (execve(2))."""

_NAMES_LIMIT = 4096
"""Characters of a list of names as a result."""

StackOf = Callable[[status.Status], telemetry_stack.Stack]
"""Makes of a status what other charms are told."""

_REPORT = "report.json"
_CHECKS = "checks.json"

_KEPT = 1024 * 1024
"""Bytes of the report that a unit keeps."""


class Actions:
    """Works with the cloud and the controller for one hook or action."""

    def __init__(
        self,
        charm: ops.CharmBase,
        *,
        seen: inputs.Inputs,
        choice: Choice,
        proxies: Proxies,
        peers: PeerState,
        files: UnitState,
        announce: Callable[[str], None],
        tell: Callable[[status.Status, StackOf, status.Status | None], None],
    ) -> None:
        """Prepare, without asking anything.

        Args:
            charm: whose unit this is.
            seen: what the hook observed.
            choice: which blueprint is in force.
            proxies: the model's proxies.
            peers: what all units know.
            files: what this unit knows.
            announce: told one line before something takes long.
            tell: told the status, how other charms are told of it, and the status of the stack
                where it is not the same.
        """
        self._charm = charm
        self._us = charm.app.name
        self._seen = seen
        self._choice = choice
        self._proxies = proxies
        self._peers = peers
        self._files = files
        self._announce = announce
        self._tell = tell

    # What a leader's hook does

    def react(self) -> None:
        """Verify the stack, do what it needs, and publish the outcome."""
        remembered = self._remembered()
        backends = self._backends(remembered, installs=True, insists=False)
        turn = reconcile.reconcile(
            self._known(), remembered.record, self._check_memory(), backends
        )
        wiring.keep_controller(self._files, backends)
        self._publish(turn, remembered)

    def _remembered(self) -> Remembered:
        return upgrade_remembered.read(self._peers.record(), self._us)

    def _known(self) -> Request:
        if self._seen.request is None:
            raise ValueError("without a request there is nothing to verify")
        return self._seen.request

    def _last_report(self) -> Report | None:
        return Report.from_json(self._files.read(_REPORT))

    def _check_memory(self) -> CheckMemory:
        return CheckMemory.from_json(self._files.read(_CHECKS))

    def _backends(
        self, remembered: Remembered, *, installs: bool, insists: bool = True
    ) -> Backends:
        if self._seen.settings is None:
            raise ValueError("without valid options there is nothing to do")
        return wiring.build_backends(
            self._charm,
            self._seen,
            self._seen.settings,
            self._proxies,
            self._announce,
            remembers=remembered.writable,
            files=self._files,
            installs=installs,
            insists=insists,
        )

    def _publish(self, turn: Turn, remembered: Remembered) -> None:
        """Remember the outcome and sum it up."""
        if turn.situation.run is not None:
            logger.info("ceilometer-upgrade: %s", turn.situation.run.error or "done, and proven")
        if remembered.allows(turn.record):
            self._peers.keep_record(turn.record.to_json())
        self._files.keep(_REPORT, truncate.within(_KEPT, turn.report, Report.to_json).to_json())
        self._files.keep(_CHECKS, turn.memory.to_json())
        build = turn.report.builds.get("metric")
        if build and build != self._files.read(VERSION):
            self._charm.unit.set_workload_version(f"gnocchi {build}")
            self._files.keep(VERSION, build)
        told = summary.of_stack(
            turn.report,
            turn.record,
            turn.decision,
            self._us,
            turn.situation.sight.name,
            grant=self._known().grant,
        )
        settled = told.level is status.Level.ACTIVE
        if remembered.fault and (settled or turn.decision.step is Step.ADVISE):
            told = remembered.fault
        told = self._note(told, turn)
        self._files.keep_news(VERIFIED, self._seen.digest)
        monitor = Monitor(self._charm, self._files)
        if self._seen.obstacle is not None:
            monitor.withdraw()
            fault = self._seen.fault or self._seen.obstacle
            self._tell(fault, unverified, self._seen.obstacle)
            return

        model = turn.situation.sight.model
        monitor.export(Outcome(turn.report, turn.record, turn.decision.step, model))

        def stack(known: status.Status) -> telemetry_stack.Stack:
            return stack_status.of_report(turn.report, turn.record, turn.decision.step, known)

        self._tell(self._seen.concern or told, stack, told)

    def _note(self, told: status.Status, turn: Turn) -> status.Status:
        """Keep the status in the history; return it with the time since when."""
        seen, report = self._seen, turn.report
        shown = seen.concern or told
        if seen.obstacle is not None:
            shown = seen.fault or seen.obstacle
        facts = Facts(
            report.endpoints,
            report.builds,
            self._seen.units,
            turn.deed,
        )
        change = summary.change_of(shown, report.taken_at)
        noted = read_history(self._files).noted(change, facts, report)
        keep_history(self._files, noted)
        return told.dated(noted.onsets.get(told.check))

    # Actions

    def verify_stack(self, event: ops.ActionEvent) -> None:
        """Verify now; publish what concerns the stack as the options have it."""
        if self._seen.request is None:
            event.fail(self._obstacle("nothing to verify with"))
            return
        try:
            request = adapt(self._seen.request, event.params)
        except ValueError as error:
            event.fail(str(error))
            return
        remembered = self._remembered()
        backends = self._backends(remembered, installs=False)
        turn = reconcile.look(
            request, remembered.record, self._check_memory(), backends, event.log
        )
        wiring.keep_controller(self._files, backends)
        if request.same_stack(self._seen.request) and self._charm.unit.is_leader():
            self._publish(turn, remembered)
        form, report = form_of(event.params), turn.report
        event.set_results(
            of_report(report, form, request.blueprint, self._files, request.required)
        )
        unproven = lacks_proof(report, request.required)
        if not report.verified:
            event.fail(report.summary())
        elif unproven and not event.params.get("allow-unproven"):
            event.fail(not_proven(report, unproven))

    def ceilometer_upgrade(self, event: ops.ActionEvent) -> None:
        """Run ceilometer-upgrade now, whether it is needed or not."""
        refusal = self._refusal_to_upgrade()
        if refusal:
            event.fail(refusal)
            return
        turn = self._run_upgrade(event, self._known())
        if turn is None:
            return
        if turn.situation.run is None and not turn.situation.began:
            event.fail(f"ceilometer-upgrade was not run: {refusal_of(turn)}")
            return
        event.set_results(of_run(turn))
        if turn.situation.run is not None and turn.situation.run.error:
            event.fail(f"ceilometer-upgrade failed: {turn.situation.run.error}")

    def _obstacle(self, otherwise: str) -> str:
        return self._seen.obstacle.message if self._seen.obstacle else otherwise

    def _refusal_to_upgrade(self) -> str:
        """Why the action ceilometer-upgrade cannot run here and now; empty when it can."""
        seen, us = self._seen, self._us
        if not self._charm.unit.is_leader():
            return f"only the leader runs it: {remedies.run_upgrade(us)}"
        if seen.request is None or seen.settings is None:
            return self._obstacle("nothing to run it with")
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

    def _run_upgrade(self, event: ops.ActionEvent, request: Request) -> Turn | None:
        remembered = self._remembered().overruled()
        backends = self._backends(remembered, installs=True)
        before = reconcile.look(
            request, remembered.record, self._check_memory(), backends, event.log
        )
        wiring.keep_controller(self._files, backends)
        if before.decision.step is Step.IMPOSSIBLE:
            self._publish(before, remembered)
            event.fail(f"Gnocchi must answer first: {before.report.summary()}")
            return None
        event.log("running ceilometer-upgrade")
        turn = reconcile.act(request, before, backends)
        wiring.keep_controller(self._files, backends)
        self._publish(turn, remembered)
        return turn

    def show_report(self, event: ops.ActionEvent) -> None:
        """Show the last report of this unit."""
        report = self._last_report()
        if report is None:
            reason = self._obstacle(f"juju run {self._us}/leader verify-stack")
            if not self._charm.unit.is_leader():
                reason = f"the leader has it: juju run {self._us}/leader show-report"
            event.fail(f"there is no report on this unit: {reason}")
            return
        form, settings = form_of(event.params), self._seen.settings
        required = settings.required if settings is not None else ()
        event.set_results(of_report(report, form, self._choice.blueprint, self._files, required))

    def plan_stack(self, event: ops.ActionEvent) -> None:
        """Tell what the model lacks of the blueprint."""
        seen, options = planning.look(self._charm, event.log), self._seen.settings
        try:
            event.set_results(
                planning.results(self._us, seen, self._choice, options, event.params)
            )
        except ValueError as error:
            event.fail(str(error))


def adapt(request: Request, params: Mapping[str, Any]) -> Request:
    """The request with what an operator asked for instead of the options.

    Raises:
        ValueError: a parameter is not allowed; it says which, and what is.
    """
    changes: dict[str, Any] = {}
    if params.get("services"):
        services = _parsed("services", _services_of(request), params)
        changes |= {"required": services, "optional": ()}
    if params.get("region"):
        changes["region"] = _parsed("region", config.parse_region, params)
    if params.get("interface"):
        changes["interface"] = params["interface"]
    if params.get("deep"):
        changes["depth"] = Depth.FULL
    elif request.depth.reads:
        changes["depth"] = Depth.READS
    return dataclasses.replace(request, **changes)


def _services_of(request: Request) -> Callable[[str], tuple[str, ...]]:
    allowed = tuple(request.blueprint.services)
    return lambda text: config.parse_services(text, allowed)


def _parsed(name: str, parser: Callable[[str], _Value], params: Mapping[str, Any]) -> _Value:
    try:
        return parser(params[name])
    except ValueError as error:
        raise ValueError(f"parameter {name}: {error}") from None


def form_of(params: Mapping[str, Any]) -> Form:
    """The form in which a report was asked for."""
    return Form(params.get("format", Form.TEXT.value))


def lacks_proof(report: Report, required: Sequence[str]) -> tuple[str, ...]:
    """Required services that were neither proven nor failed: their reads are forbidden."""
    return tuple(service for service in required if not report.proves(service))


def not_proven(report: Report, unproven: Sequence[str]) -> str:
    """Why verify-stack fails although nothing failed, and what to type."""
    first = next((f for f in report.about(unproven[0]) if f.severity is Severity.SKIPPED), None)
    reason = f": {first.summary}; {first.remedy}" if first is not None and first.remedy else ""
    return f"not proven: {', '.join(unproven)}{reason}, or run it with allow-unproven=true"


def of_report(
    report: Report,
    wanted: Form,
    blueprint: Blueprint,
    files: UnitState,
    required: Sequence[str] = (),
) -> dict[str, Any]:
    """Results of verify-stack and show-report.

    A report that is too long for a result is shown with its worst findings, and written to a file
    of this unit; so is every page for a browser.

    Args:
        report: what to show.
        wanted: form of the result `report`.
        blueprint: the one in force, for titles.
        files: where a report goes that is too long.
        required: services that must be proven.
    """
    changes = read_history(files).recent

    def shown(some: Report) -> str:
        return render.report_as(wanted, some, blueprint, changes)

    part = truncate.within(LIMIT, report, shown)
    file = ""
    if part is not report or wanted is Form.HTML:
        file = files.publish(f"report.{wanted.suffix}", shown(report))
    services = dict.fromkeys(finding.service for finding in report.worst_first())
    return {
        **{one: _of_service(report, one) for one in itertools.islice(services, SERVICES)},
        "status": _word(report, required),
        "summary": report.summary(),
        "report": shown(part),
        **({"report-file": file} if file else {}),
    }


def _word(report: Report, required: Sequence[str]) -> str:
    if not report.verified:
        return "failed"
    return "not proven" if lacks_proof(report, required) else "verified"


def _of_service(report: Report, service: str) -> dict[str, str]:
    findings = report.about(service)
    # of equally bad findings the last one was the hardest question
    decisive = max(reversed(findings), key=lambda finding: finding.severity.rank)
    result = {
        "status": decisive.severity.value,
        "endpoint": report.endpoints.get(service, ""),
        "version": report.builds.get(service, ""),
        "finding": decisive.summary,
        "cause": decisive.cause.value if decisive.cause else "",
        "remedy": decisive.remedy,
    }
    return {key: value for key, value in result.items() if value}


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


def refusal_of(turn: Turn) -> str:
    """What stands in the way of ceilometer's own action, and what to type."""
    (finding,) = (f for f in turn.report.findings if f.check == upgrade_findings.CHARM_CHECK)
    return f"{finding.summary}; {finding.remedy}"
