"""Actions: parameters in, results out."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import archive
import config
from coordinator.blueprint.systems import Blueprint
from coordinator.report import render, truncate
from coordinator.report.render import Form
from coordinator.report.report import Report
from coordinator.request import Depth, Request
from coordinator.text import plain
from coordinator.upgrade import findings as upgrade_findings

if TYPE_CHECKING:
    from coordinator.reconcile import Turn

_Value = TypeVar("_Value")

SERVICES = 40
"""Services that have results of their own, those with the worst findings; the report has all."""

LIMIT = 64 * 1024
"""Bytes of a report as a result. ops passes each result to action-set as an argument, and says
that all together may have about 100 kB; Linux allows 128 KiB for one (execve(2))."""

_NAMES_LIMIT = 4096
"""Characters of a list of names as a result."""


def ordered(request: Request, params: Mapping[str, Any]) -> Request:
    """The order with what an operator asked for instead of the options.

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


def form(params: Mapping[str, Any]) -> Form:
    """The form in which a report was asked for."""
    return Form(params.get("format", Form.TEXT.value))


def of_report(report: Report, wanted: Form, blueprint: Blueprint) -> dict[str, Any]:
    """Results of verify-stack and show-report.

    A report that is too long for a result is shown with its worst findings, and written to a file
    of this unit.

    Args:
        report: what to show.
        wanted: form of the result `report`.
        blueprint: the one in force, for titles.
    """

    def shown(some: Report) -> str:
        return render.report_as(wanted, some, blueprint)

    part = truncate.within(LIMIT, report, shown)
    file = ""
    if report.left_out:
        file = "not on this unit, but perhaps on the one that led then"
    elif part is not report:
        file = archive.keep(shown(report), f"report.{wanted.suffix}")
    services = dict.fromkeys(finding.service for finding in report.worst_first())
    return {
        **{one: _of_service(report, one) for one in itertools.islice(services, SERVICES)},
        "status": "verified" if report.verified else "failed",
        "summary": report.summary(),
        "report": shown(part),
        **({"report-file": file} if file else {}),
    }


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
    if turn.began and running is not None:
        return {"outcome": "started", "task": running.task, "application": running.application}
    after = turn.report.resource_types or frozenset()
    run = turn.run
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


def refusal(turn: Turn) -> str:
    """What stands in the way of ceilometer's own action, and what to type."""
    (finding,) = (f for f in turn.report.findings if f.check == upgrade_findings.CHARM_CHECK)
    return f"{finding.summary}; {finding.remedy}"
