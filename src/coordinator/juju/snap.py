"""The juju command of this unit: found, or installed as the snap."""

from __future__ import annotations

import os
import pathlib
import pwd
import shutil
import threading
from collections.abc import Callable

DEADLINE = 90.0
"""Seconds that a hook waits for an installation; snapd goes on with it by itself."""

COMMAND = "/snap/bin/juju"
"""The snap's command, where /snap/bin is not on PATH."""


def find() -> pathlib.Path | None:
    """The command on PATH, else that of the snap; None where there is none."""
    found = shutil.which("juju") or shutil.which(COMMAND)
    return pathlib.Path(found) if found else None


def private_parent(client: pathlib.Path) -> pathlib.Path | None:
    """The folder for the client's private folder; None where any will do.

    The snap is confined: of the hidden places it may read and write its own common folder only.
    """
    if not str(client).startswith("/snap/"):
        return None
    common = common_folder()
    common.mkdir(parents=True, exist_ok=True)
    return common


def common_folder() -> pathlib.Path:
    """The snap's own folder; private folders of killed hooks may be left in it."""
    return pathlib.Path(pwd.getpwuid(os.getuid()).pw_dir, "snap/juju/common")


def obtain(
    channel: str, announce: Callable[[str], None], deadline: float = DEADLINE
) -> pathlib.Path | str:
    """Install the snap and return its command, or why there is none.

    Args:
        channel: of the snap.
        announce: told one line before it is installed, which takes long.
        deadline: seconds to wait for it.
    """
    announce(f"installing the snap juju ({channel})")
    faults = [f"snapd did not end within {deadline:g} seconds"]
    # the library waits for snapd without end: a thread that does not keep the hook alive does not
    waiter = threading.Thread(target=lambda: faults.append(install(channel)), daemon=True)
    waiter.start()
    waiter.join(deadline)
    return find() or faults[-1] or "the snap brought no command juju"


def install(channel: str) -> str:
    """Install the snap, however long it takes, and say why it could not be; else empty."""
    from charmlibs import snap  # noqa: PLC0415 - needed where juju is missing

    try:
        snap.ensure_installed("juju", channel=channel, update=False)
    except (snap.Error, OSError) as error:
        return str(error)
    return ""
