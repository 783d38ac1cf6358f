"""A report as results of an action: bounded, with a key for each service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from coordinator.blueprint.systems import Blueprint
from coordinator.report import render, truncate
from coordinator.report.finding import Severity
from coordinator.report.history import Change
from coordinator.report.render import Form
from coordinator.report.report import Report

SERVICES = 40
"""Services that have results of their own, those with the worst findings; the report has all."""

LIMIT = 64 * 1024
"""Bytes of a report as a result. ops passes each result to action-set as an argument, and says
that all together may have about 100 kB; Linux allows 128 KiB for one (execve(2))."""


def of_report(
    report: Report,
    wanted: Form,
    blueprint: Blueprint,
    *,
    required: Sequence[str],
    changes: Sequence[Change],
    publish: Callable[[str, str], str],
) -> dict[str, Any]:
    """Results of verify-stack and show-report.

    A report that is too long for a result is shown with its worst findings, and written to a file
    of this unit; so is every page for a browser. `publish` writes a text to a file of a name, and
    returns its path.
    """

    def shown(some: Report) -> str:
        return render.report_as(wanted, some, blueprint, changes)

    part, text = truncate.within(LIMIT, report, shown)
    services = list(dict.fromkeys(finding.service for finding in report.worst_first()))
    found: dict[str, Any] = {one: _of_service(report, one) for one in services[:SERVICES]}
    found |= {"status": _word(report, required), "summary": report.summary(), "report": text}
    if part is not report or wanted is Form.HTML:
        whole = text if part is report else shown(report)
        found["report-file"] = publish(f"report.{wanted.suffix}", whole)
    return found


def _word(report: Report, required: Sequence[str]) -> str:
    if not report.verified:
        return "failed"
    return "not proven" if _unproven(report, required) else "verified"


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


def _unproven(report: Report, required: Sequence[str]) -> list[str]:
    """In a report without failures: required services whose reads are forbidden."""
    return [service for service in required if not report.proves(service)]


def failure_of(report: Report, required: Sequence[str], *, allow_unproven: bool) -> str:
    """The failure of verify-stack, and what to type; empty when it succeeds."""
    if not report.verified:
        return report.summary()
    unproven = _unproven(report, required)
    if not unproven or allow_unproven:
        return ""
    first = next((f for f in report.about(unproven[0]) if f.severity is Severity.SKIPPED), None)
    reason = f": {first.summary}; {first.remedy}" if first and first.remedy else ""
    return f"not proven: {', '.join(unproven)}{reason}, or run it with allow-unproven=true"
