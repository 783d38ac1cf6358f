"""The runner with real processes: scripts stand for faults that the real command cannot show."""

import errno
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import msgspec
import pytest

from coordinator.openstack import certificates
from coordinator.openstack.proxies import Proxies
from coordinator.upgrade import command, packages
from tests.unit import executables, reports

JOB = command.Job(
    credentials=reports.CREDENTIALS,
    interface="internal",
    region="RegionOne",
    certificates=(),
    proxies=Proxies(),
)
PASSWORD = JOB.credentials.password
KEY = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"


class Command:
    """A script in the place of ceilometer-upgrade, with a runner for it."""

    def __init__(self, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.path = folder / "prefix/bin/ceilometer-upgrade"
        monkeypatch.setenv(command.SEAM, str(self.path))

    def does(self, *lines: str) -> None:
        executables.script(self.path, *lines)

    def run(self, job: command.Job = JOB, timeout: float = 10) -> command.RunResult:
        return command.CommandBackend(packages.Source(), timeout).run(job)

    def seen(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")


@pytest.fixture
def upgrade(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(tmp_path, monkeypatch)


# How it ends


def test_a_command_that_ends_well_has_no_error(upgrade: Command):
    upgrade.does("exit 0")
    assert upgrade.run().error == ""


def test_the_time_that_it_took_is_measured(upgrade: Command):
    upgrade.does("sleep 0.3")
    assert 0.3 <= upgrade.run().seconds < 3


def test_the_last_line_of_a_traceback_is_the_cause(upgrade: Command):
    upgrade.does(
        "echo 'Traceback (most recent call last):'",
        "seq -f '  File \"x.py\", line %g' 300",
        "echo 'keystoneauth1.exceptions.http.Unauthorized: not accepted (HTTP 401)' >&2",
        "echo",
        "exit 1",
    )
    assert upgrade.run().error == "Unauthorized: not accepted (HTTP 401)"


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-22 10:00:00.123 4711 ERROR ceilometer HTTP 503",
        "2026-11-22 10:00:00.123 4711 CRITICAL ceilometer.cmd.storage [-] HTTP 503",
        r"\033[31mHTTP 503\033[00m",
        "gnocchiclient.exceptions.ClientException: HTTP 503",
    ],
)
def test_what_stands_round_a_message_is_left_out(upgrade: Command, line: str):
    upgrade.does(f"printf '%b\\n' '{line}'", "exit 1")
    assert upgrade.run().error.removeprefix("ClientException: ") == "HTTP 503"


def test_a_password_in_the_output_is_not_repeated(upgrade: Command):
    upgrade.does(f"echo \"ValueError: no such user with password '{PASSWORD}'\"", "exit 1")
    error = upgrade.run().error
    assert PASSWORD not in error
    assert "password '***'" in error


def test_a_password_at_the_place_of_the_cut_is_not_repeated(upgrade: Command):
    upgrade.does(f"printf '%0290d{PASSWORD} and more' 0", "exit 1")
    assert PASSWORD[:8] not in upgrade.run().error


def test_a_password_that_looks_like_a_module_is_not_repeated_in_parts(upgrade: Command):
    upgrade.does("echo 'cor.rect.horse: refused'", "exit 1")
    credentials = msgspec.structs.replace(JOB.credentials, password="cor.rect.horse")
    error = upgrade.run(msgspec.structs.replace(JOB, credentials=credentials)).error
    assert error == "***: refused"


def test_a_token_in_the_output_is_not_repeated(upgrade: Command):
    token = "gAAAAABm" + "Zz09_-" * 20 + "=="
    upgrade.does(f"echo 'Forbidden: token {token} may not (HTTP 403)'", "exit 1")
    assert upgrade.run().error == "Forbidden: token *** may not (HTTP 403)"


def test_a_word_that_only_begins_like_a_token_is_kept(upgrade: Command):
    upgrade.does("echo 'gAAAA is no token'", "exit 1")
    assert upgrade.run().error == "gAAAA is no token"


def test_a_very_long_cause_is_cut(upgrade: Command):
    upgrade.does("printf '%09000d' 0", "exit 1")
    assert len(upgrade.run().error) <= 300


def test_output_that_is_no_text_harms_nothing(upgrade: Command):
    upgrade.does(r"printf '\377\376 broken\n'", "exit 1")
    assert upgrade.run().error.endswith("broken")


def test_control_characters_of_the_output_are_not_repeated(upgrade: Command):
    upgrade.does(r"printf 'HTTP\0 5\00703 \033[2J\xed\xa0\x80\n'", "exit 1")
    error = upgrade.run().error
    assert error.startswith("HTTP? 5?03 ?[2J")
    assert error.isprintable()


def test_a_silent_failure_names_its_exit_code(upgrade: Command):
    upgrade.does("exit 3")
    assert upgrade.run().error == "it ended with exit code 3 and no message"


def test_a_command_that_hangs_is_ended_in_time(upgrade: Command):
    upgrade.does(f"echo $$ > {upgrade.folder}/pid", "exec sleep 60")
    started = time.monotonic()
    outcome = upgrade.run(timeout=0.5)
    assert time.monotonic() - started < 4
    assert outcome.error == "it did not end within 0.5 seconds"
    assert not pathlib.Path("/proc", upgrade.seen("pid").strip()).exists()


def test_who_ends_the_hooks_process_group_ends_the_command_too(upgrade: Command):
    upgrade.does(f"cut -d' ' -f5 /proc/$$/stat > {upgrade.folder}/group")
    assert upgrade.run().error == ""
    assert int(upgrade.seen("group")) == os.getpgrp()


def test_the_command_gets_no_input(upgrade: Command):
    upgrade.does("read -r line && exit 1", "exit 0")
    typed = upgrade.folder / "typed"
    typed.write_text("yes\n")
    kept = os.dup(0)
    try:
        with typed.open() as file:
            os.dup2(file.fileno(), 0)
        error = upgrade.run().error
    finally:
        os.dup2(kept, 0)
        os.close(kept)
    assert error == ""


def test_a_command_that_is_missing_is_named(upgrade: Command):
    assert upgrade.run().error == f"{upgrade.path} does not exist"


def test_a_command_that_cannot_be_run_is_a_failure(upgrade: Command):
    upgrade.does("exit 0")
    upgrade.path.chmod(0o644)
    assert upgrade.run().error != ""


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_no_room_for_the_private_folder_is_a_failure(
    upgrade: Command, monkeypatch: pytest.MonkeyPatch, number: int
):
    upgrade.does("exit 0")

    def no_room(**_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "mkdtemp", no_room)
    assert upgrade.run().error == f"{upgrade.path} could not be run ({os.strerror(number)})"


def test_a_password_with_a_line_break_is_a_failure(upgrade: Command):
    upgrade.does("exit 0")
    credentials = msgspec.structs.replace(JOB.credentials, password="two\nlines")
    outcome = upgrade.run(msgspec.structs.replace(JOB, credentials=credentials))
    assert "line break" in outcome.error


# What it is given


def test_the_configuration_is_for_its_owner_alone(upgrade: Command):
    upgrade.does(f'stat -c %a "$2" "${{2%/*}}" > {upgrade.folder}/modes')
    assert upgrade.run().error == ""
    assert upgrade.seen("modes").split() == ["600", "700"]


def test_the_configuration_holds_the_credentials(upgrade: Command):
    upgrade.does(f'cp "$2" {upgrade.folder}/config')
    upgrade.run()
    assert f'password = "{PASSWORD}"' in upgrade.seen("config")


def test_no_secret_is_in_the_arguments(upgrade: Command):
    upgrade.does(f'echo "$*" > {upgrade.folder}/argv')
    upgrade.run()
    argv = upgrade.seen("argv").split()
    assert argv[0] == "--config-file"
    assert argv[2:] == ["--retry", "3"]
    assert PASSWORD not in upgrade.seen("argv")


def test_the_environment_is_clean(upgrade: Command, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONPATH", "/charm/venv")
    monkeypatch.setenv("OS_PASSWORD", "another")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/elsewhere")
    upgrade.does(f"env > {upgrade.folder}/env")
    upgrade.run()
    names = {line.partition("=")[0] for line in upgrade.seen("env").splitlines()}
    assert names - {"PWD", "OLDPWD", "SHLVL", "_"} == {"HOME", "PATH", "LANG", "PYTHONUNBUFFERED"}


def test_proxies_are_passed_on(upgrade: Command):
    upgrade.does(f"env > {upgrade.folder}/env")
    proxies = Proxies("http://192.0.2.9:1", "http://192.0.2.9:2", "192.0.2.0/24")
    upgrade.run(msgspec.structs.replace(JOB, proxies=proxies))
    lines = upgrade.seen("env").splitlines()
    assert "http_proxy=http://192.0.2.9:1" in lines
    assert "https_proxy=http://192.0.2.9:2" in lines
    assert "no_proxy=192.0.2.0/24" in lines


def test_certificates_are_trusted_beside_the_systems(
    upgrade: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path, ca_pem: str
):
    store = tmp_path / "store.crt"
    system = "-----BEGIN CERTIFICATE-----\nc3lzdGVt\n-----END CERTIFICATE-----\n"
    store.write_text(system)
    monkeypatch.setattr(certificates, "SYSTEM_STORE", store)
    upgrade.does(
        """cafile=$(sed -n 's/^cafile = "\\(.*\\)"$/\\1/p' "$2")""",
        f'cp "$cafile" {upgrade.folder}/bundle',
    )
    assert upgrade.run(msgspec.structs.replace(JOB, certificates=(KEY + ca_pem,))).error == ""
    assert upgrade.seen("bundle") == system + ca_pem


# What it leaves


@pytest.mark.parametrize("ending", ["exit 0", "exit 1", "exec sleep 60"])
def test_no_file_is_left_behind(upgrade: Command, private_parent: pathlib.Path, ending: str):
    upgrade.does(ending)
    upgrade.run(timeout=0.5)
    assert list(private_parent.iterdir()) == []


# Which command, and which release


def test_without_the_seam_it_is_the_systems_command(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(command.SEAM)
    runner = command.CommandBackend(packages.Source())
    assert runner.command == pathlib.Path("/usr/bin/ceilometer-upgrade")


@pytest.mark.parametrize(
    ("site", "metadata"),
    [
        ("lib/python3/dist-packages", "ceilometer-21.0.0.dist-info/METADATA"),
        ("lib/python3/dist-packages", "ceilometer-21.0.0.egg-info/PKG-INFO"),
        ("lib/python3/dist-packages", "ceilometer-21.0.0-py3.10.egg-info/PKG-INFO"),
        ("lib/python3.11/site-packages", "ceilometer-21.0.0.dist-info/METADATA"),
    ],
)
def test_the_release_is_read_from_the_commands_installation(
    upgrade: Command, site: str, metadata: str
):
    path = upgrade.folder / "prefix" / site / metadata
    path.parent.mkdir(parents=True)
    path.write_text("Metadata-Version: 2.1\nName: ceilometer\nVersion: 21.0.0\n")
    assert command.CommandBackend(packages.Source()).release() == "21.0.0"


def test_without_an_installation_the_release_is_unknown(upgrade: Command):
    assert command.CommandBackend(packages.Source()).release() == ""


def test_another_package_is_not_taken_for_ceilometer(upgrade: Command):
    folder = upgrade.folder / "prefix/lib/python3/dist-packages/ceilometermiddleware-3.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Name: ceilometermiddleware\nVersion: 3.0\n")
    assert command.CommandBackend(packages.Source()).release() == ""


def test_the_command_that_bounds_it_is_where_it_is_expected():
    # from coreutils, which no Debian or Ubuntu machine lacks
    assert shutil.which("timeout", path="/usr/bin") == "/usr/bin/timeout"
    said = subprocess.run(
        ["/usr/bin/timeout", "--kill-after=5", "0.1", "sleep", "5"], check=False, timeout=10
    )
    assert said.returncode in command._TIMED_OUT
