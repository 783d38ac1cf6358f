"""Texts from the templates in `src/templates`."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import pathlib
import re
import shlex
from collections.abc import Sequence
from typing import Any

import jinja2

from coordinator.blueprint.systems import Blueprint
from coordinator.report import kept
from coordinator.report.finding import Finding, Severity
from coordinator.report.history import Change
from coordinator.report.report import Report

TEMPLATES = pathlib.Path(__file__).parents[2] / "templates"


def render(template: str, **values: Any) -> str:
    """Fill a template.

    Raises:
        ValueError: a value cannot be written into a configuration file.
    """
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


@dataclasses.dataclass(frozen=True)
class _Section:
    """What a report says about one system.

    Attributes:
        label: title, version and type of the system, as far as it has them.
    """

    label: str
    state: Severity
    findings: tuple[Finding, ...]


def report_as(
    form: Form, report: Report, blueprint: Blueprint, changes: Sequence[Change] = ()
) -> str:
    """A report in one of its forms; in those for people the worst comes first."""
    if form is Form.JSON:
        return kept.dumps({**report.to_dict(), "history": changes})
    sections = _sections(report, blueprint)
    numbers = {severity: len(report.having(severity)) for severity in reversed(Severity)}
    return render(
        f"report.{form.suffix}",
        report=report,
        sections=sections,
        numbers={severity.value: n for severity, n in numbers.items() if n},
        counts=", ".join(f"{n} {severity.value}" for severity, n in numbers.items() if n),
        width=max((len(s.label) for s in sections if s.state is Severity.OK), default=0),
        changes=changes,
        lasted=_durations(changes, report.taken_at),
        time=_time,
        text=_markdown,
        code=_code,
    )


def _durations(changes: Sequence[Change], now: datetime.datetime) -> list[str]:
    """How long each status lasted, for people: `45 min`, `3 h`, `2 d`."""
    ends = [now, *(change.at for change in changes)]
    return [_duration(end - change.at) for end, change in zip(ends, changes, strict=False)]


def _duration(length: datetime.timedelta) -> str:
    minutes = max(0, round(length.total_seconds() / 60))
    if minutes < 90:
        return f"{minutes} min"
    return f"{round(minutes / 60)} h" if minutes < 48 * 60 else f"{round(minutes / 1440)} d"


def _sections(report: Report, blueprint: Blueprint) -> tuple[_Section, ...]:
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
        _Section(label(service), found[0].severity, tuple(found))
        for service, found in findings.items()
    )


def _time(at: datetime.datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


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
