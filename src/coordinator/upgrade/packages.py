"""Installs ceilometer-common, which brings the command ceilometer-upgrade, when that is needed."""

from __future__ import annotations

import contextlib
import logging
import os
import pathlib
import platform
import subprocess
from collections.abc import Generator

import msgspec

from coordinator import private_files
from coordinator.openstack.proxies import Proxies
from coordinator.text import plain

logger = logging.getLogger(__name__)

PACKAGE = "ceilometer-common"
CEILOMETER_UPGRADE = pathlib.Path("/usr/bin/ceilometer-upgrade")
ARCHIVE = "http://ubuntu-cloud.archive.canonical.com/ubuntu"
"""Ubuntu Cloud Archive; its packages are signed, and its key comes with ubuntu-cloud-keyring."""

# apt bounds its own network calls; dpkg itself must never be cut off half-way
_APT_CONFIG = """\
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
DPkg::Lock::Timeout "300";
"""


class InstallError(Exception):
    """ceilometer-common could not be installed; the text tells why."""


class Source(msgspec.Struct, frozen=True):
    """The archive that packages come from.

    Attributes:
        suite: of the Ubuntu Cloud Archive, such as `jammy-updates/antelope`; empty: the
            distribution itself.
    """

    suite: str = ""
    proxies: Proxies = Proxies()


def install_ceilometer(source: Source) -> None:
    """Install ceilometer-common.

    Raises:
        InstallError: it is not installed.
    """
    from charmlibs import apt  # noqa: PLC0415 - only the first upgrade needs it

    logger.info("installing %s from %s", PACKAGE, source.suite or "the distribution")
    try:
        with _bounded_apt(source):
            if source.suite:
                _refuse_another_series(source)
                apt.add_package("ubuntu-cloud-keyring")
                repository = apt.DebianRepository(True, "deb", ARCHIVE, source.suite, ["main"])
                apt.RepositoryMapping().add(repository)
                apt.update()
            try:
                apt.add_package(PACKAGE)
            except apt.PackageError:  # the lists of packages at hand may be too old
                apt.update()
                apt.add_package(PACKAGE)
    except (apt.Error, subprocess.CalledProcessError, OSError) as error:
        raise InstallError(f"{PACKAGE} could not be installed: {_reason(error)}") from error


def _refuse_another_series(source: Source) -> None:
    """Refuse a pocket for another series of Ubuntu, whose packages would not fit together."""
    series = source.suite.partition("-")[0]
    ours = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    if series != ours:
        text = f"openstack-origin is for {series}, but this machine runs {ours}"
        raise InstallError(f"{PACKAGE} could not be installed: {text}")


@contextlib.contextmanager
def _bounded_apt(source: Source) -> Generator[None]:
    """Have apt use our limits and the model's proxies, unless the system sets them itself."""
    config = _APT_CONFIG
    for scheme, proxy in (("http", source.proxies.http), ("https", source.proxies.https)):
        if proxy:
            config += f'Acquire::{scheme}::Proxy "{proxy}";\n'
    with private_files.folder() as folder:
        path = private_files.write(folder / "apt.conf", config)
        saved = os.environ.get("APT_CONFIG")
        os.environ["APT_CONFIG"] = str(path)
        try:
            yield
        finally:
            if saved is None:
                del os.environ["APT_CONFIG"]
            else:
                os.environ["APT_CONFIG"] = saved


def _reason(error: Exception) -> str:
    """The line of apt that tells why, short enough for a status."""
    said = error.stderr if isinstance(error, subprocess.CalledProcessError) else str(error)
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("E:")]  # the first led to the others
    return plain((errors[:1] or lines[-1:] or [type(error).__name__])[0], limit=200)
