"""Reports that are too long for Juju, as files of this unit."""

from __future__ import annotations

import logging
import pathlib

logger = logging.getLogger(__name__)

FOLDER = pathlib.Path("/var/lib/telemetry-coordinator")
"""Readable for all, so that `juju scp` can fetch what is in it: reports hold no secrets."""


def kept(suffix: str) -> str:
    """The path of the last report of a form; empty when there is none on this unit."""
    path = _path(suffix)
    return str(path) if path.exists() else ""


def keep(text: str, suffix: str) -> str:
    """Replace the last report of a form; return the path, or why it could not be written."""
    path = _path(suffix)
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


def _path(suffix: str) -> pathlib.Path:
    return FOLDER / f"report.{suffix}"
