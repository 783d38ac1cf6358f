"""Actions: parameters in, results out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import settings
from telemetry import rendering
from telemetry.loop import Turn
from telemetry.order import Order
from telemetry.report import Report


def ordered(order: Order, params: Mapping[str, Any]) -> Order:
    """The order with what an operator asked for instead of the options.

    Raises:
        ValueError: the parameter `services` names something else than services.
    """
    changes: dict[str, Any] = {}
    if params.get("services"):
        changes |= {"required": settings.parse_services(params["services"]), "optional": ()}
    changes |= {key: params[key] for key in ("interface", "region") if params.get(key)}
    return dataclasses.replace(order, **changes)


def of_report(report: Report, form: str) -> dict[str, Any]:
    """Results of verify-stack and show-report.

    Args:
        report: what to show.
        form: of the whole report: `text` or `json`.
    """
    return {
        "status": "verified" if report.verified else "failed",
        "summary": report.summary(),
        **{service: _of_service(report, service) for service in report.services},
        "report": report.to_json() if form == "json" else rendering.report_text(report),
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
    after = turn.report.resource_types or frozenset()
    run = turn.run
    error, seconds = (run.error, run.seconds) if run else ("", 0.0)
    return {
        "outcome": "failed" if error else "success",
        "duration": f"{seconds:.1f}s",
        "resource-types": {
            "before": ",".join(sorted(turn.types_before)),
            "after": ",".join(sorted(after)),
            "added": ",".join(sorted(after - turn.types_before)),
        },
        **({"cause": error} if error else {}),
    }
