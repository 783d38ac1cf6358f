"""What a run lacks, in one line. The commands juju and lxc are stand-ins."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import time
import zipfile

import pytest

from tests.integration import preconditions
from tests.integration.tests import stand_ins

ROOT = pathlib.Path(__file__).parents[3]


@pytest.fixture
def commands(tmp_path: pathlib.Path) -> pathlib.Path:
    """The folder of a PATH: a juju with a controller on LXD, whose image is there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    stand_ins.put(folder, "juju", stand_ins.answering(stand_ins.controller()))
    image = stand_ins.images("juju/ubuntu@24.04/amd64")
    stand_ins.put(folder, "lxc", stand_ins.lxc(image, has_server=False))
    return folder


def pack(path: pathlib.Path, channel: str = "24.04") -> pathlib.Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.yaml", f"bases: [{{name: ubuntu, channel: '{channel}'}}]")
    return path


@pytest.fixture
def environment(commands: pathlib.Path, tmp_path: pathlib.Path) -> dict[str, str]:
    charm = pack(tmp_path / "coordinator.charm")
    return {"PATH": f"{commands}:/usr/bin:/bin", "CHARM_PATH": str(charm)}


def missing(environment: dict[str, str], **changes: str) -> str:
    said = preconditions.missing({**environment, **changes}, patience=10)
    assert "\n" not in said
    return said


def test_where_all_is_there_nothing_is_missing(environment: dict[str, str]):
    assert missing(environment) == ""


def test_a_machine_without_juju_is_told_how_to_install_it(
    environment: dict[str, str], commands: pathlib.Path
):
    (commands / "juju").unlink()
    assert missing(environment, PATH=str(commands)).startswith("no juju command is on PATH")


def test_a_charm_that_is_not_named_is_told(environment: dict[str, str]):
    assert missing(environment, CHARM_PATH="").startswith("CHARM_PATH is not set")


def test_a_charm_that_is_not_there_is_told(environment: dict[str, str]):
    assert missing(environment, CHARM_PATH="/no.charm") == "CHARM_PATH names no file: /no.charm"


def test_a_file_that_is_no_charm_is_told(environment: dict[str, str], tmp_path: pathlib.Path):
    (tmp_path / "text").write_text("not a zip")
    said = missing(environment, CHARM_PATH=str(tmp_path / "text"))
    assert said.startswith("CHARM_PATH names no packed charm")


def test_a_charm_for_another_base_is_told(environment: dict[str, str], tmp_path: pathlib.Path):
    other = pack(tmp_path / "other.charm", "22.04")
    said = missing(environment, CHARM_PATH=str(other))
    assert said.startswith("CHARM_PATH is packed for ubuntu@22.04, not for ubuntu@24.04")


def test_a_juju_without_a_controller_is_told_how_to_make_one(
    environment: dict[str, str], commands: pathlib.Path
):
    answer = stand_ins.answering(stderr=stand_ins.NO_CONTROLLER, exit_code=1)
    stand_ins.put(commands, "juju", answer)
    said = missing(environment)
    assert said.startswith("juju has no controller (No controllers registered.)")
    assert "juju bootstrap" in said


def test_a_controller_that_never_answers_is_told_in_time(
    environment: dict[str, str], commands: pathlib.Path
):
    # recorded: a client whose controller is gone did not end within 420 seconds
    stand_ins.put(commands, "juju", "exec sleep 60")
    begun = time.monotonic()
    said = preconditions.missing(environment, patience=1)
    assert said.startswith("the Juju controller does not answer in 1 seconds")
    assert time.monotonic() - begun < 10


def test_a_controller_that_refuses_is_told_with_its_words(
    environment: dict[str, str], commands: pathlib.Path
):
    shown = stand_ins.controller(errors=["invalid entity name or password"])
    stand_ins.put(commands, "juju", stand_ins.answering(shown))
    said = missing(environment)
    assert said == "the Juju controller test cannot be used: invalid entity name or password"


def test_a_juju_that_prints_something_else_is_told(
    environment: dict[str, str], commands: pathlib.Path
):
    stand_ins.put(commands, "juju", stand_ins.answering("Controller  Model\n"))
    assert missing(environment).startswith("juju show-controller prints no JSON")


def test_a_user_who_may_not_make_users_is_told(
    environment: dict[str, str], commands: pathlib.Path
):
    shown = stand_ins.controller(account={"user": "someone", "access": "login"})
    stand_ins.put(commands, "juju", stand_ins.answering(shown))
    assert missing(environment).startswith("the Juju user of test has login access")


def test_a_lxd_without_the_base_image_and_without_a_server_is_told(
    environment: dict[str, str], commands: pathlib.Path
):
    image = stand_ins.images("juju/ubuntu@22.04/amd64")
    stand_ins.put(commands, "lxc", stand_ins.lxc(image, has_server=False))
    assert missing(environment).startswith("LXD has no image of ubuntu@24.04")


def test_a_lxd_that_can_fetch_the_base_image_lacks_nothing(
    environment: dict[str, str], commands: pathlib.Path
):
    stand_ins.put(commands, "lxc", stand_ins.lxc("[]", has_server=True))
    assert missing(environment) == ""


def test_images_of_another_cloud_are_not_asked_for(
    environment: dict[str, str], commands: pathlib.Path
):
    shown = stand_ins.controller(details={"cloud": "maas"})
    stand_ins.put(commands, "juju", stand_ins.answering(shown))
    stand_ins.put(commands, "lxc", stand_ins.lxc("[]", has_server=False))
    assert missing(environment) == ""


def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": "/nowhere", "CHARM_PATH": "", **changes}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_run_that_lacks_something_says_it_in_one_line_and_fails():
    ended = run("tests.integration")
    assert ended.returncode != 0
    assert ended.stdout == ""
    assert ended.stderr.startswith("integration: no juju command is on PATH")
    assert ended.stderr.count("\n") == 1


def test_pytest_alone_refuses_as_well():
    ended = run("pytest", "tests/integration/test_removal.py")
    assert ended.returncode == 1
    assert "no juju command is on PATH" in ended.stdout + ended.stderr


def test_tests_can_be_listed_without_juju():
    ended = run("pytest", "--collect-only", "-q", "tests/integration")
    assert ended.returncode == 0
    listed = [line.partition("::")[0] for line in ended.stdout.splitlines() if "::" in line]
    ours = [path for path in dict.fromkeys(listed) if "integration/tests/" not in path]
    modules = [pathlib.Path(path).stem for path in ours]
    assert modules[0] == "test_deployment"
    assert modules[-1] == "test_removal"
