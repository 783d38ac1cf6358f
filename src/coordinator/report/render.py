"""Reports in their forms."""

from __future__ import annotations

import collections
import datetime
import enum
import re
from collections.abc import Iterator, Sequence

import msgspec

from coordinator.blueprint.systems import Blueprint
from coordinator.report import kept, templates
from coordinator.report.finding import CANARY, Finding, Severity
from coordinator.report.history import Change
from coordinator.report.report import Report
from coordinator.text import lasting


class Form(enum.Enum):
    """Forms of a report (parameter `format` of actions)."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"

    @property
    def suffix(self) -> str:
        """The end of the name of a file in this form."""
        return {"text": "txt", "markdown": "md"}.get(self.value, self.value)


class _Section(msgspec.Struct, frozen=True):
    label: str  # title, version and type
    state: Severity
    findings: tuple[Finding, ...]  # the worst first


def report_as(
    form: Form, report: Report, blueprint: Blueprint, changes: Sequence[Change] = ()
) -> str:
    """A report in one of its forms; in those for people the worst comes first."""
    if form is Form.JSON:
        return kept.dumps({**report.to_dict(), "history": changes})
    sections = _sections(report, blueprint)
    found = collections.Counter(finding.severity for finding in report.findings)
    numbers = {one.value: found[one] for one in reversed(Severity) if one in found}
    counts = ", ".join(f"{number} {word}" for word, number in numbers.items())
    if form is Form.TEXT:
        return "".join(f"{line}\n" for line in _lines(report, sections, counts, changes))
    return templates.fill(
        f"report.{form.suffix}",
        report=report,
        sections=sections,
        numbers=numbers,
        counts=counts,
        changes=changes,
        lasting=lasting,
        time=_moment,
        text=_markdown,
        code=_code,
    )


def _sections(report: Report, blueprint: Blueprint) -> tuple[_Section, ...]:
    """The systems of a report, the worst first."""
    titles = {system.service: system.title for system in blueprint.systems.values()}
    titles["trust"] = "CA certificates"
    findings: dict[str, list[Finding]] = {}
    for finding in report.worst_first():
        findings.setdefault(finding.service, []).append(finding)

    def label(service: str) -> str:
        version = report.builds.get(service, "")
        type_ = f"({service})" if service in blueprint.services else ""
        return " ".join(filter(None, (titles.get(service, service), version, type_)))

    return tuple(
        _Section(label(service), found[0].severity, tuple(found))
        for service, found in findings.items()
    )


def _lines(
    report: Report, sections: Sequence[_Section], counts: str, changes: Sequence[Change]
) -> Iterator[str]:
    yield ("" if report.verified else "NOT VERIFIED: ") + report.summary()
    taken = f"taken {_moment(report.taken_at)}, {report.interface} endpoints"
    taken += f" of {report.region}" if report.region else ""
    if report.canaries and any(finding.question == CANARY for finding in report.findings):
        taken += f", canaries of {_moment(report.canaries.sent_at)}"
    yield taken
    left_out = f"; {report.left_out} more are left out here for want of room"
    yield counts + (left_out if report.left_out else "")
    for section in sections:
        if section.state is not Severity.OK:
            yield from _not_ok(section)
    well = [section for section in sections if section.state is Severity.OK]
    if well:
        yield from _ok(well)
    if changes:
        yield from ("", "what changed, the newest first:")
    for change in changes:
        yield f"  {_moment(change.at)}  {change.status:<11} {change.summary}"
        yield from (f"{'':36}* {event}" for event in change.events)


def _not_ok(section: _Section) -> Iterator[str]:
    yield ""
    yield f"{section.label}: {section.state.value}"
    for finding in section.findings:
        yield f"  {finding.severity.value:<9} {finding.summary}"
        if finding.because:
            yield f"{'':12}follows from {finding.because}"
        if finding.remedy:
            yield f"{'':12}-> {finding.remedy}"


def _ok(sections: Sequence[_Section]) -> Iterator[str]:
    width = max(len(section.label) for section in sections)
    yield ""
    yield "ok:"
    for section in sections:
        label = section.label
        for finding in section.findings:
            yield f"  {label:<{width}}  {finding.summary}"
            if finding.remedy:
                yield f"{'':{width + 4}}-> {finding.remedy}"
            label = ""


def _moment(at: datetime.datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


_MARKDOWN_SIGNS = re.compile(r"([\\`*{}\[\]<>#|~&]|(?<![^\W_])_|_(?![^\W_]))")
"""Signs of Markdown; `_` within a word is none, as in many a URL."""


def _markdown(text: str) -> str:
    """A text as Markdown shows it unchanged, in a cell of a table too."""
    return _MARKDOWN_SIGNS.sub(r"\\\1", text)


def _code(text: str) -> str:
    """A command as code; one with backticks needs longer ones around it."""
    if not text:
        return ""
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{space}{text}{space}{fence}".replace("|", r"\|")
