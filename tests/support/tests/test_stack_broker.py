"""Where the stack's RabbitMQ comes from, or why there is none."""

import pathlib
from collections.abc import Iterator

import pytest

from tests.support.openstack import StackError, broker

DEPENDS = "rabbitmq-server\n  Depends: erlang-base\nerlang-base\n  Depends: libc6\nlibc6\n"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> Iterator[pathlib.Path]:
    monkeypatch.setenv("TELEMETRY_STACK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(broker, "SYSTEM", tmp_path / "system")
    (tmp_path / "bin").mkdir()
    broker.forget()
    yield tmp_path / "home"
    broker.forget()


def offer(tmp_path: pathlib.Path, **commands: str) -> None:
    """Put shell scripts in the place of commands."""
    for name, script in commands.items():
        command = tmp_path / "bin" / name.replace("_", "-")
        command.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
        command.chmod(0o755)


def install(root: pathlib.Path) -> None:
    (root / "usr/lib/rabbitmq/lib/rabbitmq_server-3.12.1").mkdir(parents=True)
    binaries = root / "usr/lib/erlang/erts-13.2/bin"
    binaries.mkdir(parents=True)
    (binaries / "erlexec").touch()


def test_installed_broker_is_taken(tmp_path: pathlib.Path):
    install(tmp_path / "system")
    assert broker.ensure().erlang == tmp_path / "system/usr/lib/erlang"


def test_no_broker_without_apt(tmp_path: pathlib.Path):
    with pytest.raises(StackError, match="no RabbitMQ is installed, and no apt-cache"):
        broker.ensure()


def test_failing_download_says_what_apt_said_and_leaves_nothing(
    home: pathlib.Path, tmp_path: pathlib.Path
):
    failing = "echo 'E: Unable to fetch some archives' >&2; exit 100"
    offer(tmp_path, apt_cache=f"echo '{DEPENDS}'", apt_get=failing, dpkg="")
    with pytest.raises(StackError, match="apt-get fails: E: Unable to fetch some archives"):
        broker.ensure()
    assert [path.suffix for path in home.iterdir()] == [".lock"]


def test_an_archive_out_of_reach_is_asked_once(tmp_path: pathlib.Path):
    calls = tmp_path / "calls"
    offer(tmp_path, apt_cache=f"echo >> {calls}; exit 1", apt_get="", dpkg="")
    for _ in range(2):
        with pytest.raises(StackError):
            broker.ensure()
    assert calls.read_text() == "\n"


def test_packages_are_unpacked_with_an_erlang_that_knows_where_it_is(
    home: pathlib.Path, tmp_path: pathlib.Path
):
    install(tmp_path / "content")
    script = tmp_path / "content/usr/lib/erlang/bin/erl"
    script.parent.mkdir()
    script.write_text("ROOTDIR=/usr/lib/erlang\n")
    offer(
        tmp_path,
        apt_cache=f"echo '{DEPENDS}'",
        # the last arguments are the packages
        apt_get='for word; do case $word in erl*|rabbit*) touch "$word.deb";; esac; done',
        dpkg=f'cp -r {tmp_path}/content/. "$3"',
    )
    found = broker.ensure()
    assert found.erlang.is_relative_to(home)
    assert (found.erlang / "bin/erl").read_text() == f"ROOTDIR={found.erlang}\n"
