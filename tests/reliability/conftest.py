"""What the tests of reliability stand on."""

from __future__ import annotations

import pathlib

import pytest
import trustme

from coordinator import private_files


@pytest.fixture(autouse=True)
def private_parent(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """Private folders are made here."""
    monkeypatch.setattr(private_files, "_parent", lambda: tmp_path)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A private certificate authority."""
    return trustme.CA()
