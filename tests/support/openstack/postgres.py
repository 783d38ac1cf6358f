"""Gnocchi's database: what the stack does to PostgreSQL from outside."""

import os
import pathlib
import pwd
import shutil
import stat
import subprocess
import tempfile
import time

from tests.support.openstack import environment
from tests.support.openstack.errors import StackError
from tests.support.openstack.inside.site import Site

_TIME = 120.0  # seconds for any one step
# The socket's path must fit in 107 bytes (sun_path in <sys/un.h>).
_LONGEST_PARENT = 60


def unprivileged_user() -> tuple[int, int] | None:
    """User and group id to run as: PostgreSQL refuses to run as root. None when not root."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def make_folder() -> pathlib.Path:
    """A fresh private folder for the data and the socket.

    Its path is short, and the user that PostgreSQL runs as can go there.
    """
    usual = pathlib.Path(tempfile.gettempdir()).resolve()
    short = len(str(usual)) <= _LONGEST_PARENT
    fits = short and (unprivileged_user() is None or _open_to_all(usual))
    return pathlib.Path(tempfile.mkdtemp(prefix="telemetry-pg-", dir=usual if fits else "/tmp"))


def installation(tools: environment.Environment, folder: pathlib.Path) -> pathlib.Path:
    """Where PostgreSQL's programs can be run by the user that runs them.

    Copies them to `folder` when root owns the way to the environment (such as /root) and the
    unprivileged user may not go there.
    """
    found = tools.postgres
    if unprivileged_user() is None or _open_to_all(found):
        return found
    shutil.copytree(found, folder / "wheel" / "pgserver" / "pginstall")
    # Libraries that the programs find relative to themselves.
    shutil.copytree(found.parents[1] / "pgserver.libs", folder / "wheel" / "pgserver.libs")
    return folder / "wheel" / "pgserver" / "pginstall"


def _open_to_all(path: pathlib.Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))


def own(site: Site) -> None:
    """Give PostgreSQL's folder to the user that it runs as."""
    if site.postgres_uid is None or site.postgres_gid is None:
        return
    os.chown(site.postgres_folder, site.postgres_uid, site.postgres_gid)
    for folder, _, files in os.walk(site.postgres_data):
        for path in (folder, *(f"{folder}/{name}" for name in files)):
            os.chown(path, site.postgres_uid, site.postgres_gid)


def wait_until_ready(site: Site) -> None:
    """Wait until the server takes connections. Raises StackError."""
    deadline = time.monotonic() + _TIME
    status = site.postgres_data / "postmaster.pid"
    while time.monotonic() < deadline:
        try:
            lines = status.read_text().splitlines()
        except FileNotFoundError:
            lines = []
        # The eighth line is the state (src/include/utils/pidfile.h).
        if len(lines) >= 8 and lines[7].strip() == "ready":
            return
        time.sleep(0.02)
    raise StackError("PostgreSQL does not become ready")


def execute(site: Site, *statements: str) -> None:
    """Run SQL statements, each by itself, as the owner of everything. Raises StackError."""
    commands = [word for statement in statements for word in ("-c", statement)]
    _psql(site, "postgres", *commands)


def query(site: Site, statement: str) -> str:
    """What a statement says of Gnocchi's database: rows as lines, values between `|`."""
    return _psql(site, "gnocchi", "--tuples-only", "--no-align", "-c", statement).strip()


def run_script(site: Site, script: str) -> None:
    """Run SQL, which may carry rows for COPY, on Gnocchi's database. Raises StackError."""
    _psql(site, "gnocchi", "-f", "-", script=script)


def _psql(site: Site, database: str, *words: str, script: str = "") -> str:
    where = ["-h", str(site.postgres_socket), "-U", "gnocchi", "-d", database]
    done = subprocess.run(
        [site.postgres_command("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", *where, *words],
        input=script,
        capture_output=True,
        text=True,
        timeout=_TIME,
        check=False,
    )
    if done.returncode:
        raise StackError(f"psql: {done.stderr.strip()}")
    return done.stdout
