"""The metrics as a file, and the systemd unit that serves it on loopback.

A hook writes the file; between hooks the distribution's own python3 serves its folder, so that
neither a refresh of the charm nor its libraries can break a scrape, and no scrape ever asks the
cloud anything. The unit runs as a user of its own that may write nothing.
"""

from __future__ import annotations

import logging
import pathlib
import socket
import subprocess
from collections.abc import Iterable, Mapping

import msgspec

from coordinator.report import metrics
from coordinator.report.metrics import Sample
from coordinator.text import plain
from unit_state import EXPORTED, SEAM, UnitState

logger = logging.getLogger(__name__)

FILE = "metrics.txt"
"""With this suffix it is served as text/plain, which Prometheus 3 takes for its text format."""

ADDRESS = "127.0.0.1"

NOTHING = "# This unit has verified nothing that counts: the leader has, or nobody could yet.\n"

_METRICS = f"metrics/{FILE}"
_SYSTEM = pathlib.Path("/etc/systemd/system")
_BOOTED = pathlib.Path("/run/systemd/system")
"""There while systemd runs: sd_booted(3)."""

_TIME = 30.0
"""Seconds for one call of systemctl."""

_UNIT = pathlib.Path(__file__).with_name("metrics.service")
"""The systemd unit, with places for its values; `systemd-analyze security` rates it."""


class Systemd(msgspec.Struct, frozen=True):
    """The machine's systemd: the folder of its units; it is told of them only where it runs."""

    folder: pathlib.Path
    runs: bool

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Systemd | None:
        """The systemd of this machine; None where there is none, as in some containers."""
        if environment.get(SEAM):
            return cls(pathlib.Path(environment[SEAM], _SYSTEM.relative_to("/")), runs=False)
        return cls(_SYSTEM, runs=True) if _BOOTED.is_dir() else None

    def tell(self, *words: str) -> None:
        """Run systemctl; a failure is only logged."""
        if not self.runs:
            return
        command = ["systemctl", *words]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_TIME, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            logger.warning("%s: %s", " ".join(command), error)
            return
        if done.returncode:
            logger.warning("%s: %s", " ".join(command), plain(done.stderr or "failed"))


class Exporter:
    """The metrics of one unit: a file, and its service where there is a systemd."""

    def __init__(self, unit: str, files: UnitState, systemd: Systemd | None) -> None:
        self._unit = unit
        self._files = files
        self._systemd = systemd
        self._name = f"{unit.replace('/', '-')}-metrics.service"

    def export(self, samples: Iterable[Sample]) -> None:
        """Replace what is exported, in one step."""
        self._files.keep(EXPORTED, "yes")
        self._files.publish(_METRICS, metrics.text_of(samples))

    def withdraw(self) -> None:
        """Export nothing any more: who scrapes sees the unit, and nothing that it verified."""
        if self._files.read(EXPORTED):
            self._files.publish(_METRICS, NOTHING)
            self._files.keep(EXPORTED, "")

    def serve(self, port: int) -> None:
        """Serve the file on a port of loopback; not at all on port 0."""
        if not port:
            self.stop()
            return
        if self._systemd is None:
            logger.info("metrics are not served: no systemd runs here")
            return
        file = self._files.public / _METRICS
        if not file.exists():
            self._files.publish(_METRICS, NOTHING)
        text = _UNIT.read_text(encoding="utf-8").format(
            unit=self._unit, port=port, address=ADDRESS, folder=file.parent
        )
        path = self._systemd.folder / self._name
        try:
            if path.exists() and path.read_bytes() == text.encode():
                self._systemd.tell("start", self._name)
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o644)
        except OSError as error:
            logger.warning("metrics are not served: %s cannot be written: %s", path, error)
            return
        self._systemd.tell("stop", self._name)
        self._warn_of_a_taken_port(port)
        self._systemd.tell("daemon-reload")
        self._systemd.tell("enable", "--now", self._name)

    def stop(self) -> None:
        """Stop and remove the service."""
        if self._systemd is None:
            return
        path = self._systemd.folder / self._name
        if not path.exists():
            return
        self._systemd.tell("disable", "--now", self._name)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            logger.warning("%s cannot be removed: %s", path, error)
        self._systemd.tell("daemon-reload")

    def _warn_of_a_taken_port(self, port: int) -> None:
        """Systemd starts the server again and again until the port is free."""
        application = self._unit.partition("/")[0]
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((ADDRESS, port))
            except OSError as error:
                logger.warning(
                    "metrics cannot be served on port %d (%s): juju config %s metrics-port=...",
                    port,
                    error.strerror,
                    application,
                )
