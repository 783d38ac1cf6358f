"""Gnocchi's storage folder: what the stack does to it from outside."""

import contextlib
import os
import pathlib
import stat

from tests.support.openstack.inside.site import Site


def set_writable(site: Site, *, writable: bool) -> None:
    """Let Gnocchi write to its storage or not. It replaces files: the folders' modes decide."""
    # unlike pathlib, this does not mind folders that Gnocchi removes meanwhile
    for name, _, _ in os.walk(site.state / "gnocchi"):
        folder = pathlib.Path(name)
        with contextlib.suppress(FileNotFoundError):
            mode = stat.S_IMODE(folder.stat().st_mode)
            folder.chmod(mode | stat.S_IWUSR if writable else mode & ~0o222)
