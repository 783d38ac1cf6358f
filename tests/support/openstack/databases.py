"""Makes the services' databases."""

import contextlib
import pathlib
import shutil
import sqlite3

from tests.support.openstack import postgres
from tests.support.openstack.inside.site import Site
from tests.support.openstack.supervision import Supervision

_TASKS = ("keystone-setup", "gnocchi-setup", "aodh-setup", "barbican-setup", "watcher-setup")


def make(site: Site, supervision: Supervision) -> None:
    """Make every database, and a fresh copy of Gnocchi's beside it. Raises StackError.

    PostgreSQL is stopped afterwards.
    """
    supervision.run("initdb")
    supervision.ask("start", name="postgres")
    postgres.wait_until_ready(site)
    postgres.execute(site, "CREATE DATABASE gnocchi")
    supervision.run(*_TASKS)
    _let_readers_and_writers_be(site.state)
    postgres.execute(site, "CREATE DATABASE gnocchi_fresh TEMPLATE gnocchi")
    shutil.copytree(site.state / "gnocchi", site.state / "gnocchi-fresh")
    supervision.ask("stop", name="postgres")


def replace_gnocchi(site: Site) -> None:
    """Put the fresh copy in the place of Gnocchi's database and storage. Raises StackError."""
    postgres.execute(
        site,
        "DROP DATABASE gnocchi WITH (FORCE)",
        "CREATE DATABASE gnocchi TEMPLATE gnocchi_fresh",
    )
    shutil.rmtree(site.state / "gnocchi")
    shutil.copytree(site.state / "gnocchi-fresh", site.state / "gnocchi")


def _let_readers_and_writers_be(folder: pathlib.Path) -> None:
    """Let sqlite write while others read: by default a slow reader fails a service's commit."""
    for path in folder.glob("*.sqlite"):
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA journal_mode=WAL")  # the file remembers it
