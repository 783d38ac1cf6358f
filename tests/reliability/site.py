"""The charm from the tree as a process, beside a small cloud that lacks resource types at first.

It runs under the stand-in for Juju's unit agent; Gnocchi has all its types once the command
`ceilometer-upgrade` has ended.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import socket
import sys
import threading
import time
from collections.abc import Generator

import unit_state
from coordinator.report.report import Report
from coordinator.upgrade import record
from tests.support.agent.agent import Agent
from tests.unit import clouds, databags, executables, reports, servers

ROOT = pathlib.Path(__file__).parents[2]

TOKEN = "gAAAAABcanary-of-a-token"

START = "src/charm.py"

START_TALKING = "-c 'import charm, ops; ops.main(charm.TelemetryCoordinatorCharm)'"
"""Starts the charm as it starts itself, but for what it does not log by itself: debug lines."""

COMPLETE = tuple(sorted(reports.TYPES))
BARE = ("generic",)

COMMAND = """
import fcntl, os, pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
def say(word):
    with (folder / "log").open("a") as file:
        file.write(word + "\\n")
lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    say("twice")
say("begin")
time.sleep(0.2)
if (folder / "fail").exists():
    (folder / "fail").unlink()
    say("failed")
    sys.exit("no such luck")
(folder / "done").touch()
say("end")
"""
"""Says when it begins and ends, and whether another one runs at the same time; fails once where
it is told to."""


@dataclasses.dataclass
class Site:
    """A unit beside a cloud whose Gnocchi is behind until the command has ended.

    Attributes:
        cloud: what is beside it.
        folder: what the command leaves: its log, and the file `done`.
        pids: processes that were killed.
    """

    unit: Agent
    cloud: UpgradedCloud
    folder: pathlib.Path
    pids: list[int] = dataclasses.field(default_factory=list[int])

    def log(self) -> list[str]:
        """What runs of the command said."""
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / "log").read_text().split()
        return []

    def start_anew(self, known: record.Record | None = None, *files: str) -> None:
        """Gnocchi is empty again, and nothing is remembered but a record.

        Args:
            known: that.
            files: what the command finds or left: `done` or `fail`.
        """
        for path in self.folder.iterdir():
            path.unlink()
        for name in files:
            (self.folder / name).touch()
        self.unit.peer_app_data.clear()
        if known is not None:
            self.unit.peer_app_data["record"] = known.to_json()
        self.unit.agenda.failed = None

    def record(self) -> record.Record:
        """What is remembered of the upgrade; it can be read whatever happened."""
        return record.load_record(self.unit.peer_app_data.get("record", ""))

    def assert_nothing_left(self) -> None:
        """No private folder, no half-written file, no process of a hook that was killed."""
        files = self.unit.charm_dir / unit_state.NAME
        assert not list(files.glob("*.new"))
        assert Report.from_json((files / "report.json").read_text()) is not None
        assert self._processes() == []
        for pid in self.pids:
            for parent in ("/run", self.unit.environment["TMPDIR"]):
                assert not list(pathlib.Path(parent).glob(f"telemetry-coordinator-{pid}-*"))

    def kill(self, number: int, after: float) -> bool:
        """Run update-status and kill it; tell whether it was killed before it ended.

        What it had begun (commands, the client of Juju) ends with it, as Juju's agent kills it.
        """
        results: list[int | None] = []
        shown = self.unit.unit_status

        def run() -> None:
            results.append(self.unit.hook("update-status").exit_code)

        thread = threading.Thread(target=run)
        thread.start()
        pid = self._dispatched(thread)
        time.sleep(after)
        if pid and thread.is_alive():
            self.pids.append(pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        thread.join()
        # Juju hides the status behind an error only as long as that lasts
        self.unit.unit_status = (shown, *self.unit.history[-1].statuses)[-1]
        return results != [0]

    def _dispatched(self, thread: threading.Thread) -> int:
        """The process of the hook that runs now."""
        while thread.is_alive():
            for path in self._processes():
                with contextlib.suppress(OSError, IndexError):
                    parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
                    if parent == os.getpid():
                        return int(path.name)
            time.sleep(0.005)
        return 0

    def _processes(self) -> list[pathlib.Path]:
        """What runs in the charm's folder, as hooks and all that they start do."""
        found: list[pathlib.Path] = []
        for path in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (path / "cwd").readlink() == self.unit.charm_dir:
                    found.append(path)
        return found


@dataclasses.dataclass
class UpgradedCloud(clouds.Cloud):
    """Its Gnocchi has what it lacks once the command has ended."""

    folder: pathlib.Path = pathlib.Path()

    def answer(self, connection: socket.socket, head: bytes) -> None:
        """Answer one request."""
        self.types = COMPLETE if (self.folder / "done").exists() else BARE
        if b"/v3/auth/tokens" in head.split(b"\r\n")[0]:
            body = json.dumps({"token": self._token()})
            servers.http(201, body, X_Subject_Token=TOKEN)(connection, head)
        else:
            super().answer(connection, head)


@contextlib.contextmanager
def deployed(
    tmp_path: pathlib.Path,
    kind: type[UpgradedCloud] = UpgradedCloud,
    start: str = START,
    **options: str,
) -> Generator[Site]:
    """A unit that is deployed.

    Args:
        tmp_path: where.
        kind: of cloud.
        start: what Python is given to run.
        options: of the charm, with `_` for `-`.
    """
    folder, charm_dir = tmp_path / "work", tmp_path / "charm"
    folder.mkdir()
    charm_dir.mkdir()
    for name in ("src", "lib", "metadata.yaml", "config.yaml", "actions.yaml"):
        (charm_dir / name).symlink_to(ROOT / name)
    run = f"PYTHONPATH=src:lib exec {sys.executable} {start}"
    executables.script(charm_dir / "dispatch", run)
    command = tmp_path / "bin/ceilometer-upgrade"
    run = f"exec {sys.executable} -c '{COMMAND}' {folder}"
    executables.script(command, run)
    environment = {"CEILOMETER_UPGRADE_COMMAND": str(command), "TMPDIR": str(tmp_path)}
    cloud = kind(folder=folder)
    usual = {
        "required_services": "metric",
        "optional_services": "",
        "deep_verification": "off",
    }
    chosen = {name.replace("_", "-"): value for name, value in {**usual, **options}.items()}
    with (
        servers.serving(cloud.answer) as server,
        Agent(charm_dir, environment=environment) as unit,
    ):
        cloud.port = server.port
        unit.config(chosen)
        bag = databags.credentials(credentials_host="127.0.0.1", credentials_port=str(cloud.port))
        unit.relate("identity-credentials", "keystone", {"keystone/0": bag})
        gnocchi = {"gnocchi_url": databags.GNOCCHI_URL}
        unit.relate("metric-service", "gnocchi", {"gnocchi/0": gnocchi})
        unit.deploy()
        yield Site(unit, cloud, folder)
