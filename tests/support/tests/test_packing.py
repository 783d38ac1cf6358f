"""Packing itself: when it is done anew, and what happens where it cannot be done."""

from __future__ import annotations

import os
import pathlib
import subprocess
import zipfile

import pytest
import yaml

from tests.support.packing import charmcraft_tool, packing
from tests.support.packing.fixtures import require

PROJECT = {
    "type": "charm",
    "name": "tiny",
    "summary": "A charm that does nothing.",
    "description": "A charm that does nothing.",
    "platforms": {"ubuntu@24.04:arm64": None},
    "parts": {"code": {"plugin": "dump", "source": ".", "stage": ["src"]}},
}
UNAVAILABLE = charmcraft_tool.UnavailableError("there is no apt here")


@pytest.fixture
def checkout(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A small checkout instead of our own."""
    monkeypatch.setattr(charmcraft_tool, "CHECKOUT", tmp_path)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True, timeout=30)
    for name in ("src/charm.py", "tests/test_charm.py", ".tools/cache"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("pass\n")
    (tmp_path / ".gitignore").write_text("/.tools/\n")
    (tmp_path / "charmcraft.yaml").write_text(yaml.safe_dump(PROJECT))
    return tmp_path


def digest() -> str:
    return packing.digest(packing.tree_files(), "debian@12:amd64", pathlib.Path("python"))


def test_only_a_changed_tree_is_packed_again(
    checkout: pathlib.Path, monkeypatch: pytest.MonkeyPatch, packed_charm: pathlib.Path
) -> None:
    monkeypatch.setattr(packing, "PACKED", checkout / ".tools" / "charm")
    first = packing.pack()
    before = first.stat()

    assert packing.pack().stat() == before

    (checkout / "src/charm.py").write_text("print()\n")
    assert packing.pack() != first


def test_two_packings_of_one_tree_are_equal(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, packed_charm: pathlib.Path
) -> None:
    monkeypatch.setattr(packing, "PACKED", tmp_path)

    assert contents(packing.pack()) == contents(packed_charm)


def contents(charm: pathlib.Path) -> dict[str, tuple[int, int]]:
    """The mode and the checksum of each file but the manifest, which says when it was packed."""
    with zipfile.ZipFile(charm) as archive:
        return {
            file.filename: (file.external_attr, file.CRC)
            for file in archive.infolist()
            if file.filename != "manifest.yaml"
        }


def test_what_git_ignores_is_not_packed(checkout: pathlib.Path) -> None:
    names = {str(path) for path in packing.tree_files()}

    assert names == {".gitignore", "charmcraft.yaml", "src/charm.py", "tests/test_charm.py"}


def test_a_file_that_is_gone_is_not_packed(checkout: pathlib.Path) -> None:
    subprocess.run(["git", "-C", checkout, "add", "src"], check=True, timeout=30)
    (checkout / "src/charm.py").unlink()

    assert pathlib.Path("src/charm.py") not in packing.tree_files()


def test_the_copy_packs_for_one_base(checkout: pathlib.Path, tmp_path: pathlib.Path) -> None:
    copy = tmp_path / ".tools" / "copy"

    packing.copy_tree(packing.tree_files(), copy, "debian@12:amd64")

    text = (copy / "charmcraft.yaml").read_text()
    assert "debian@12:amd64" in text
    assert "ubuntu" not in text


def test_changed_code_is_packed_anew(checkout: pathlib.Path) -> None:
    before = digest()

    (checkout / "src/charm.py").write_text("print()\n")

    assert digest() != before


def test_a_changed_mode_is_packed_anew(checkout: pathlib.Path) -> None:
    before = digest()

    (checkout / "src/charm.py").chmod(0o755)

    assert digest() != before


def test_changed_tests_are_not_packed_anew(checkout: pathlib.Path) -> None:
    before = digest()

    (checkout / "tests/test_charm.py").write_text("print()\n")

    assert digest() == before


def test_unpacking_keeps_modes(tmp_path: pathlib.Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.charm", "w") as archive:
        for name, mode in (("dispatch", 0o755), ("src/charm.py", 0o644)):
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o100000 | mode) << 16
            archive.writestr(info, "")

    packing.unpack(tmp_path / "a.charm", tmp_path / "charm")

    assert os.access(tmp_path / "charm/dispatch", os.X_OK)
    assert not (tmp_path / "charm/src/charm.py").stat().st_mode & 0o111


# Where charmcraft cannot run.


def test_a_person_is_told_why_the_tests_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="there is no apt here"):
        require(UNAVAILABLE)


def test_a_ci_may_not_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    with pytest.raises(charmcraft_tool.UnavailableError, match="there is no apt here"):
        require(UNAVAILABLE)


def test_a_tree_that_cannot_be_packed_is_never_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(packing.PackingError):
        require(packing.PackingError("wrong"))


def test_an_ordinary_user_is_told_which_packages_are_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(charmcraft_tool, "BUILD_PACKAGES", ("no-such-package",))

    with pytest.raises(charmcraft_tool.UnavailableError, match="install no-such-package"):
        charmcraft_tool.ensure()


def test_a_missing_system_python_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setattr(charmcraft_tool, "SYSTEM_PYTHON", tmp_path / "python3")

    with pytest.raises(charmcraft_tool.UnavailableError, match="apt-get install python3"):
        charmcraft_tool.ensure()
