"""Folders and files that nobody else may read, gone when they are done with.

A folder is locked while its process lives; one without a lock was left over by a process that was
killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pathlib
import shutil
import signal
import tempfile
import time
from collections.abc import Generator
from types import FrameType

_PREFIX = "telemetry-coordinator-"
_YOUNG = 60.0  # seconds in which a folder without a lock may still be one that is just being made
_live: set[pathlib.Path] = set()


@contextlib.contextmanager
def folder(parent: pathlib.Path | None = None) -> Generator[pathlib.Path]:
    """A new folder with mode 0700, removed at the end; left-overs of others are removed too."""
    parent = parent or _parent()
    _sweep(parent)
    made = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=parent)
    path = pathlib.Path(made)
    _live.add(path)
    try:
        with _locked(path):
            yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        _live.discard(path)


def write(path: pathlib.Path, text: str) -> pathlib.Path:
    """Write a new file with mode 0600 and return its path."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def sweep(*more: pathlib.Path) -> None:
    """Remove the left-overs of processes that were killed; raises nothing."""
    for parent in dict.fromkeys((_parent(), pathlib.Path(tempfile.gettempdir()), *more)):
        _sweep(parent)


def remove_when_terminated() -> None:
    """Let SIGTERM remove this process's folders first; to be called from the main thread."""
    signal.signal(signal.SIGTERM, _remove_and_end)


def _remove_and_end(number: int, _frame: FrameType | None) -> None:
    for path in tuple(_live):
        shutil.rmtree(path, ignore_errors=True)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _parent() -> pathlib.Path:
    """The usual place of private folders: /run is memory and is emptied by a restart."""
    run = pathlib.Path("/run")
    return run if os.access(run, os.W_OK) else pathlib.Path(tempfile.gettempdir())


@contextlib.contextmanager
def _locked(path: pathlib.Path) -> Generator[None]:
    """Lock the folder; raises OSError where it is none, or another process has locked it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _sweep(parent: pathlib.Path) -> None:
    with contextlib.suppress(OSError):
        for path in parent.glob(f"{_PREFIX}*"):
            with contextlib.suppress(OSError):
                _remove_left_over(path)


def _remove_left_over(path: pathlib.Path) -> None:
    status = path.lstat()
    young = time.time() - status.st_mtime < _YOUNG
    if status.st_uid != os.getuid() or path in _live or (young and not _is_orphan(path.name)):
        return
    with _locked(path):
        shutil.rmtree(path)


def _is_orphan(name: str) -> bool:
    """True if the process that made a folder has ended; its number is in the name."""
    number = name.removeprefix(_PREFIX).partition("-")[0]
    is_number = number.isascii() and number.isdigit()
    return is_number and not pathlib.Path("/proc", number).exists()
