"""Reads a file of facts that is part of the charm."""

from __future__ import annotations

import pathlib
from typing import Any

import yaml


def read(path: pathlib.Path) -> Any:
    """What a file of facts holds; it is YAML of our own."""
    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - both are safe
