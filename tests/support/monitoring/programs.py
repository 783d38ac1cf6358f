"""Prometheus and promtool: the installed ones, or Debian's package unpacked into .tools.

The package is one archive with two programs that need the C library alone, so it can be unpacked
anywhere, as whatever user.
"""

import fcntl
import pathlib
import platform
import shutil
import subprocess

_HOME = pathlib.Path(__file__).resolve().parents[3] / ".tools" / "prometheus"
_TIME = 180.0  # seconds for any one command; it is about 40 MB
_APT_OPTIONS = (
    *("-o", "APT::Sandbox::User="),  # root would download as a user that may not write here
    *("-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=15"),
)


class MissingProgramError(RuntimeError):
    """A program is not installed and could not be fetched; the message says what to do."""


def ensure(name: str) -> pathlib.Path:
    """The path of `prometheus` or `promtool`.

    Raises:
        MissingProgramError: it is not installed, and Debian's archive cannot be reached.
    """
    installed = shutil.which(name)
    if installed:
        return pathlib.Path(installed)
    folder = _HOME / _system()
    program = folder / "usr" / "bin" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            _fetch(folder)
    return program


def _system() -> str:
    """The distribution's release: programs of another one may miss their C library."""
    try:
        system = platform.freedesktop_os_release()
    except OSError:
        return "unknown"
    return f"{system['ID']}{system.get('VERSION_ID', '')}"


def _fetch(folder: pathlib.Path) -> None:
    """Download the package, which apt verifies, and unpack it, all or nothing."""
    building = folder.with_suffix(".building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        _run(building, "apt-get", "-qq", *_APT_OPTIONS, "download", "prometheus")
        (package,) = building.glob("prometheus_*.deb")
        _run(building, "dpkg", "-x", str(package), str(building / "unpacked"))
        shutil.rmtree(folder, ignore_errors=True)
        (building / "unpacked").rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _run(folder: pathlib.Path, *words: str) -> None:
    advice = "install Debian's or Ubuntu's package prometheus"
    try:
        done = subprocess.run(
            words, cwd=folder, capture_output=True, text=True, timeout=_TIME, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingProgramError(f"no Prometheus is installed ({error}): {advice}") from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason"])[-1]
        raise MissingProgramError(f"no Prometheus is installed, {words[0]}: {reason}: {advice}")
