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
from collections.abc import Callable, Iterator

from tests.stack.errors import StackError
from tests.stack.release import Release

Progress = Callable[[str], None]

_CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
_INSTALL_TIMEOUT = 900  # seconds; about 300 MB of wheels over a slow line
# These have no wheel on PyPI. All are pure Python: no compiler is needed.
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


def ensure(release: Release, progress: Progress, python: str = sys.executable) -> Environment:
    """Return the release's environment for an interpreter; build it when it is not there.

    Two processes never build at the same time. Raises StackError when building fails.
    """
    folder = home() / f"{release}-{_digest(release, python)}"
    if not _complete(folder):
        with _locked(home() / "building.lock"):
            if not _complete(folder):
                _build(release, folder, python, progress)
    return Environment(release, folder)


def _digest(release: Release, python: str) -> str:
    version = subprocess.run(
        [python, "-c", "import sys; print(sys.version)"],
        capture_output=True,
        check=True,
        timeout=30,
    ).stdout
    return hashlib.sha256(release.pins.read_bytes() + version).hexdigest()[:12]


def _complete(folder: pathlib.Path) -> bool:
    return (folder / "complete").exists()


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
        _uv(["pip", "install", "--python", python, *options, *source, "-r", str(release.pins)])
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    (folder / "complete").touch()


def _uv(arguments: list[str]) -> None:
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    environment.pop("VIRTUAL_ENV", None)
    done = subprocess.run(
        [sys.executable, "-m", "uv", *arguments],
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
