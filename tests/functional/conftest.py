"""The coordinator deployed on the real services, fresh for every test."""

from __future__ import annotations

import pathlib
import shlex
from collections.abc import Callable, Iterator

import pytest

import unit_state
from coordinator.upgrade import command
from tests import leaks
from tests.functional.deployment import Deployment
from tests.support.openstack import Stack

Deploy = Callable[..., Deployment]


class Upgrades:
    """The real ceilometer-upgrade of the release set, and how often it was run.

    Its imports are done once for all runs; tests/packed runs it as it is installed.
    """

    def __init__(self, stack: Stack, folder: pathlib.Path) -> None:
        self.command = folder / "bin/ceilometer-upgrade"
        self._calls = folder / "calls"
        self.command.parent.mkdir(parents=True)
        # beside the command, the charm looks for the version of Ceilometer
        (folder / "lib").symlink_to(stack.ceilometer_upgrade.parents[1] / "lib")
        words = shlex.join(stack.quick_ceilometer_upgrade)
        script = f'#!/bin/sh\necho >> {self._calls}\nexec {words} "$@"\n'
        self.command.write_text(script)
        self.command.chmod(0o755)

    @property
    def runs(self) -> int:
        return len(self._calls.read_text().splitlines()) if self._calls.exists() else 0


@pytest.fixture(autouse=True)
def public(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports for people are written here, and not into this machine's /var/lib."""
    monkeypatch.setattr(unit_state, "PUBLIC", tmp_path / "public")


@pytest.fixture(autouse=True)
def no_secret_is_told(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither a password nor a token is in anything that the charm leaves, whatever the test."""
    with leaks.forbidden(monkeypatch, tmp_path):
        yield


@pytest.fixture
def upgrades(stack: Stack, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Upgrades:
    made = Upgrades(stack, tmp_path / "ceilometer")
    monkeypatch.setenv(command.SEAM, str(made.command))
    return made


@pytest.fixture
def deploy(stack: Stack, upgrades: Upgrades, tmp_path: pathlib.Path) -> Deploy:
    """Deploys a coordinator whose ceilometer-upgrade is the real command of the release set."""

    def deployed(**config: str | int) -> Deployment:
        return Deployment(stack, config, tmp_path)

    return deployed


@pytest.fixture
def verified(deploy: Deploy) -> Deployment:
    """A coordinator that found or made everything in order."""
    deployment = deploy()
    deployment.identity_changed()
    assert deployment.status[0] == "active", deployment.status
    return deployment
