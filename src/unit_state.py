"""Files of one unit, in a private folder that outlives a refresh.

The folder is beside ops' own `.unit-state.db`, in the charm's folder: Juju leaves there what it
did not bring, and removes all of it with the unit. A file that cannot be read is as good as none.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import pathlib
import shutil

logger = logging.getLogger(__name__)

NAME = ".telemetry-coordinator"
"""The folder, in the charm's."""

VERIFIED = "verified"
"""The `inputs.Inputs.digest` of the last verification."""

STACK = "stack.json"
"""The stack that the leader told other charms last; empty on a unit that does not lead."""

STACK_STATUS = "stack-status.json"
"""The status of the stack in it: units may be told what is wrong with an option instead."""

EXPORTED = "exported"
"""Not empty while this unit exports what it verified."""

HISTORY = "history.json"
UNRELATED = "unrelated"
"""Endpoints that had no relation when they were asked about last."""

VERSION = "version"
"""The workload version that was set last."""

SHOWN = "shown"
"""The statuses that were offered last: a hook without news does not offer them again."""

LARGEST = 4 * 1024 * 1024
"""Bytes of a file that is read or written; more is not ours."""

SEAM = "TELEMETRY_COORDINATOR_ROOT"
"""Environment variable with a folder that stands for the machine's root, for tests."""

PUBLIC = pathlib.Path(os.environ.get(SEAM, "/"), "var/lib/telemetry-coordinator")
"""Reports for people, which `juju scp` can fetch, and metrics: they hold no secrets."""


class UnitState:
    """Named texts of this unit, mode 0600 in a folder of mode 0700.

    Attributes:
        public: the folder of the files that everybody may read; it may not be there yet.
    """

    def __init__(self, charm_dir: pathlib.Path, unit: str) -> None:
        """Touch nothing.

        Args:
            charm_dir: the charm's folder.
            unit: name of the unit, for files that people fetch.
        """
        self._folder = charm_dir / NAME
        self.public = PUBLIC / unit.replace("/", "-")

    def read(self, name: str) -> str:
        """The text kept under a name; empty where there is none that can be read."""
        with contextlib.suppress(OSError, ValueError):
            if self._folder.is_symlink():
                return ""
            descriptor = os.open(self._folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                content = file.read(LARGEST + 1)
            return content.decode() if len(content) <= LARGEST else ""
        return ""

    def keep(self, name: str, text: str) -> None:
        """Replace the text kept under a name, in one step; a full disk loses it."""
        try:
            content = text.encode()
        except UnicodeEncodeError:
            logger.warning("%s is not kept: it is no text", name)
            return
        if len(content) > LARGEST:
            logger.warning("%s is not kept: it has %d bytes", name, len(content))
            return
        try:
            if self._folder.is_symlink():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._folder.chmod(0o700)
            _replace(self._folder / name, content, 0o600)
        except OSError as error:
            logger.warning("%s could not be kept: %s", name, os.strerror(error.errno or 0))

    def keep_news(self, name: str, text: str) -> None:
        """Keep a text that is not kept already."""
        if self.read(name) != text:
            self.keep(name, text)

    def publish(self, name: str, text: str) -> str:
        """Write a file that everybody may read; return its path, or why it is not there."""
        path = self.public / name
        try:
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            _replace(path, text.encode(), 0o644)
        except OSError as error:
            logger.warning("%s could not be written: %s", path, error.strerror)
            return f"{path} could not be written ({error.strerror})"
        return str(path)

    def remove(self) -> None:
        """Remove everything, at the end of the unit's life."""
        shutil.rmtree(self._folder, ignore_errors=True)
        shutil.rmtree(self.public, ignore_errors=True)


def _replace(path: pathlib.Path, content: bytes, mode: int) -> None:
    """Write a file such that readers, also after a crash, see the old or the new one.

    A file that a crash left half-written goes with the next one.
    """
    fresh = path.with_name(".new")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.chmod(mode)
    fresh.replace(path)
