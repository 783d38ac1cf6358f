"""A report as text. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from coordinator.report.finding import Finding, Severity
from coordinator.report.history import Change
from coordinator.report.report import Report


class Section(msgspec.Struct, frozen=True):
    """What a report says about one system.

    Attributes:
        label: title, version and type of the system, as far as it has them.
        state: the worst severity of the findings.
        findings: the worst first.
    """

    label: str
    state: Severity
    findings: tuple[Finding, ...]


def lines(
    report: Report,
    sections: Sequence[Section],
    numbers: Mapping[str, int],
    changes: Sequence[Change],
) -> Iterator[str]:
    """The lines of a report."""
    yield f"{'' if report.verified else 'NOT VERIFIED: '}{report.summary()}"
    taken = f"taken {moment(report.taken_at)}, {report.interface} endpoints"
    taken += f" of {report.region}" if report.region else ""
    if report.canaries and any(finding.question == "canary" for finding in report.findings):
        taken += f", canaries of {moment(report.canaries.sent_at)}"
    yield taken
    left_out = f"; {report.left_out} more are left out here for want of room"
    yield counts(numbers) + (left_out if report.left_out else "")
    for section in sections:
        if section.state is not Severity.OK:
            yield from ("", f"{section.label}: {section.state.value}")
            for finding in section.findings:
                yield f"  {finding.severity.value:<9} {finding.summary}"
                yield from _below(12, finding.because and f"follows from {finding.because}")
                yield from _below(12, finding.remedy and f"-> {finding.remedy}")
    well = [section for section in sections if section.state is Severity.OK]
    width = max((len(section.label) for section in well), default=0)
    yield from ("", "ok:") if well else ()
    for section in well:
        for number, finding in enumerate(section.findings):
            yield f"  {'' if number else section.label:<{width}}  {finding.summary}"
            yield from _below(width + 4, finding.remedy and f"-> {finding.remedy}")
    yield from ("", "what changed, the newest first:") if changes else ()
    for change in changes:
        yield f"  {moment(change.at)}  {change.status:<11} {change.summary}"
        for event in change.events:
            yield from _below(36, f"* {event}")


def _below(indent: int, text: str) -> Iterator[str]:
    if text:
        yield " " * indent + text


def counts(numbers: Mapping[str, int]) -> str:
    """How many findings there are of each severity, for people."""
    return ", ".join(f"{number} {word}" for word, number in numbers.items())


def moment(at: datetime.datetime) -> str:
    """A time, for people."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
