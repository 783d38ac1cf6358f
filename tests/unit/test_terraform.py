"""The Terraform module: what it says of the charm, and of itself."""

import pathlib
import re
from typing import Any

import hcl2
import pytest
import yaml
from hcl2.utils import SerializationOptions

ROOT = pathlib.Path(__file__).parents[2]
MODULE = ROOT / "terraform"
EXAMPLES = sorted((MODULE / "examples").glob("*/*.tf"))
PLAIN = SerializationOptions(with_comments=False, explicit_blocks=False, strip_string_quotes=True)
METADATA = yaml.safe_load((ROOT / "metadata.yaml").read_text(encoding="utf-8"))


def blocks(path: pathlib.Path, kind: str) -> dict[str, Any]:
    """The blocks of one kind in a file, by their first label."""
    with path.open(encoding="utf-8") as file:
        content = hcl2.load(file, serialization_options=PLAIN)
    return {name: body for block in content[kind] for name, body in block.items()}


VARIABLES = blocks(MODULE / "variables.tf", "variable")
OUTPUTS = blocks(MODULE / "outputs.tf", "output")


@pytest.mark.parametrize("role", ["requires", "provides"])
def test_every_declared_endpoint_has_an_output_and_no_other(role: str):
    assert OUTPUTS[role]["value"] == {name.replace("-", "_"): name for name in METADATA[role]}


def test_every_variable_is_used_and_no_other():
    used = re.findall(r"\bvar\.(\w+)", (MODULE / "main.tf").read_text(encoding="utf-8"))
    assert set(used) == set(VARIABLES)


def test_the_bases_are_those_that_are_packed():
    platforms = yaml.safe_load((ROOT / "charmcraft.yaml").read_text(encoding="utf-8"))["platforms"]
    (validation,) = VARIABLES["base"]["validation"]
    assert set(re.findall(r"ubuntu@[\d.]+", validation["condition"])) == {
        platform.partition(":")[0] for platform in platforms
    }


def test_no_architecture_is_chosen_for_the_operator():
    assert VARIABLES["constraints"]["default"] is None


def test_the_readme_lists_every_variable_with_its_default():
    text = (MODULE / "README.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", text, re.MULTILINE))
    assert list(rows) == list(VARIABLES)
    for name, body in VARIABLES.items():
        if "default" not in body:
            assert rows[name] == "required"
        elif body["default"] is not None:
            assert rows[name] == f"`{body['default']}`"
        else:  # what a null stands for is told in words
            assert "`" not in rows[name]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_an_example_integrates_endpoints_that_the_module_has(path: pathlib.Path):
    with path.open(encoding="utf-8") as file:
        content = hcl2.load(file, serialization_options=PLAIN)
    (local,) = content["locals"]
    assert local["integrations"].keys() <= OUTPUTS["requires"]["value"].keys()

    (module,) = content["module"]
    assert module["telemetry_coordinator"].keys() - {"source"} <= VARIABLES.keys()
    assert (path.parent / module["telemetry_coordinator"]["source"]).resolve() == MODULE


def test_there_is_an_example():
    assert EXAMPLES
