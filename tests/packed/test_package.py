"""What is in the .charm, and with which modes."""

from __future__ import annotations

import collections.abc
import importlib.util
import pathlib
import re
import shutil
import stat
import sys
import zipfile

import packaging.requirements
import packaging.utils
import pytest
import yaml

from tests.support.agent.agent import Agent
from tests.support.packing import charmcraft_tool, packing

PAPERS = {"CHANGELOG.md", "LICENSE", "README.md", "icon.svg"}
DECLARATIONS = {"actions.yaml", "config.yaml", "metadata.yaml"}
CODE = ("lib", "src")
LEFT_OUT = {"tests", "docs", "terraform", ".git", ".tools", ".tox", ".ruff_cache"}
MEGABYTE = 1_000_000
FLAGS, HASH = slice(4, 8), slice(8, 16)
"""Parts of the head of byte code (PEP 552); flag 1: known by a hash, flag 2: which is checked."""
TEST_TOOLS = {"pytest", "ruff", "pyright", "tox", "uv", "scenario", "hypothesis"}

Members = collections.abc.Mapping[pathlib.PurePath, int]


@pytest.fixture(scope="session")
def members(packed_charm: pathlib.Path) -> Members:
    """The modes of the package's files, by their paths."""
    with zipfile.ZipFile(packed_charm) as archive:
        return {
            pathlib.PurePath(info.filename): info.external_attr >> 16
            for info in archive.infolist()
            if not info.is_dir()
        }


def test_the_package_has_what_juju_and_readers_need_and_nothing_else(members: Members) -> None:
    code = {name for name in CODE if any(f.parts[0] == name for f in packing.tree_files())}

    expected = {*PAPERS, *DECLARATIONS, *code, "dispatch", "manifest.yaml", "venv"}
    assert {path.parts[0] for path in members} == expected


def test_the_package_has_exactly_the_code_of_the_tree(members: Members) -> None:
    code = {path for path in packing.tree_files() if path.parts[0] in CODE}

    packed = {path for path in members if path.parts[0] in CODE}
    assert {path for path in packed if path.suffix != ".pyc"} == code


def test_no_tests_caches_or_history_are_packed(members: Members) -> None:
    own = [path for path in members if path.parts[0] != "venv"]

    assert not [path for path in own if LEFT_OUT & set(path.parts)]


def test_papers_and_declarations_are_those_of_the_tree(charm_dir: pathlib.Path) -> None:
    for name in sorted(PAPERS | DECLARATIONS):
        packed, source = charm_dir / name, charmcraft_tool.CHECKOUT / name
        assert packed.read_bytes() == source.read_bytes(), name


def test_the_manifest_names_the_base_that_it_was_packed_on(charm_dir: pathlib.Path) -> None:
    manifest = yaml.safe_load((charm_dir / "manifest.yaml").read_text())

    (base,) = manifest["bases"]
    (architecture,) = base["architectures"]
    assert f"{base['name']}@{base['channel']}:{architecture}" == packing.host_base()


def test_dispatch_can_be_run(members: Members) -> None:
    assert stat.S_IMODE(members[pathlib.PurePath("dispatch")]) == 0o755


def test_every_file_can_be_read_by_all_and_written_by_its_owner_alone(members: Members) -> None:
    odd = {
        str(path): oct(mode)
        for path, mode in members.items()
        if stat.S_IMODE(mode) not in (0o644, 0o755) or not stat.S_ISREG(mode)
    }

    assert not odd


def test_exactly_the_locked_runtime_dependencies_are_packed(members: Members) -> None:
    uv = [sys.executable, "-m", "uv", "export", "--frozen", "--no-dev", "--quiet"]
    options = ["--no-hashes", "--no-annotate", "--no-header"]
    exported = charmcraft_tool.run(
        [*uv, *options], charmcraft_tool.CHECKOUT, charmcraft_tool.HOME, 60
    )
    lines = map(packaging.requirements.Requirement, exported.stdout.splitlines())
    locked = {
        _pin(line.name, str(line.specifier).removeprefix("=="))
        for line in lines
        if line.marker is None or line.marker.evaluate(_system_python())
    }
    packages = {path.parts[4] for path in members if path.match("venv/lib/*/site-packages/*/*")}
    found = (re.fullmatch(r"(.+)-(.+)\.dist-info", name) for name in packages)

    assert {_pin(match[1], match[2]) for match in found if match} == locked


def _pin(name: str, version: str) -> str:
    return f"{packaging.utils.canonicalize_name(name)} {version}"


def _system_python() -> dict[str, str]:
    """What the markers of requirements ask of the Python that runs the packed charm."""
    code = "import platform; print(platform.python_version())"
    root = pathlib.Path("/")
    asked = charmcraft_tool.run([charmcraft_tool.SYSTEM_PYTHON, "-c", code], root, root, 30)
    version = asked.stdout.strip()
    return {"python_full_version": version, "python_version": version.rpartition(".")[0]}


def test_nothing_that_no_code_path_needs_is_packed(members: Members) -> None:
    needless = [
        str(path)
        for path in members
        if path.suffix in (".pyi", ".pyx", ".c") or path.name in ("RECORD", "py.typed")
    ]
    packages = {path.parts[4] for path in members if "site-packages" in path.parts}

    assert needless == []
    assert not packages & {
        "setuptools",
        "pip",
        "wheel",
        "pydantic",
        "pydantic_core",
        "pkg_resources",
    }


def test_the_package_is_small(packed_charm: pathlib.Path) -> None:
    with zipfile.ZipFile(packed_charm) as archive:
        unpacked = sum(info.file_size for info in archive.infolist())

    assert packed_charm.stat().st_size < 3.5 * MEGABYTE
    assert unpacked < 9 * MEGABYTE


# Byte code. Juju unzips with other times than the source had when it was compiled.


def test_every_module_has_byte_code_of_its_own_source(charm_dir: pathlib.Path) -> None:
    wrong = [
        path
        for path in charm_dir.rglob("*.py")
        if importlib.util.source_hash(path.read_bytes()) != _byte_code(path)[HASH]
    ]

    assert not wrong


def test_byte_code_of_packages_is_taken_as_it_is(charm_dir: pathlib.Path) -> None:
    assert {_byte_code(path)[FLAGS][0] for path in charm_dir.rglob("venv/**/*.py")} == {0b01}


def test_byte_code_of_our_own_is_held_against_its_source(charm_dir: pathlib.Path) -> None:
    own = [path for path in charm_dir.rglob("*.py") if "venv" not in path.parts]

    assert {_byte_code(path)[FLAGS][0] for path in own} == {0b11}


def test_no_byte_code_is_without_its_source(charm_dir: pathlib.Path) -> None:
    sources = {path.parent / f"{path.stem}.py" for path in charm_dir.rglob("*.py")}
    compiled = list(charm_dir.rglob("*.pyc"))

    assert len(compiled) == len(sources)


def test_a_hook_compiles_nothing(charm_dir: pathlib.Path, lonely: Agent) -> None:
    before = _byte_code_files(charm_dir)

    assert lonely.hook("update-status").succeeded

    assert _byte_code_files(charm_dir) == before


def test_a_mended_file_counts(charm_dir: pathlib.Path, tmp_path: pathlib.Path) -> None:
    shutil.copytree(charm_dir, tmp_path / "charm", symlinks=True)
    mended = tmp_path / "charm/src/charm.py"
    text = mended.read_text()
    assert text.count("leaving the model") == 1
    mended.write_text(text.replace("leaving the model", "mended"))

    with Agent(tmp_path / "charm") as unit:
        assert unit.hook("stop").succeeded
        assert unit.unit_status.message == "mended"


def _byte_code_files(charm_dir: pathlib.Path) -> dict[pathlib.Path, float]:
    return {path: path.stat().st_mtime for path in charm_dir.rglob("*.pyc")}


def _byte_code(source: pathlib.Path) -> bytes:
    (path,) = source.parent.glob(f"__pycache__/{source.stem}.*.pyc")
    return path.read_bytes()


def test_no_test_tool_is_packed(members: Members) -> None:
    packages = {
        path.parts[path.parts.index("site-packages") + 1]
        for path in members
        if "site-packages" in path.parts
    }

    assert "ops" in packages
    assert not packages & TEST_TOOLS
