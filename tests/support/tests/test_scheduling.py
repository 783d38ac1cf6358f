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
    place = os.environ["PYTEST_XDIST_WORKER"]
    pathlib.Path(f"{booted_stack} {pathlib.Path(__file__).stem} {place}").touch()
"""


def test_an_older_release_is_tested_by_one_process_and_the_newest_by_files(
    tmp_path: pathlib.Path,
) -> None:
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

    ran = [path.name.split() for path in tmp_path.glob("* * *")]
    assert len({place for release, _, place in ran if release == "2023.2"}) == 1
    newest = [(file, place) for release, file, place in ran if release == "latest"]
    assert sorted(file for file, _ in newest) == ["test_one", "test_three", "test_two"]
    assert len({place for _, place in newest}) > 1
