"""Reports that are too long for Juju, as files of this unit."""

from __future__ import annotations

import logging
import pathlib

logger = logging.getLogger(__name__)

FOLDER = pathlib.Path("/var/lib/telemetry-coordinator")
"""Readable for all, so that `juju scp` can fetch what is in it: reports hold no secrets."""


def read(name: str) -> str:
    """What a file has; empty when there is none on this unit."""
    try:
        return (FOLDER / name).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def keep(text: str, name: str) -> str:
    """Replace a file; return its path, or why it could not be written."""
    path = FOLDER / name
    try:
        FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
        # in one step, so that nobody reads half a report
        fresh = path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.chmod(0o644)
        fresh.replace(path)
    except OSError as error:
        logger.warning("%s could not be written: %s", path, error)
        return f"{path} could not be written ({error.strerror})"
    return str(path)
