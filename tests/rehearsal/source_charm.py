"""The charm's folder as Juju would unpack it, made of this checkout instead of a package."""

from __future__ import annotations

import pathlib
import shlex
import sys

ROOT = pathlib.Path(__file__).parents[2]
FILES = ("src", "lib", "metadata.yaml", "config.yaml", "actions.yaml")
SEAM = "CEILOMETER_UPGRADE_COMMAND"
"""The charm's variable for the path of ceilometer-upgrade (src/coordinator/upgrade/command.py)."""


def make(folder: pathlib.Path) -> pathlib.Path:
    """Fill a folder with links to the checkout, and with a dispatch that runs this Python."""
    for name in FILES:
        (folder / name).symlink_to(ROOT / name)
    dispatch = folder / "dispatch"
    dispatch.write_text(
        "#!/bin/sh\n"
        "PYTHONPATH=lib:src PYTHONDONTWRITEBYTECODE=1 "
        f"exec {shlex.quote(sys.executable)} ./src/charm.py\n",
        encoding="utf-8",
    )
    dispatch.chmod(0o755)
    return folder
