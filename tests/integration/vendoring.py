"""Python packages of this environment as files of a charm: nothing is downloaded for it."""

from __future__ import annotations

import importlib.metadata
import pathlib

from packaging.requirements import Requirement

_DATA = {"METADATA", "entry_points.txt"}


def files(package: str) -> dict[str, str]:
    """All Python files of a package and of what it needs: path → text.

    What is compiled is left out: units have another Python. So this is for packages that can do
    without, such as ops and its YAML.
    """
    found: dict[str, str] = {}
    for name in _needed(package):
        for file in importlib.metadata.files(name) or ():
            path = pathlib.Path(str(file.locate()))
            wanted = file.suffix == ".py" or file.name in _DATA
            if wanted and ".." not in file.parts:
                found[file.as_posix()] = path.read_text(encoding="utf-8")
    return found


def _needed(package: str) -> set[str]:
    """The package and what it needs, by the markers of this environment."""
    found: set[str] = set()
    names = [package]
    while names:
        name = names.pop()
        if name not in found:
            found.add(name)
            needs = map(Requirement, importlib.metadata.requires(name) or ())
            names += [n.name for n in needs if not n.marker or n.marker.evaluate({"extra": ""})]
    return found
