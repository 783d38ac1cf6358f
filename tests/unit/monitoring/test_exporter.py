"""The file with the metrics, and the systemd unit that serves it."""

import os
import pathlib
import shutil
import socket
import subprocess

import pytest

import unit_state
from coordinator.report.metrics import Metric, Sample
from monitoring import exporter
from monitoring.exporter import Exporter, Systemd
from tests.unit import executables

UNIT = "telemetry-coordinator/0"
SERVICE = "telemetry-coordinator-0-metrics.service"
SAMPLES = (Sample(Metric.VERIFIED, 1),)


@pytest.fixture
def files(tmp_path: pathlib.Path, machine: pathlib.Path) -> unit_state.UnitState:
    return unit_state.UnitState(tmp_path, UNIT)


@pytest.fixture
def calls(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """What systemctl was told; it does nothing."""
    log = tmp_path / "calls"
    log.touch()
    executables.script(tmp_path / "bin" / "systemctl", f'echo "$@" >> {log}')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return log


@pytest.fixture
def systemd(tmp_path: pathlib.Path) -> Systemd:
    return Systemd(tmp_path / "system", runs=True)


@pytest.fixture
def ours(files: unit_state.UnitState, systemd: Systemd, calls: pathlib.Path) -> Exporter:
    return Exporter(UNIT, files, systemd)


def exported(files: unit_state.UnitState) -> pathlib.Path:
    return files.public / "metrics" / "metrics.txt"


# The file


def test_metrics_can_be_read_by_everybody(ours: Exporter, files: unit_state.UnitState):
    ours.export(SAMPLES)
    assert exported(files).read_text().endswith("\ntelemetry_stack_verified 1\n")
    assert exported(files).stat().st_mode & 0o777 == 0o644
    assert exported(files).parent.stat().st_mode & 0o777 == 0o755


def test_nothing_but_the_metrics_is_in_the_folder(ours: Exporter, files: unit_state.UnitState):
    ours.export(SAMPLES)
    files.publish("report.txt", "a report")
    assert [path.name for path in exported(files).parent.iterdir()] == ["metrics.txt"]


def test_what_was_withdrawn_has_no_series(ours: Exporter, files: unit_state.UnitState):
    ours.export(SAMPLES)
    assert files.read(unit_state.EXPORTED)
    ours.withdraw()
    lines = exported(files).read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == []
    assert not files.read(unit_state.EXPORTED)


# The service


def test_the_service_is_made_and_started(ours: Exporter, systemd: Systemd, calls: pathlib.Path):
    ours.serve(18041)
    assert (systemd.folder / SERVICE).exists()
    assert calls.read_text().splitlines() == [
        f"stop {SERVICE}",
        "daemon-reload",
        f"enable --now {SERVICE}",
    ]


def test_there_is_a_file_to_serve_before_anything_was_verified(
    ours: Exporter, files: unit_state.UnitState
):
    ours.serve(18041)
    assert exported(files).read_text() == exporter.NOTHING


def test_what_was_exported_stays_when_the_service_is_made_anew(
    ours: Exporter, files: unit_state.UnitState
):
    ours.export(SAMPLES)
    ours.serve(18042)
    assert "telemetry_stack_verified" in exported(files).read_text()


def test_a_service_that_is_as_it_should_be_is_only_started(ours: Exporter, calls: pathlib.Path):
    ours.serve(18041)
    calls.write_text("")
    ours.serve(18041)
    assert calls.read_text().splitlines() == [f"start {SERVICE}"]


def test_another_port_changes_the_service(ours: Exporter, systemd: Systemd):
    ours.serve(18041)
    ours.serve(18042)
    assert "http.server 18042 --bind 127.0.0.1" in (systemd.folder / SERVICE).read_text()


@pytest.mark.parametrize("way", ["port 0", "stop"])
def test_the_service_leaves_nothing_behind(
    ours: Exporter, systemd: Systemd, calls: pathlib.Path, way: str
):
    ours.serve(18041)
    calls.write_text("")
    if way == "stop":
        ours.stop()
    else:
        ours.serve(0)
    assert list(systemd.folder.iterdir()) == []
    assert calls.read_text().splitlines() == [f"disable --now {SERVICE}", "daemon-reload"]


def test_a_service_that_never_was_is_not_stopped(ours: Exporter, calls: pathlib.Path):
    ours.stop()
    assert calls.read_text() == ""


def test_without_systemd_it_is_said_that_nothing_is_served(
    files: unit_state.UnitState, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO")
    Exporter(UNIT, files, None).serve(18041)
    assert "metrics are not served: no systemd runs here" in caplog.text


def test_a_systemctl_that_fails_is_told_and_no_error(
    files: unit_state.UnitState,
    systemd: Systemd,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    executables.script(tmp_path / "bin" / "systemctl", "echo 'Unit is masked.' >&2", "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    Exporter(UNIT, files, systemd).serve(18041)
    assert f"systemctl enable --now {SERVICE}: Unit is masked." in caplog.text


def test_a_machine_without_systemctl_is_no_error(
    files: unit_state.UnitState,
    systemd: Systemd,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    monkeypatch.setenv("PATH", "/nowhere")
    Exporter(UNIT, files, systemd).serve(18041)
    assert "systemctl daemon-reload" in caplog.text


def test_a_folder_that_cannot_be_written_is_no_error(
    files: unit_state.UnitState, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "file").touch()
    Exporter(UNIT, files, Systemd(tmp_path / "file" / "system", runs=False)).serve(18041)
    assert "metrics are not served" in caplog.text


def test_a_port_that_is_taken_is_told_with_what_to_type(
    ours: Exporter, caplog: pytest.LogCaptureFixture
):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ours.serve(taken.getsockname()[1])
    assert "juju config telemetry-coordinator metrics-port=" in caplog.text


def test_tests_do_not_touch_this_machines_systemd(machine: pathlib.Path):
    found = Systemd.of(os.environ)
    assert found is not None
    assert not found.runs
    assert machine in found.folder.parents


def test_a_machine_without_systemd_has_none():
    assert (Systemd.of({}) is None) is not pathlib.Path("/run/systemd/system").is_dir()


@pytest.fixture
def service(ours: Exporter, systemd: Systemd) -> pathlib.Path:
    ours.serve(18041)
    return systemd.folder / SERVICE


@pytest.mark.parametrize(
    "setting",
    ["DynamicUser=yes", "ProtectSystem=strict", "NoNewPrivileges=yes", "CapabilityBoundingSet="],
)
def test_the_service_may_do_nothing_but_serve(service: pathlib.Path, setting: str):
    assert setting in service.read_text().splitlines()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_understands_the_service(service: pathlib.Path):
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", service],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert SERVICE not in done.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_rates_the_service_below_three(service: pathlib.Path):
    # offline, since no systemd may run here
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=30", "--no-pager", service],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
