"""Environments of the release sets: whole or not at all."""

import pathlib
import sys

import pytest

from tests.support.openstack import Release, StackError, environment


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> pathlib.Path:
    monkeypatch.setenv("TELEMETRY_STACK_HOME", str(tmp_path))
    monkeypatch.delenv("TELEMETRY_STACK_PYTHON", raising=False)
    return tmp_path


def silence(_text: str) -> None:
    pass


def test_failed_build_says_what_uv_said_and_leaves_no_environment(
    home: pathlib.Path, monkeypatch: pytest.MonkeyPatch
):
    nowhere = home / "missing.txt"
    monkeypatch.setattr(Release, "pins", nowhere)
    nowhere.write_text("not a requirement ::\n")
    with pytest.raises(StackError, match="uv pip install failed"):
        environment.ensure(Release.LATEST, silence)
    assert not list(home.glob("latest-*"))


def test_environment_that_was_not_completed_is_built_anew(
    home: pathlib.Path, monkeypatch: pytest.MonkeyPatch
):
    pins = home / "pins.txt"
    pins.write_text("")
    monkeypatch.setattr(Release, "pins", pins)
    first = environment.ensure(Release.LATEST, silence)
    (first.folder / "complete").unlink()
    (first.folder / "half").touch()
    second = environment.ensure(Release.LATEST, silence)
    assert second == first
    assert second.python.exists()
    assert not (second.folder / "half").exists()


def test_changed_pins_make_another_environment(
    home: pathlib.Path, monkeypatch: pytest.MonkeyPatch
):
    pins = home / "pins.txt"
    pins.write_text("")
    monkeypatch.setattr(Release, "pins", pins)
    first = environment.ensure(Release.LATEST, silence)
    pins.write_text("# another\n")
    assert environment.ensure(Release.LATEST, silence).folder != first.folder


def test_what_uv_is_told_for_the_project_does_not_change_the_services(
    home: pathlib.Path, monkeypatch: pytest.MonkeyPatch
):
    project = home / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        "[tool.uv]\noverride-dependencies = [\"iniconfig; python_version < '3'\"]\n"
    )
    pins = home / "pins.txt"
    pins.write_text("iniconfig==2.0.0\n")
    monkeypatch.setattr(Release, "pins", pins)
    monkeypatch.chdir(project)
    built = environment.ensure(Release.LATEST, silence)
    assert list(built.folder.glob("lib/python3*/site-packages/iniconfig"))


def test_interpreter_without_packages_is_refused_with_a_way_out(
    home: pathlib.Path, monkeypatch: pytest.MonkeyPatch
):
    python = home / "python"
    python.write_text("#!/bin/sh\necho '3.99.0 (main)'\n")
    python.chmod(0o755)
    monkeypatch.setenv("TELEMETRY_STACK_PYTHON", str(python))
    with pytest.raises(StackError, match=r"is Python 3\.99\.0.*TELEMETRY_STACK_PYTHON="):
        environment.ensure(Release.LATEST, silence)


def test_missing_interpreter_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TELEMETRY_STACK_PYTHON", f"{sys.executable}-missing")
    with pytest.raises(StackError, match=r"there is no .*-missing"):
        environment.ensure(Release.LATEST, silence)


def test_interpreter_that_does_not_run_is_named(
    home: pathlib.Path, monkeypatch: pytest.MonkeyPatch
):
    python = home / "python"
    python.write_text("#!/bin/sh\nexit 3\n")
    python.chmod(0o755)
    monkeypatch.setenv("TELEMETRY_STACK_PYTHON", str(python))
    with pytest.raises(StackError, match=f"{python} does not run"):
        environment.ensure(Release.LATEST, silence)
