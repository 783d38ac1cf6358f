"""Reports cut to the room that there is, without a change of what they say."""

from __future__ import annotations

import bisect
from collections.abc import Callable

import msgspec

from coordinator.report.finding import Severity
from coordinator.report.report import Report


def within(limit: int, report: Report, form: Callable[[Report], str]) -> tuple[Report, str]:
    """The report where it fits into bytes, else with as many findings as do, or one; its text."""

    def is_too_long(some: Report) -> bool:
        return len(form(some).encode()) > limit

    text = form(report)
    if len(text.encode()) <= limit:
        return report, text
    whole = msgspec.structs.replace(report, whole=report.summary())
    places = _by_worth(report)

    def part(number: int) -> Report:
        return msgspec.structs.replace(
            whole,
            findings=tuple(report.findings[place] for place in sorted(places[:number])),
            left_out=report.left_out + len(places) - number,
        )

    if is_too_long(part(1)):
        whole = msgspec.structs.replace(whole, resource_types=None)
    numbers = range(1, len(places) + 1)
    fitting = bisect.bisect_left(numbers, True, key=lambda number: is_too_long(part(number)))
    cut = part(max(1, fitting))
    return cut, form(cut)


def _by_worth(report: Report) -> list[int]:
    """Places of the findings, the most useful first.

    These are failures, of each service and each check the first before others; then the worst of
    each service, the worst of each check, and the worst. A check may have thousands of findings,
    but no number of lesser ones pushes out what failed.
    """
    services: set[str] = set()
    checks: set[str] = set()
    worth: dict[int, tuple[bool, int]] = {}
    for place in report.places_worst_first():
        finding = report.findings[place]
        repeated = (finding.service in services) + (finding.check in checks)
        worth[place] = finding.severity is not Severity.FAILED, repeated
        services.add(finding.service)
        checks.add(finding.check)
    return sorted(worth, key=lambda place: worth[place])
