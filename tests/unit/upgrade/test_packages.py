"""What can be known about installing without installing: how apt is called, and how it fails.

Scripts stand for apt-get and its kin; that ceilometer-common really comes from the archive is for
tests on a machine that may be changed.
"""

import os
import pathlib
import platform
import subprocess

import pytest

from coordinator.openstack.proxies import Proxies
from coordinator.upgrade import command, packages
from tests.unit import executables, reports

DISTRIBUTION = packages.Source()
UNKNOWN = "E: Unable to locate package ceilometer-common"

SUITE = f"{platform.freedesktop_os_release()['VERSION_CODENAME']}-updates/antelope"
"""A pocket for this machine's own series."""


@pytest.fixture
def apt(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> pathlib.Path:
    """A folder with the scripts, the only one on PATH besides the system's shell tools.

    Each writes its command line to `calls` and the apt configuration it was given to `config`.
    """
    folder = tmp_path / "bin"
    record = f'echo "${{0##*/}} $*" >> {tmp_path}/calls'
    keep = f'cat "$APT_CONFIG" > {tmp_path}/config'
    answers = {
        "dpkg": '[ "$1" = --print-architecture ] && echo amd64 && exit 0; exit 1',
        "apt-cache": 'printf "Package: %s\\nArchitecture: all\\nVersion: 1:20\\n" "$2"',
        "apt-get": f'echo "{UNKNOWN}" >&2; exit 100',
        "add-apt-repository": "exit 0",
    }
    for name, answer in answers.items():
        executables.script(folder / name, record, keep, answer)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return tmp_path


def position_of(calls: list[str], text: str) -> int:
    """Where apt was first called to change something with this text in its command line."""
    return next(
        n for n, line in enumerate(calls) if text in line and line.startswith(("apt-get", "add"))
    )


def failure(source: packages.Source = DISTRIBUTION) -> str:
    with pytest.raises(packages.InstallError) as raised:
        packages.install_ceilometer(source)
    return str(raised.value)


def test_what_apt_said_is_the_reason(apt: pathlib.Path):
    assert failure() == f"ceilometer-common could not be installed: {UNKNOWN}"


def test_a_machine_without_apt_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert failure().startswith("ceilometer-common could not be installed: ")


def test_lists_that_are_too_old_are_refreshed_before_giving_up(apt: pathlib.Path):
    failure()
    assert "apt-get update" in (apt / "calls").read_text()


def test_the_distribution_needs_no_other_archive(apt: pathlib.Path):
    failure()
    assert "add-apt-repository" not in (apt / "calls").read_text()


def test_the_cloud_archive_is_added_before_its_package(apt: pathlib.Path):
    executables.script(
        apt / "bin/apt-get",
        f'echo "apt-get $*" >> {apt}/calls',
        f'case "$*" in *{packages.PACKAGE}*) echo "{UNKNOWN}" >&2; exit 100;; esac',
    )
    failure(packages.Source(suite=SUITE))
    calls = (apt / "calls").read_text().splitlines()
    added = [line for line in calls if line.startswith("add-apt-repository")]
    line = f"deb {packages.ARCHIVE} {SUITE} main"
    assert added == [f"add-apt-repository --yes --sourceslist={line} --no-update"]
    request = [position_of(calls, text) for text in ("ubuntu-cloud-keyring", "add-apt", "update")]
    assert request == sorted(request)
    assert request[-1] < position_of(calls, packages.PACKAGE)


def test_a_keyring_that_cannot_be_installed_ends_it(apt: pathlib.Path):
    failure(packages.Source(suite=SUITE))
    assert packages.PACKAGE not in (apt / "calls").read_text()


def test_apt_is_given_limits(apt: pathlib.Path):
    failure()
    config = (apt / "config").read_text()
    assert 'Acquire::http::Timeout "30";' in config
    assert 'DPkg::Lock::Timeout "300";' in config
    assert "Proxy" not in config


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_apt_is_given_the_models_proxies(apt: pathlib.Path, scheme: str):
    failure(packages.Source(proxies=Proxies("http://192.0.2.9:1", "http://192.0.2.9:2")))
    port = {"http": 1, "https": 2}[scheme]
    assert f'Acquire::{scheme}::Proxy "http://192.0.2.9:{port}";' in (apt / "config").read_text()


@pytest.mark.skipif(
    not pathlib.Path("/usr/bin/apt-config").exists(), reason="this system has no apt-config"
)
def test_apt_understands_its_limits(tmp_path: pathlib.Path):
    path = tmp_path / "apt.conf"
    path.write_text(packages._APT_CONFIG)
    said = subprocess.run(
        ["/usr/bin/apt-config", "dump"],
        env={"APT_CONFIG": str(path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
    )
    assert said.stderr == ""
    assert 'DPkg::Lock::Timeout "300";' in said.stdout


@pytest.mark.parametrize("before", [None, "/etc/apt/other.conf"])
def test_the_environment_is_as_before_afterwards(
    apt: pathlib.Path, monkeypatch: pytest.MonkeyPatch, before: str | None
):
    if before is None:
        monkeypatch.delenv("APT_CONFIG", raising=False)
    else:
        monkeypatch.setenv("APT_CONFIG", before)
    failure()
    assert os.environ.get("APT_CONFIG") == before


def test_no_file_is_left_behind(apt: pathlib.Path, private_parent: pathlib.Path):
    failure()
    assert list(private_parent.iterdir()) == []


def test_the_reason_is_the_error_among_what_apt_said():
    error = subprocess.CalledProcessError(
        100, ["apt-get"], stderr=b"W: an old key\nE: Could not get lock\nsee apt(8)\n"
    )
    assert packages._reason(error) == "E: Could not get lock"


@pytest.mark.parametrize("stderr", [b"", b"\n"])
def test_a_silent_failure_has_a_reason_too(stderr: bytes):
    error = subprocess.CalledProcessError(100, ["apt-get"], stderr=stderr)
    assert packages._reason(error) == "CalledProcessError"


def test_a_long_reason_is_cut():
    assert len(packages._reason(OSError("x" * 5000))) <= 200


def test_a_pocket_for_another_series_is_refused_before_anything_is_done(apt: pathlib.Path):
    error = failure(packages.Source(suite="warty-updates/austin"))
    assert "openstack-origin is for warty, but this machine runs" in error
    assert not (apt / "calls").exists()


def test_the_reason_is_fit_for_a_status():
    error = subprocess.CalledProcessError(100, ["apt-get"], stderr=b"E: \x1b[1mno\x00 \xff room")
    assert packages._reason(error) == "E: ?[1mno? \ufffd room"


# Which Ubuntu this is


@pytest.fixture
def no_os_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that does not say what it is."""

    def missing() -> dict[str, str]:
        raise OSError("Unable to read files /etc/os-release, /usr/lib/os-release")

    monkeypatch.setattr(platform, "freedesktop_os_release", missing)


@pytest.mark.usefixtures("no_os_release")
def test_the_distribution_need_not_tell_its_series(apt: pathlib.Path):
    assert failure() == f"ceilometer-common could not be installed: {UNKNOWN}"


@pytest.mark.usefixtures("no_os_release")
def test_a_machine_that_does_not_tell_its_series_gets_no_other_archive(apt: pathlib.Path):
    assert "os-release" in failure(packages.Source(suite=SUITE))
    assert not (apt / "calls").exists()


# An installation that works


@pytest.fixture
def bringing(apt: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """An apt that works; the path is that of the command which the package is to bring."""
    executables.script(apt / "bin/apt-get", f'echo "apt-get $*" >> {apt}/calls')
    path = apt / "usr/bin/ceilometer-upgrade"
    monkeypatch.setattr(packages, "CEILOMETER_UPGRADE", path)
    monkeypatch.delenv(command.SEAM)
    return path


def run(source: packages.Source = DISTRIBUTION) -> str:
    job = command.Job(reports.CREDENTIALS, "internal", "RegionOne", (), Proxies())
    return command.CommandBackend(source, timeout=10).run(job).error


@pytest.mark.parametrize("source", [DISTRIBUTION, packages.Source(suite=SUITE)])
def test_a_run_goes_on_after_the_installation(bringing: pathlib.Path, source: packages.Source):
    brought = bringing.parent / "brought"
    executables.script(brought, f"touch {brought}.ran")
    apt_get = bringing.parents[2] / "bin/apt-get"
    executables.script(
        apt_get, f'case "$*" in *{packages.PACKAGE}*) cp {brought} {bringing};; esac'
    )
    assert run(source) == ""
    assert pathlib.Path(f"{brought}.ran").exists()


def test_a_command_that_is_there_is_not_installed_again(bringing: pathlib.Path):
    executables.script(bringing, "exit 0")
    assert run() == ""
    assert not (bringing.parents[2] / "calls").exists()


def test_a_package_that_brings_no_command_is_a_failure(bringing: pathlib.Path):
    assert run() == f"ceilometer-common brought no {bringing}"
    assert packages.PACKAGE in (bringing.parents[2] / "calls").read_text()


def test_an_installation_that_fails_is_a_failed_run(bringing: pathlib.Path, apt: pathlib.Path):
    executables.script(apt / "bin/apt-get", f'echo "{UNKNOWN}" >&2; exit 100')
    assert run() == f"ceilometer-common could not be installed: {UNKNOWN}"
