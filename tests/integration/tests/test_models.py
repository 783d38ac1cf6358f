"""A model is gone after its run, and juju always ends."""

from __future__ import annotations

import contextlib
import pathlib
import time

import jubilant
import pytest

from tests.integration import models
from tests.integration.tests import stand_ins


@pytest.fixture
def calls(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "calls"


@pytest.fixture
def juju(tmp_path: pathlib.Path, calls: pathlib.Path) -> jubilant.Juju:
    """A client that only remembers what it was asked."""
    stand_ins.put(tmp_path, "real-juju", f'echo "$@" >> {calls}')
    return models.bounded(str(tmp_path / "real-juju"), tmp_path)


REMOVAL = (
    "destroy-model telemetry-test --no-prompt --destroy-storage --force --no-wait --timeout 60s"
)


@pytest.mark.parametrize("end", [None, AssertionError, KeyboardInterrupt, SystemExit])
def test_a_model_is_removed_however_its_run_ends(
    juju: jubilant.Juju, calls: pathlib.Path, end: type[BaseException] | None
):
    told: list[str] = []
    ending = contextlib.suppress(*([end] if end else []))
    with ending, models.fresh(juju, "telemetry-test", told.append):
        if end:
            raise end
    added, removed = calls.read_text().splitlines()
    assert added.startswith("add-model")
    assert removed == REMOVAL
    assert told == []


def test_a_model_whose_making_was_interrupted_is_removed_as_well(
    tmp_path: pathlib.Path, calls: pathlib.Path
):
    stand_ins.put(tmp_path, "real-juju", f'echo "$@" >> {calls}; [ "$1" != add-model ]')
    juju = models.bounded(str(tmp_path / "real-juju"), tmp_path)
    with pytest.raises(jubilant.CLIError), models.fresh(juju, "telemetry-test", print):
        pytest.fail("there is no model")
    assert calls.read_text().splitlines()[-1] == REMOVAL


def test_a_model_that_cannot_be_removed_is_told_with_the_command(tmp_path: pathlib.Path):
    failing = '[ "$1" != destroy-model ] || { echo "ERROR it is stuck" >&2; exit 1; }'
    stand_ins.put(tmp_path, "real-juju", failing)
    juju = models.bounded(str(tmp_path / "real-juju"), tmp_path)
    told: list[str] = []
    with models.fresh(juju, "telemetry-test", told.append):
        pass
    (line,) = told
    assert line.startswith("the model telemetry-test may be left (ERROR it is stuck)")
    assert "juju destroy-model telemetry-test" in line


def test_a_juju_that_hangs_is_ended(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch):
    stand_ins.put(tmp_path, "real-juju", "exec sleep 60")
    monkeypatch.setattr(models, "COMMAND_LIMIT", 1)
    juju = models.bounded(str(tmp_path / "real-juju"), tmp_path)
    begun = time.monotonic()
    with pytest.raises(jubilant.CLIError) as raised:
        juju.cli("status")
    assert raised.value.returncode == 124
    assert time.monotonic() - begun < 15


def test_the_snap_gets_its_files_where_it_can_read_them(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOME", str(tmp_path))
    with models.working_folder("/snap/bin/juju") as folder:
        assert folder.parent == tmp_path / "snap/juju/common"
        # by this jubilant knows that it speaks to the snap
        assert "/snap/" in models.bounded("/snap/bin/juju", folder).cli_binary
    assert not folder.exists()


def test_a_user_without_keys_is_told_how_to_make_one(tmp_path: pathlib.Path):
    with pytest.raises(LookupError, match="ssh-keygen"):
        models.public_keys(tmp_path, tmp_path)


def test_the_clients_own_keys_come_before_those_of_the_user(tmp_path: pathlib.Path):
    for folder, name in (("data/ssh", "juju_id_ed25519"), ("home/.ssh", "id_ed25519")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / f"{name}.pub").write_text(f"ssh-ed25519 {name}\n")
        (tmp_path / folder / name).write_text("private")
    found = models.public_keys(tmp_path / "data", tmp_path / "home")
    assert found == ["ssh-ed25519 juju_id_ed25519", "ssh-ed25519 id_ed25519"]
