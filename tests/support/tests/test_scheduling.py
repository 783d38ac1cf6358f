"""Which process of pytest-xdist tests what."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

from tests.support.packing import charmcraft_tool

TESTS = """
import os, pathlib, pytest

@pytest.fixture(scope="session")
def booted_stack(request):
    return request.param

@pytest.mark.parametrize("number", range(4))
def test_with_a_stack(booted_stack, number):
    pathlib.Path(f"{booted_stack} in {os.environ['PYTEST_XDIST_WORKER']}").touch()
"""


def test_a_release_set_is_tested_by_one_process_whatever_the_file(tmp_path: pathlib.Path) -> None:
    for name in ("test_one.py", "test_two.py", "test_three.py"):
        (tmp_path / name).write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.openstack.fixtures"]
    subprocess.run(
        [*command, "--numprocesses", "3", "--dist", "loadfile"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(charmcraft_tool.CHECKOUT)},
        check=True,
        timeout=120,
    )

    places = sorted(path.name.partition(" in ")[::2] for path in tmp_path.glob("* in *"))
    assert [release for release, _ in places] == ["2023.2", "latest"]
    assert len({worker for _, worker in places}) == 2
