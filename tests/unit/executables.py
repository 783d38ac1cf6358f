"""Shell scripts that stand for commands, for faults that the real ones cannot be made to show."""

from __future__ import annotations

import pathlib


def script(path: pathlib.Path, *lines: str) -> pathlib.Path:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
    path.chmod(0o755)
    return path
