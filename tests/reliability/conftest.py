"""What the tests of reliability stand on."""

from __future__ import annotations

import pathlib
from collections.abc import Generator
from typing import Any

import pytest
import trustme
from ops import testing

import charm
import unit_state
from coordinator import private_files
from coordinator.upgrade import command
from tests.reliability import site as sites
from tests.unit import clouds, model


@pytest.fixture(autouse=True)
def private_parent(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> pathlib.Path:
    """Private folders and public reports are made here; no command of this machine is run."""
    parent = tmp_path / "run"
    parent.mkdir()
    monkeypatch.setattr(private_files, "_parent", lambda: parent)
    monkeypatch.setattr(unit_state, "PUBLIC", tmp_path / "public")
    monkeypatch.setenv(command.SEAM, str(tmp_path / "no-such-command"))
    return parent


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A private certificate authority."""
    return trustme.CA()


@pytest.fixture
def context(tmp_path: pathlib.Path) -> testing.Context[Any]:
    """Runs the charm's events on one unit, whose files outlive a hook."""
    root = tmp_path / "charm"
    root.mkdir()
    return testing.Context(charm.TelemetryCoordinatorCharm, app_name=model.APP, charm_root=root)


@pytest.fixture
def cloud() -> Generator[clouds.Cloud]:
    """A small Keystone and Gnocchi, for the whole loop."""
    with clouds.running() as cloud:
        yield cloud


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Generator[sites.Site]:
    """The charm as a process, deployed beside a small cloud."""
    with sites.deployed(tmp_path) as site:
        yield site
