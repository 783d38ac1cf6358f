"""Texts from the templates in `src/templates`."""

from __future__ import annotations

import pathlib
import shlex
from typing import Any

_FOLDER = pathlib.Path(__file__).parents[2] / "templates"


def fill(template: str, **values: Any) -> str:
    """Fill a template; raises ValueError where `oslo_value` does."""
    import jinja2  # noqa: PLC0415 - 25 ms, and as much for a template; a report as text needs none

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
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
    Source: oslo.config, "Option Value Interpolation", and its iniparser. Raises ValueError for a
    line break, which no quoting can carry.
    """
    if "\n" in value or "\r" in value:
        raise ValueError("a value with a line break cannot be written into ceilometer.conf")
    return '"{}"'.format(value.replace("$", r"\$"))
