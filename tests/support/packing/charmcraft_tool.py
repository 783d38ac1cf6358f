"""charmcraft in a private folder of the checkout, as it is needed to pack the charm.

charmcraft runs under the system's own Python, because it reads the package database through
python-apt, which exists only as a package of Debian and Ubuntu.
"""

from __future__ import annotations

import collections.abc
import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import sys

from tests.support.agent import processes

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
HOME = CHECKOUT / ".tools" / "charmcraft"
PINS = pathlib.Path(__file__).with_name("charmcraft.txt")
SYSTEM_PYTHON = pathlib.Path("/usr/bin/python3")
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
SYSTEM_PACKAGES = pathlib.Path("/usr/lib/python3/dist-packages")
PYTHON_APT = ("apt", "apt_pkg*.so", "apt_inst*.so", "aptsources")
BUILD_PACKAGES = ("binutils", "git", "python3-dev", "python3-venv")
"""What charmcraft.yaml and charmcraft's uv plugin want from the system; charmcraft installs
them itself when it is root."""

INSTALL_LIMIT = 600
APT_LIMIT = 180
PASSED = ("PIP_", "UV_", "SSL_CERT_", "REQUESTS_CA_BUNDLE")
PASSED_PROXIES = ("http_proxy", "https_proxy", "no_proxy")


class UnavailableError(Exception):
    """charmcraft cannot run on this machine; the text says why and what would help."""


def ensure() -> pathlib.Path:
    """Install charmcraft where that is not done yet, and give its interpreter.

    Run it as `PYTHON -m charmcraft`. Two processes never install at the same time.

    Raises:
        UnavailableError: if this machine lacks what charmcraft needs.
    """
    version = _system_python()
    _check_build_packages()
    digest = hashlib.sha256(PINS.read_bytes() + version.encode()).hexdigest()[:12]
    folder = HOME / f"venv-{digest}"
    with locked(HOME / "lock"):
        if not (folder / "complete").exists():
            for old in HOME.glob("venv-*"):
                shutil.rmtree(old)
            try:
                _install(folder)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
    return folder / "bin" / "python"


def environment(home: pathlib.Path, commands: pathlib.Path | None = None) -> dict[str, str]:
    """The environment of charmcraft and its installers: a private HOME, and nothing inherited
    but where packages come from and which certificates are trusted on the way.

    `commands` is a folder for the end of PATH.
    """
    passed = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(PASSED) or name.lower() in PASSED_PROXIES
    }
    return {
        "PATH": SYSTEM_PATH if commands is None else f"{SYSTEM_PATH}:{commands}",
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "UV_CACHE_DIR": str(CHECKOUT / ".tools" / "cache" / "uv"),
        **passed,
        "UV_PYTHON_DOWNLOADS": "never",
    }


@contextlib.contextmanager
def locked(path: pathlib.Path) -> collections.abc.Iterator[None]:
    """Hold a lock between processes; it goes with the process that held it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run(
    command: collections.abc.Sequence[str | pathlib.Path],
    folder: pathlib.Path,
    home: pathlib.Path,
    limit: float,
    commands: pathlib.Path | None = None,
) -> processes.Outcome:
    """Run one of the tools with its private HOME."""
    return processes.run(command, folder, environment(home, commands), limit)


def _system_python() -> str:
    """What the system's Python says of its version and build.

    Raises:
        UnavailableError: if it is missing or too old.
    """
    if not SYSTEM_PYTHON.exists():
        raise UnavailableError(f"charmcraft needs {SYSTEM_PYTHON}: apt-get install python3")
    root = pathlib.Path("/")
    code = "import sys; print(sys.version_info >= (3, 10), sys.version)"
    recent, _, version = run([SYSTEM_PYTHON, "-I", "-c", code], root, root, 30).stdout.partition(
        " "
    )
    if recent != "True":
        raise UnavailableError(f"charmcraft needs Python 3.10; {SYSTEM_PYTHON} is {version}")
    return version


def _check_build_packages() -> None:
    if shutil.which("dpkg-query") is None or shutil.which("apt-get") is None:
        raise UnavailableError("charmcraft packs on Debian and Ubuntu only: there is no apt here")
    missing = [name for name in BUILD_PACKAGES if not _installed(name)]
    if missing and os.geteuid() != 0:
        raise UnavailableError(
            f"charmcraft builds with packages that are missing: as root, "
            f"apt-get install {' '.join(missing)}"
        )


def _installed(package: str) -> bool:
    root = pathlib.Path("/")
    query = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    return run(query, root, root, 30).stdout == "installed"


def _install(folder: pathlib.Path) -> None:
    uv = [sys.executable, "-m", "uv"]
    python = folder / "bin" / "python"
    _must([*uv, "venv", "--quiet", "--python", SYSTEM_PYTHON, folder])
    _must([*uv, "pip", "install", "--quiet", "--python", python, "--requirements", PINS])
    _link_python_apt(next(folder.glob("lib/python3*/site-packages")), folder / "apt")
    checked = run([python, "-c", "import apt"], HOME, HOME, 30)
    if checked.exit_code != 0:
        raise UnavailableError(f"python-apt does not load: {checked.stderr.strip()[-300:]}")
    (folder / "complete").touch()


def _must(command: collections.abc.Sequence[str | pathlib.Path]) -> None:
    done = run(command, HOME, HOME, INSTALL_LIMIT)
    if done.exit_code != 0:
        raise UnavailableError(f"charmcraft cannot be installed: {done.stderr.strip()[-1500:]}")


def _link_python_apt(site_packages: pathlib.Path, unpacked: pathlib.Path) -> None:
    """Link the system's python-apt into the environment, or the package's files if need be."""
    source = SYSTEM_PACKAGES
    if not (source / "apt").is_dir():
        _unpack_python_apt(unpacked)
        source = unpacked / SYSTEM_PACKAGES.relative_to("/")
    for pattern in PYTHON_APT:
        for path in source.glob(pattern):
            (site_packages / path.name).symlink_to(path)


def _unpack_python_apt(folder: pathlib.Path) -> None:
    """Fetch Debian's python3-apt and unpack it here: that needs no root, unlike installing.

    apt keeps its lists and its cache here as well.

    Raises:
        UnavailableError: if apt cannot fetch it.
    """
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    private = [f"-oDir::State::Lists={folder}/lists", f"-oDir::Cache={folder}/cache"]
    commands = (
        ["apt-get", "--quiet=2", *private, "update"],
        ["apt-get", "--quiet=2", *private, "download", "python3-apt"],
    )
    for command in commands:
        done = run(command, folder, folder, APT_LIMIT)
        if done.exit_code != 0:
            raise UnavailableError(
                "charmcraft needs python-apt, which is not installed and could not be fetched: "
                f"apt-get install python3-apt ({done.stderr.strip()[-300:]})"
            )
    package = next(folder.glob("python3-apt_*.deb"))
    unpacked = run(["dpkg", "-x", package, folder], folder, folder, APT_LIMIT)
    if unpacked.exit_code != 0:
        raise UnavailableError(f"dpkg cannot unpack {package.name}: {unpacked.stderr.strip()}")
