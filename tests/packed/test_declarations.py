"""metadata.yaml, config.yaml and actions.yaml, as charmcraft itself validates them.

charmcraft copies a metadata.yaml without looking into it. To have it validated all the same, it is
folded into charmcraft.yaml here, in charmcraft's own spelling.
"""

from __future__ import annotations

import json
import pathlib
import zipfile
from typing import Any

import pytest
import yaml

from tests.support.agent import processes
from tests.support.packing import charmcraft_tool
from tests.support.packing.fixtures import require

KEPT = ("name", "summary", "description", "assumes", "requires", "provides", "peers")
KEPT += ("extra-bindings", "subordinate", "resources", "storage", "containers")
SPELLING = {
    "docs": "documentation",
    "issues": "issues",
    "source": "source",
    "website": "website",
    "maintainers": "contact",
}
"""Juju's key to charmcraft's, below `links`."""
ELSEWHERE = {"display-name", "tags"}
"""`title`, and a key that only Charmhub reads."""


@pytest.fixture
def project() -> dict[str, Any]:
    """charmcraft.yaml with everything else folded in."""
    files = {
        name: yaml.safe_load((charmcraft_tool.CHECKOUT / f"{name}.yaml").read_text())
        for name in ("charmcraft", "metadata", "config", "actions")
    }
    metadata = files["metadata"]
    links = {new: metadata[old] for old, new in SPELLING.items() if old in metadata}
    return {
        **files["charmcraft"],
        **{key: metadata[key] for key in KEPT if key in metadata},
        "title": metadata["display-name"],
        "links": links,
        "config": files["config"],
        "actions": files["actions"],
    }


@pytest.fixture
def charmcraft() -> pathlib.Path:
    """charmcraft's interpreter."""
    try:
        return charmcraft_tool.ensure()
    except charmcraft_tool.UnavailableError as problem:
        return require(problem)


def expand(charmcraft: pathlib.Path, folder: pathlib.Path) -> processes.Outcome:
    command = [charmcraft, "-m", "charmcraft", "expand-extensions"]
    return charmcraft_tool.run(command, folder, folder, 120)


def expand_project(
    charmcraft: pathlib.Path, folder: pathlib.Path, project: dict[str, Any]
) -> processes.Outcome:
    (folder / "charmcraft.yaml").write_text(yaml.safe_dump(project))
    return expand(charmcraft, folder)


def test_charmcraft_accepts_the_tree(charmcraft: pathlib.Path, tmp_path: pathlib.Path) -> None:
    for name in ("charmcraft", "metadata", "config", "actions"):
        file = charmcraft_tool.CHECKOUT / f"{name}.yaml"
        (tmp_path / file.name).write_bytes(file.read_bytes())

    expanded = expand(charmcraft, tmp_path)

    assert expanded.exit_code == 0, expanded.stderr
    assert yaml.safe_load(expanded.stdout)["name"] == "telemetry-coordinator"


def test_charmcraft_validates_all_that_is_declared(
    charmcraft: pathlib.Path, tmp_path: pathlib.Path, project: dict[str, Any]
) -> None:
    expanded = expand_project(charmcraft, tmp_path, project)

    assert expanded.exit_code == 0, expanded.stderr
    understood = yaml.safe_load(expanded.stdout)
    for key in ("requires", "peers", "config", "actions", "extra-bindings", "assumes"):
        assert understood[key] == project[key], key


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "Telemetry Coordinator"),
        ("requires", ["metric-service"]),
        ("licence", "Apache-2.0"),
    ],
)
def test_charmcraft_would_refuse_a_wrong_declaration(
    charmcraft: pathlib.Path,
    tmp_path: pathlib.Path,
    project: dict[str, Any],
    key: str,
    value: object,
) -> None:
    expanded = expand_project(charmcraft, tmp_path, {**project, key: value})

    assert expanded.exit_code != 0


def test_every_key_of_the_metadata_is_known_to_charmcraft_or_charmhub() -> None:
    metadata = yaml.safe_load((charmcraft_tool.CHECKOUT / "metadata.yaml").read_text())

    assert set(metadata) <= {*KEPT, *SPELLING, *ELSEWHERE}


def analyse(charmcraft: pathlib.Path, charm: pathlib.Path, folder: pathlib.Path) -> dict[str, str]:
    """What charmcraft's linters say of a package, by their names.

    Left out is the check of the entry point: the dispatch that charmcraft itself writes fails it.
    """
    command = [charmcraft, "-m", "charmcraft", "analyse", "--format=json"]
    analysed = charmcraft_tool.run([*command, charm], folder, folder, 120)
    said = {linter["name"]: linter["result"] for linter in json.loads(analysed.stdout)}
    return {name: result for name, result in said.items() if name != "entrypoint"}


def test_charmcraft_finds_no_fault_in_the_package(
    charmcraft: pathlib.Path, packed_charm: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    said = analyse(charmcraft, packed_charm, tmp_path)

    checked = ("metadata", "juju-config", "juju-actions", "naming-conventions", "pip-check")
    assert {name: said[name] for name in checked} == dict.fromkeys(checked, "ok")
    assert not {"error", "fatal"} & set(said.values())


def test_charmcraft_would_find_faults(charmcraft: pathlib.Path, tmp_path: pathlib.Path) -> None:
    charm = tmp_path / "wrong.charm"
    with zipfile.ZipFile(charm, "w") as archive:
        archive.writestr("metadata.yaml", "name: telemetry-coordinator")
        archive.writestr("config.yaml", "options: {region: {default: x}}")
        archive.writestr("actions.yaml", "verify-stack: [")

    said = analyse(charmcraft, charm, tmp_path)

    assert {said[name] for name in ("metadata", "juju-config", "juju-actions")} == {"error"}


def check_options(
    charmcraft: pathlib.Path, folder: pathlib.Path, options: str
) -> processes.Outcome:
    """Validate options by charmcraft's own model of them, which none of its commands asks."""
    code = (
        "import sys, yaml; from charmcraft.models import config; "
        "config.JujuConfig.model_validate(yaml.safe_load(sys.argv[1]))"
    )
    return charmcraft_tool.run([charmcraft, "-c", code, options], folder, folder, 60)


def test_charmcraft_knows_the_types_of_all_options(
    charmcraft: pathlib.Path, charm_dir: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    checked = check_options(charmcraft, tmp_path, (charm_dir / "config.yaml").read_text())

    assert checked.exit_code == 0, checked.stderr


def test_charmcraft_would_refuse_an_unknown_type(
    charmcraft: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    checked = check_options(charmcraft, tmp_path, "options: {region: {type: text}}")

    assert "region" in checked.stderr
    assert checked.exit_code
