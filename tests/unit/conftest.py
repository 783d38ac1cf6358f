"""What all unit tests stand on: nothing of this machine's environment reaches them."""

from __future__ import annotations

import pathlib
from collections.abc import Generator

import hypothesis
import pytest
import trustme
from ops import testing

import charm
import unit_state
from coordinator import private_files, reconcile
from coordinator.upgrade import command
from tests.unit import clouds, model

# a busy machine is no fault of the code
hypothesis.settings.register_profile(
    "unit", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unit")

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's proxies change no test."""
    for name in PROXY_VARIABLES:
        for spelling in (name, name.lower(), f"JUJU_CHARM_{name}"):
            monkeypatch.delenv(spelling, raising=False)


@pytest.fixture(autouse=True)
def no_command(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """No test runs or installs this machine's ceilometer-upgrade."""
    monkeypatch.setenv(command.SEAM, str(tmp_path / "no-such-command"))


@pytest.fixture(autouse=True)
def private_parent(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> pathlib.Path:
    """Private folders are made here, so that a test sees what is left of them."""
    parent = tmp_path / "run"
    parent.mkdir()
    monkeypatch.setattr(private_files, "_parent", lambda: parent)
    return parent


@pytest.fixture(autouse=True)
def public(machine: pathlib.Path) -> pathlib.Path:
    """Reports for people are written here, and not into this machine's /var/lib."""
    assert machine in unit_state.PUBLIC.parents
    return unit_state.PUBLIC


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A private certificate authority."""
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_pem(authority: trustme.CA) -> str:
    """Its certificate."""
    return authority.cert_pem.bytes().decode()


@pytest.fixture
def charm_root(tmp_path: pathlib.Path) -> pathlib.Path:
    """The charm's folder, which outlives a hook."""
    root = tmp_path / "charm"
    root.mkdir()
    return root


@pytest.fixture
def context(charm_root: pathlib.Path) -> testing.Context[charm.TelemetryCoordinatorCharm]:
    """Runs the charm's events on one unit."""
    return testing.Context(
        charm.TelemetryCoordinatorCharm, app_name=model.APP, charm_root=charm_root
    )


@pytest.fixture
def files(charm_root: pathlib.Path, public: pathlib.Path) -> unit_state.UnitState:
    """What that unit keeps for itself."""
    assert public == unit_state.PUBLIC
    return unit_state.UnitState(charm_root, f"{model.APP}/0")


@pytest.fixture
def cloud() -> Generator[clouds.Cloud]:
    """A small Keystone and Gnocchi, for the whole loop."""
    with clouds.running() as cloud:
        yield cloud


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> model.Stage:
    """The cloud is a turn of the loop that a test chose; no request is made."""
    stage = model.Stage()
    monkeypatch.setattr(reconcile, "reconcile", stage.take)
    monkeypatch.setattr(reconcile, "look", stage.look)
    return stage
