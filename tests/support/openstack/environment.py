"""Builds the virtual environment that holds one release set, once per checkout."""

import contextlib
import dataclasses
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

from tests.support.openstack.errors import StackError
from tests.support.openstack.release import Release

Progress = Callable[[str], None]

_CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
_INSTALL_TIMEOUT = 900  # seconds; about 300 MB of wheels over a slow line
_TELL = 5  # seconds between two lines about an installation
# These have no wheel on PyPI. All are pure Python: no compiler is needed.
_PYTHONS = ("3.10", "3.11", "3.12")  # what the pinned releases have wheels for
_FROM_SOURCE = ("jsonpath-rw", "logutils", "pyperclip", "simplegeneric")


def home() -> pathlib.Path:
    """The private folder for environments, templates and kept logs.

    TELEMETRY_STACK_HOME overrides it. It must not lie in the system's temporary folder:
    stevedore, which every OpenStack program uses, switches its cache off there.
    """
    override = os.environ.get("TELEMETRY_STACK_HOME")
    return pathlib.Path(override).resolve() if override else _CHECKOUT / ".tools" / "stack"


@dataclasses.dataclass(frozen=True)
class Environment:
    """A virtual environment with every program of one release set."""

    release: Release
    folder: pathlib.Path

    @property
    def python(self) -> pathlib.Path:
        """The interpreter."""
        return self.folder / "bin" / "python"

    @property
    def cache(self) -> pathlib.Path:
        """XDG_CACHE_HOME for programs of the environment: stevedore's entry points stay warm."""
        return self.folder / "cache"

    @property
    def postgres(self) -> pathlib.Path:
        """PostgreSQL's installation (bin, lib, share), carried by a wheel.

        Raises StackError when the wheel is not there.
        """
        found = sorted(self.folder.glob("lib/python3*/site-packages/pgserver/pginstall"))
        if not found:
            raise StackError(f"no PostgreSQL in {self.folder}")
        return found[0]

    def command(self, name: str) -> pathlib.Path:
        """The path of one of the environment's commands."""
        return self.folder / "bin" / name


def ensure(release: Release, progress: Progress) -> Environment:
    """Return the release's environment; build it when it is not there.

    It is for the interpreter that runs this, or the one that TELEMETRY_STACK_PYTHON names.
    Two processes never build at the same time. Raises StackError when building fails.
    """
    python = _interpreter()
    folder = home() / f"{release}-{_digest(release, python)}"
    if not _complete(folder):
        with _locked(home() / "building.lock"):
            if not _complete(folder):
                _build(release, folder, python, progress)
    return Environment(release, folder)


def _interpreter() -> str:
    """The interpreter itself, not a virtual environment's link to it, which may go away."""
    wanted = os.environ.get("TELEMETRY_STACK_PYTHON") or sys.executable
    found = shutil.which(wanted)
    if found is None:
        raise StackError(f"there is no {wanted}")
    return str(pathlib.Path(found).resolve())


def _digest(release: Release, python: str) -> str:
    """Name the pins and the interpreter. Raises StackError when they do not go together."""
    try:
        version = subprocess.run(
            [python, "-c", "import sys; print(sys.version)"],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=30,
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise StackError(f"{python} does not run: {error}") from error
    if not version.startswith(tuple(f"{minor}." for minor in _PYTHONS)):
        raise StackError(
            f"{python} is Python {version.split()[0]}; the services under test need one of"
            f" {', '.join(_PYTHONS)}: name one with TELEMETRY_STACK_PYTHON=/path/to/python"
        )
    return hashlib.sha256(release.pins.read_bytes() + version.encode()).hexdigest()[:12]


def _complete(folder: pathlib.Path) -> bool:
    # The interpreter may be gone with an upgrade of the system: its link then leads nowhere.
    return (folder / "complete").exists() and (folder / "bin" / "python").exists()


def _build(release: Release, folder: pathlib.Path, python: str, progress: Progress) -> None:
    """Build in place (an environment cannot be moved) and mark it complete at the end."""
    shutil.rmtree(folder, ignore_errors=True)
    progress(f"creating the environment for {release}")
    try:
        _uv(["venv", "--quiet", "--python", python, str(folder)])
        progress(f"installing the pinned packages of {release} (once per checkout)")
        source = [word for name in _FROM_SOURCE for word in ("--no-binary", name)]
        python = str(Environment(release, folder).python)
        options = ["--quiet", "--no-deps", "--compile-bytecode", "--only-binary", ":all:"]
        with _counted(release, folder, progress):
            _uv(["pip", "install", "--python", python, *options, *source, "-r", str(release.pins)])
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    (folder / "complete").touch()


@contextlib.contextmanager
def _counted(release: Release, folder: pathlib.Path, progress: Progress) -> Iterator[None]:
    """Tell every few seconds how many packages are installed, and which came last."""
    pins = release.pins.read_text(encoding="utf-8").splitlines()
    total = sum("==" in line and not line.startswith((" ", "#")) for line in pins)
    over = threading.Event()

    def tell() -> None:
        while not over.wait(_TELL):
            done = list(folder.glob("lib/python*/site-packages/*.dist-info"))
            newest = max(done, key=lambda path: path.stat().st_mtime, default=None)
            name = (
                newest.name.removesuffix(".dist-info").replace("-", " ") if newest else "fetching"
            )
            progress(f"{len(done)} of {total} packages: {name}")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def _uv(arguments: list[str]) -> None:
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    environment.pop("VIRTUAL_ENV", None)
    done = subprocess.run(
        # The pins alone decide: what uv is told for this project is not for the services.
        [sys.executable, "-m", "uv", "--no-config", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_INSTALL_TIMEOUT,
        check=False,
    )
    if done.returncode:
        raise StackError(f"uv {' '.join(arguments[:2])} failed:\n{done.stdout[-3000:]}")


@contextlib.contextmanager
def _locked(path: pathlib.Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
