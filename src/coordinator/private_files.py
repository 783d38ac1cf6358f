"""Folders and files that nobody else may read, gone when they are done with."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import tempfile
import time
from collections.abc import Generator

_PREFIX = "telemetry-coordinator-"
_STALE = 3600.0
"""Seconds after which a folder is a left-over: no hook of this charm takes that long."""


@contextlib.contextmanager
def folder(parent: pathlib.Path | None = None) -> Generator[pathlib.Path]:
    """A new folder with mode 0700, removed at the end.

    Left-overs of hooks that were killed are removed too.

    Args:
        parent: where to make it; by default in memory where possible.
    """
    parent = parent or _parent()
    _sweep(parent)
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent) as path:
        yield pathlib.Path(path)


def write(path: pathlib.Path, text: str) -> pathlib.Path:
    """Write a new file with mode 0600 and return its path."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def _parent() -> pathlib.Path:
    """Where private folders live: /run is memory and is emptied by a restart."""
    run = pathlib.Path("/run")
    return run if os.access(run, os.W_OK) else pathlib.Path(tempfile.gettempdir())


def _sweep(parent: pathlib.Path) -> None:
    for path in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            status = path.lstat()
            old = time.time() - status.st_mtime > _STALE
            if status.st_uid == os.getuid() and (old or _is_orphan(path.name)):
                shutil.rmtree(path)


def _is_orphan(name: str) -> bool:
    """Whether the process that made a folder has ended; its number is in the name."""
    number = name.removeprefix(_PREFIX).partition("-")[0]
    return number.isdigit() and not pathlib.Path("/proc", number).exists()
