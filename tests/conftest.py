"""Fixtures for all tests."""

import pathlib

import pytest

import unit_state

pytest_plugins = ["tests.support.openstack.fixtures", "tests.support.packing.fixtures"]


@pytest.fixture(autouse=True)
def machine(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A folder that stands for the machine's root: no test writes to this machine's own."""
    root = tmp_path / "machine"
    (root / "var" / "lib").mkdir(parents=True)
    monkeypatch.setenv(unit_state.SEAM, str(root))
    monkeypatch.setattr(unit_state, "PUBLIC", root / "var/lib/telemetry-coordinator")
    return root
