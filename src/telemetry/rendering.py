"""Texts from the templates in `src/templates`."""

from __future__ import annotations

import pathlib
import shlex
from typing import Any

import jinja2

from telemetry.blueprint import Blueprint
from telemetry.report import Report

TEMPLATES = pathlib.Path(__file__).parent.parent / "templates"


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
        autoescape=False,  # noqa: S701 - configuration and plain text, no HTML
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


def report_text(report: Report, blueprint: Blueprint) -> str:
    """A report for people: the verdict first, then every service with its findings."""
    titles = {system.service: system.title for system in blueprint.systems.values()}
    titles["trust"] = "CA certificates"
    return render("report.txt", report=report, titles=titles, types=tuple(blueprint.services))
