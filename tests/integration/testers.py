"""Tester charms as .charm files: a zip with a manifest, which Juju 4 asks for."""

from __future__ import annotations

import pathlib
import zipfile

import yaml

from tests.integration import full_model, vendoring

ROOT = pathlib.Path(__file__).parents[2]
CHARMS = pathlib.Path(__file__).with_name("charms")
WRITTEN = ("ceilometer", "gnocchi", "keystone", "waiter")
"""Testers with a charm of their own; the others do nothing."""

ALL = (*WRITTEN, *full_model.CHARMS)

NAMES = (*WRITTEN, "memcached")
"""All kinds of them: one that does nothing stands for the others."""

LIBRARY = "lib/charms/telemetry_coordinator/v0/telemetry_stack.py"
WITH_LIBRARY = ("waiter",)
"""Testers that are written with ops and the coordinator's library; the others need only Python."""

DISPATCH = """#!/bin/sh
export PYTHONPATH="lib:vendored"
exec /usr/bin/python3 -B "${JUJU_CHARM_DIR:-.}/src/charm.py"
"""
MANIFEST = """analysis:
  attributes:
    - name: language
      result: python
bases:
  - {name: ubuntu, channel: "22.04", architectures: [amd64, arm64]}
  - {name: ubuntu, channel: "24.04", architectures: [amd64, arm64]}
"""


def contents(name: str) -> dict[str, tuple[str, int]]:
    """The files of a tester charm: path → text and mode."""
    folder = CHARMS / (name if name in WRITTEN else "noop")
    own = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.*")}
    files = {
        path: (file.read_text(encoding="utf-8"), 0o644)
        for path, file in own.items()
        if file.is_file() and file.suffix in (".yaml", ".py")
    }
    hook = (CHARMS / "common/hook.py").read_text(encoding="utf-8")
    made = full_model.CHARMS.get(name)
    metadata = {"metadata.yaml": yaml.safe_dump(made.metadata(name))} if made else {}
    return {
        **files,
        **{path: (text, 0o644) for path, text in metadata.items()},
        **{path: (text, 0o644) for path, text in _library(name).items()},
        "src/hook.py": (hook, 0o644),
        "manifest.yaml": (MANIFEST, 0o644),
        "dispatch": (DISPATCH, 0o755),
    }


def _library(name: str) -> dict[str, str]:
    """The coordinator's library and what it needs, for the testers that use it."""
    if name not in WITH_LIBRARY:
        return {}
    vendored = {f"vendored/{path}": text for path, text in vendoring.files("ops").items()}
    return {LIBRARY: (ROOT / LIBRARY).read_text(encoding="utf-8"), **vendored}


def pack(name: str, folder: pathlib.Path) -> pathlib.Path:
    """Write NAME.charm into a folder and return its path."""
    target = folder / f"{name}.charm"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, (text, mode) in sorted(contents(name).items()):
            entry = zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, text)
    return target
