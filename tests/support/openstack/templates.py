"""Initialised databases, kept so that only the first boot has to make them."""

import hashlib
import pathlib
import shutil
import tempfile

from tests.support.openstack import environment
from tests.support.openstack.inside.site import Site

_SOURCES = pathlib.Path(__file__).parent
# What decides what is in the databases.
_MAKERS = (
    "inside/programs.py",
    "inside/keystone_setup.py",
    "inside/site.py",
    "identity.py",
    "databases.py",
)


def path(tools: environment.Environment, password_hash_rounds: int) -> pathlib.Path:
    """Where the template for these settings is, or will be.

    The name covers the sources that set it up: a change there makes another template.
    """
    digest = hashlib.sha256(str(password_hash_rounds).encode())
    for name in _MAKERS:
        digest.update((_SOURCES / name).read_bytes())
    return tools.folder / "templates" / digest.hexdigest()[:12]


def restore(template: pathlib.Path, site: Site) -> None:
    """Fill a site with the template's state."""
    shutil.copytree(template / "state", site.state)
    shutil.copytree(template / "postgres", site.postgres_data)


def keep(site: Site, template: pathlib.Path) -> None:
    """Make the template of a site's state, all or nothing. PostgreSQL must be stopped."""
    template.parent.mkdir(exist_ok=True)
    building = pathlib.Path(tempfile.mkdtemp(prefix="building-", dir=template.parent))
    try:
        shutil.copytree(site.state, building / "state")
        shutil.copytree(site.postgres_data, building / "postgres")
        building.rename(template)
    except OSError:
        # Another process was quicker, or the disk is full: a template is only a saving of time.
        shutil.rmtree(building, ignore_errors=True)
