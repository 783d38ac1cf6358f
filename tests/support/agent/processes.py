"""Runs a program as a process group of its own, bounded in time, leaving nothing behind."""

from __future__ import annotations

import collections.abc
import contextlib
import dataclasses
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import typing


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How the program ended; `exit_code` is None when the time limit ended it."""

    exit_code: int | None
    stdout: str
    stderr: str
    seconds: float


_TIDY_UP = 5.0  # seconds


def run(
    command: collections.abc.Sequence[str | pathlib.Path],
    folder: pathlib.Path,
    environment: collections.abc.Mapping[str, str],
    limit: float,
) -> Outcome:
    """Run a command in a folder with exactly this environment, for at most `limit` seconds.

    Output goes through files, so that a process left in the background cannot keep the caller
    waiting. What still lives of the process group at the end is interrupted, so that it can tidy
    up, and then killed, also when the limit passes or the caller is interrupted.
    """
    started = time.monotonic()
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        exit_code = None
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                exit_code = process.wait(timeout=limit)
        finally:
            for number in (signal.SIGINT, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=_TIDY_UP)
        return Outcome(exit_code, _text(stdout), _text(stderr), time.monotonic() - started)


def _text(file: typing.IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
