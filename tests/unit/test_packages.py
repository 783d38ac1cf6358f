"""What can be known about installing without installing: how apt is called, and how it fails.

Scripts stand for apt-get and its kin and always fail; that ceilometer-common really comes from the
archive is for tests on a machine that may be changed.
"""

import os
import pathlib
import platform
import subprocess

import pytest

from telemetry import packages
from tests.unit import executables

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
    order = [position_of(calls, text) for text in ("ubuntu-cloud-keyring", "add-apt", "update")]
    assert order == sorted(order)
    assert order[-1] < position_of(calls, packages.PACKAGE)


def test_a_keyring_that_cannot_be_installed_ends_it(apt: pathlib.Path):
    failure(packages.Source(suite=SUITE))
    assert packages.PACKAGE not in (apt / "calls").read_text()


def test_apt_is_given_limits(apt: pathlib.Path):
    failure()
    config = (apt / "config").read_text()
    assert 'Acquire::http::Timeout "30";' in config
    assert 'DPkg::Lock::Timeout "300";' in config
    assert "Proxy" not in config


def test_apt_is_given_the_models_proxy(apt: pathlib.Path):
    failure(packages.Source(http_proxy="http://192.0.2.9:3128"))
    assert 'Acquire::http::Proxy "http://192.0.2.9:3128";' in (apt / "config").read_text()


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
