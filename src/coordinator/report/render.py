"""Reports in their forms, and other texts from the templates in `src/templates`."""

from __future__ import annotations

import datetime
import enum
import pathlib
import re
import shlex
from collections.abc import Sequence
from typing import Any

from coordinator.blueprint.systems import Blueprint
from coordinator.report import as_text, kept
from coordinator.report.as_text import Section
from coordinator.report.finding import Finding, Severity
from coordinator.report.history import Change
from coordinator.report.report import Report
from coordinator.text import lasting

TEMPLATES = pathlib.Path(__file__).parents[2] / "templates"


def render(template: str, **values: Any) -> str:
    """Fill a template.

    Raises:
        ValueError: a value cannot be written into a configuration file.
    """
    import jinja2  # noqa: PLC0415 - 25 ms, and as much for a template; a report as text needs none

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=jinja2.select_autoescape(("html",), default_for_string=False),
    )
    tools = {"oslo": oslo_value, "quote": shlex.quote}
    return environment.get_template(template).render(tools, **values)


def oslo_value(value: str) -> str:
    """A value as oslo.config reads it back unchanged.

    It substitutes `$name`, strips blanks and removes one pair of quotes around the value. A dollar
    is escaped by a backslash, since `$$` after a backslash would be read as another escape.
    Source: oslo.config, "Option Value Interpolation", and its iniparser.

    Raises:
        ValueError: it holds a line break, which no quoting can carry.
    """
    if "\n" in value or "\r" in value:
        raise ValueError("a value with a line break cannot be written into ceilometer.conf")
    return '"{}"'.format(value.replace("$", r"\$"))


class Form(enum.Enum):
    """Forms of a report (parameter `format` of actions)."""

    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"

    @property
    def suffix(self) -> str:
        """How the name of a file in this form ends."""
        return "txt" if self is Form.TEXT else "md" if self is Form.MARKDOWN else self.value


def report_as(
    form: Form, report: Report, blueprint: Blueprint, changes: Sequence[Change] = ()
) -> str:
    """A report in one of its forms; in those for people the worst comes first."""
    if form is Form.JSON:
        return kept.dumps({**report.to_dict(), "history": changes})
    sections = _sections(report, blueprint)
    counted = {severity: len(report.having(severity)) for severity in reversed(Severity)}
    numbers = {severity.value: number for severity, number in counted.items() if number}
    if form is Form.TEXT:
        return "".join(f"{line}\n" for line in as_text.lines(report, sections, numbers, changes))
    return render(
        f"report.{form.suffix}",
        report=report,
        sections=sections,
        numbers=numbers,
        counts=as_text.counts(numbers),
        changes=changes,
        lasted=_durations(changes, report.taken_at),
        time=as_text.moment,
        text=_markdown,
        code=_code,
    )


def _durations(changes: Sequence[Change], now: datetime.datetime) -> list[str]:
    """How long each status lasted, for people: `45 min`, `3 h`, `2 d`."""
    ends = [now, *(change.at for change in changes)]
    return [lasting(end - change.at) for end, change in zip(ends, changes, strict=False)]


def _sections(report: Report, blueprint: Blueprint) -> tuple[Section, ...]:
    """The systems of a report: that with the worst finding first, those with none at the end."""
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
        Section(label(service), found[0].severity, tuple(found))
        for service, found in findings.items()
    )


_MARKDOWN_SIGNS = re.compile(r"([\\`*{}\[\]<>#|~&]|(?<![^\W_])_|_(?![^\W_]))")
"""What Markdown may read as more than itself; `_` within a word it does not, as in many a URL."""


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
