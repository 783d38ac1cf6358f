"""pytest fixtures: the charm, packed once in a session, before any test's time runs."""

from __future__ import annotations

import os
import pathlib

import pytest

from tests.support import telling
from tests.support.packing import charmcraft_tool, packing

CHARM = pytest.StashKey[pathlib.Path | Exception]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    if session.config.option.collectonly:
        return
    if any("packed_charm" in getattr(item, "fixturenames", ()) for item in session.items):
        session.config.stash[CHARM] = _packed(session.config)


def _packed(config: pytest.Config) -> pathlib.Path | Exception:
    try:
        return packing.pack(telling.teller(config))
    except (charmcraft_tool.UnavailableError, packing.PackingError) as problem:
        return problem


def require(packed: pathlib.Path | Exception) -> pathlib.Path:
    """The packed charm. Where charmcraft cannot run, skip; a CI may not skip and fails."""
    if isinstance(packed, pathlib.Path):
        return packed
    if isinstance(packed, charmcraft_tool.UnavailableError) and os.environ.get("CI") != "true":
        pytest.skip(str(packed))
    raise packed


@pytest.fixture(scope="session")
def packed_charm(request: pytest.FixtureRequest) -> pathlib.Path:
    """The .charm of the tree as it is now."""
    return require(request.config.stash[CHARM])
