"""The tester charms in hooks that go wrong with force; hook commands are stand-ins."""

from __future__ import annotations

import pathlib
import subprocess
import zipfile

import pytest

from tests.integration import testers
from tests.integration.tests import stand_ins

OPTIONS = {
    "keystone": '{"databag": "{\\"auth_host\\": \\"192.0.2.1\\"}", "notification": "a=b"}',
    "gnocchi": '{"url": "http://192.0.2.1:8041"}',
    "ceilometer": '{"upgrade-url": "", "workload-version": "", "extra-message": ""}',
    "aodh": '{"workload": "active", "message": "Unit is ready", "failing-hook": ""}',
}
GONE = "ERROR relation not found"
"""Recorded as the end of the words for a relation that is not there."""


class Unit:
    """An unpacked tester and its hook commands, of which those about relations fail."""

    def __init__(self, name: str, folder: pathlib.Path) -> None:
        self.name = name
        self.calls = folder / "calls"
        self._charm = folder / "charm"
        self._commands = folder / "bin"
        with zipfile.ZipFile(testers.pack(name, folder)) as archive:
            archive.extractall(self._charm)
        (self._charm / "dispatch").chmod(0o755)
        self._commands.mkdir()
        answers = {
            "config-get": stand_ins.answering(OPTIONS[name]),
            "is-leader": stand_ins.answering("true"),
            "relation-ids": stand_ins.answering('["any:7"]'),
            **{
                command: stand_ins.answering(stderr=GONE, exit_code=2)
                for command in ("relation-list", "relation-get", "relation-set")
            },
            **{
                command: f'echo {command} "$@" >> {self.calls}'
                for command in ("status-set", "application-version-set", "juju-log")
            },
        }
        for command, script in answers.items():
            stand_ins.put(self._commands, command, script)

    def put(self, command: str, script: str) -> None:
        """Replace a hook command."""
        stand_ins.put(self._commands, command, script)

    def run(self, hook: str) -> subprocess.CompletedProcess[str]:
        """Dispatch a hook."""
        return subprocess.run(
            [self._charm / "dispatch"],
            cwd=self._charm,
            env={
                "PATH": f"{self._commands}:/usr/bin:/bin",
                "JUJU_DISPATCH_PATH": f"hooks/{hook}",
                "JUJU_UNIT_NAME": f"{self.name}/0",
            },
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )


@pytest.mark.parametrize("name", ["keystone", "gnocchi", "ceilometer"])
@pytest.mark.parametrize("hook", ["update-status", "any-relation-broken", "stop", "remove"])
def test_a_relation_that_was_torn_away_fails_no_hook(tmp_path: pathlib.Path, name: str, hook: str):
    ended = Unit(name, tmp_path).run(hook)
    assert ended.returncode == 0, ended.stderr


def test_another_failure_of_a_hook_command_fails_the_hook(tmp_path: pathlib.Path):
    unit = Unit("gnocchi", tmp_path)
    refused = stand_ins.answering(stderr="ERROR cannot write relation settings", exit_code=1)
    unit.put("relation-set", refused)
    assert unit.run("update-status").returncode != 0


def test_a_unit_that_goes_publishes_nothing(tmp_path: pathlib.Path):
    unit = Unit("keystone", tmp_path)
    published = tmp_path / "published"
    unit.put("relation-set", f"touch {published}")
    unit.run("stop")
    assert not published.exists()


@pytest.mark.parametrize(("hook", "fails"), [("stop", True), ("update-status", False)])
def test_a_charm_that_does_nothing_fails_in_the_hook_that_it_is_told(
    tmp_path: pathlib.Path, hook: str, fails: bool
):
    unit = Unit("aodh", tmp_path)
    unit.put("config-get", stand_ins.answering(OPTIONS["aodh"].replace('""', '"stop"')))
    assert (unit.run(hook).returncode != 0) is fails


def test_a_charm_that_does_nothing_says_what_it_is_told(tmp_path: pathlib.Path):
    unit = Unit("aodh", tmp_path)
    unit.run("config-changed")
    assert unit.calls.read_text() == "status-set active Unit is ready\n"


def test_a_charm_without_a_level_sets_no_status(tmp_path: pathlib.Path):
    unit = Unit("aodh", tmp_path)
    unit.put("config-get", stand_ins.answering(OPTIONS["aodh"].replace("active", "")))
    assert unit.run("config-changed").returncode == 0
    assert not unit.calls.exists()
