"""Runs the real ceilometer-upgrade on this machine, within bounds and without leaving secrets."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import time

import msgspec

from coordinator import private_files
from coordinator.openstack import certificates as openstack_certificates
from coordinator.openstack.credentials import Credentials
from coordinator.openstack.proxies import Proxies
from coordinator.report import templates
from coordinator.text import plain
from coordinator.upgrade import packages

SEAM = "CEILOMETER_UPGRADE_COMMAND"
"""Environment variable with the path of another command; tests run that of their own services."""

TIMEOUT = 120
"""Seconds for one run; an honest one takes 2 to 10."""

REQUEST_TIMEOUT = 30
"""Seconds that ceilometer-upgrade waits for one answer; by itself it waits for ever."""

RETRIES = 3
"""Tries when Gnocchi refuses the connection; without the option it retries for ever."""

_INSTALLED = re.compile(r"ceilometer-(\d[^-]*?)(?:-py[\d.]+)?\.(?:dist|egg)-info")
"""The folder that tells the version of an installed Ceilometer. Its name alone is read:
importlib.metadata would cost each verification 7 ms."""

_TIMED_OUT = {124, 137}
"""Exit codes of timeout(1): the command ran into it, or had to be killed."""


class Job(msgspec.Struct, frozen=True):
    """One run of ceilometer-upgrade.

    Attributes:
        interface: endpoint interface: `public`, `internal` or `admin`.
        region: empty means any.
        certificates: CA certificates (PEM) to trust beside the system's.
        proxies: what lies between this unit and the cloud.
    """

    credentials: Credentials
    interface: str
    region: str
    certificates: tuple[str, ...]
    proxies: Proxies


class RunResult(msgspec.Struct, frozen=True):
    """How a run ended.

    Attributes:
        error: why it failed, without secrets; empty when the command succeeded.
        seconds: how long it took.
    """

    error: str
    seconds: float


class CommandBackend:
    """Runs the command of the system, or the one that the environment variable `SEAM` names."""

    def __init__(self, source: packages.Source, timeout: float = TIMEOUT) -> None:
        """Prepare, without touching the system.

        Args:
            source: where ceilometer-common is installed from when it is missing.
            timeout: seconds for one run.
        """
        self._source = source
        self._timeout = timeout
        self._own = os.environ.get(SEAM, "")
        self.command = pathlib.Path(self._own or packages.CEILOMETER_UPGRADE)

    def release(self) -> str:
        """Version of Ceilometer whose command would run; empty when it is not installed."""
        prefix = self.command.parent.parent
        folders = [
            prefix / "lib/python3/dist-packages",
            *prefix.glob("lib/python3.*/site-packages"),
        ]
        files = (file for folder in folders for file in folder.glob("ceilometer-*-info"))
        found = (_INSTALLED.fullmatch(file.name) for file in files)
        return next((match[1] for match in found if match), "")

    @property
    def _timed_out(self) -> str:
        return f"it did not end within {self._timeout:g} seconds"

    def run(self, job: Job) -> RunResult:
        """Install the command if it is missing, and run it once. Never raises for a failed run."""
        started = time.monotonic()
        error = self._prepare() or self._execute(job)
        return RunResult(error, time.monotonic() - started)

    def _prepare(self) -> str:
        if self.command.exists():
            return ""
        if self._own:
            return f"{self.command} does not exist"
        try:
            packages.install_ceilometer(self._source)
        except packages.InstallError as error:
            return str(error)
        return "" if self.command.exists() else f"ceilometer-common brought no {self.command}"

    def _execute(self, job: Job) -> str:
        try:
            with private_files.folder() as folder:
                return self._call(job, folder, self._configure(job, folder))
        except ValueError as error:
            return str(error)
        except subprocess.TimeoutExpired:
            return self._timed_out
        except OSError as error:
            return f"{self.command} could not be run ({error.strerror or type(error).__name__})"

    def _configure(self, job: Job, folder: pathlib.Path) -> pathlib.Path:
        bundle = private_files.write(
            folder / "ca-bundle.pem", openstack_certificates.bundle(job.certificates)
        )
        text = templates.fill(
            "ceilometer.conf",
            credentials=job.credentials,
            interface=job.interface,
            region=job.region,
            cafile=str(bundle) if bundle.read_text(encoding="utf-8").strip() else "",
            request_timeout=REQUEST_TIMEOUT,
        )
        return private_files.write(folder / "ceilometer.conf", text)

    def _call(self, job: Job, folder: pathlib.Path, config: pathlib.Path) -> str:
        # timeout(1) ends the command even when this hook is killed meanwhile
        arguments = ["/usr/bin/timeout", "--foreground", "--kill-after=5"]
        arguments += [f"{self._timeout:g}", str(self.command)]
        arguments += ["--config-file", str(config), "--retry", str(RETRIES)]
        environment = {"HOME": str(folder), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        environment |= {"LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
        environment |= job.proxies.to_environment()
        ended = subprocess.run(
            arguments,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=self._timeout + 30,
            check=False,
        )
        if ended.returncode in _TIMED_OUT:
            return self._timed_out
        if ended.returncode == 0:
            return ""
        return _cause(ended.stdout, ended.returncode, job.credentials.password)


# What stands round a message: colours, and oslo.log's time, process, level and logger
_DECORATION = re.compile(
    r"\x1b\[[0-9;]*m|^\d{4}-\d\d-\d\d [\d:.]+ \d+ (?:[A-Z]+ )?[\w.]+(?: \[[^]]*\])?"
)
_TOKEN = re.compile(r"gAAAA[\w=-]{20,}")  # fernet, as keystone makes them
_EXCEPTION_PATH = re.compile(r"^(?:\w+\.)+(?=\w+: )")


def _cause(output: str, code: int, password: str) -> str:
    """The last line that says something tells the cause; without the password, and short."""
    safe = _TOKEN.sub("***", output.replace(password, "***"))
    lines = [_DECORATION.sub("", line).strip() for line in safe.splitlines()]
    said = [line for line in lines if line]
    if not said:
        return f"it ended with exit code {code} and no message"
    return plain(_EXCEPTION_PATH.sub("", said[-1]))
