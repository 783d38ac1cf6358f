"""The workflows: what they run, and as whom."""

import pathlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

ROOT = pathlib.Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
PINNED = re.compile(r"[\w./-]+@[0-9a-f]{40} # v?\d[\w.]*")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def load(path: pathlib.Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps(path: pathlib.Path) -> Iterator[dict[str, Any]]:
    for job in load(path)["jobs"].values():
        yield from job.get("steps", [])


def test_there_are_workflows_to_test_release_and_promote():
    assert {"ci", "release", "promote", "zizmor"} <= {path.stem for path in WORKFLOWS}


@each_workflow
def test_every_action_is_pinned_by_its_commit_and_says_its_version(path: pathlib.Path):
    used = re.findall(r"^[ -]*uses: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    foreign = [action for action in used if not action.startswith("./")]
    assert [action for action in foreign if not PINNED.fullmatch(action)] == []


def test_an_action_has_one_version_everywhere():
    texts = [path.read_text(encoding="utf-8") for path in WORKFLOWS]
    pins = {pin for text in texts for pin in re.findall(r"uses: ([^./][^\s@]*)(@.*)", text)}
    assert len(pins) == len({name for name, _ in pins})


@each_workflow
def test_nothing_is_permitted_but_what_a_job_names(path: pathlib.Path):
    assert load(path)["permissions"] == {}


@each_workflow
def test_no_checkout_leaves_a_token_behind(path: pathlib.Path):
    checkouts = [step for step in steps(path) if "checkout@" in step.get("uses", "")]
    assert [step for step in checkouts if step["with"]["persist-credentials"]] == []


@each_workflow
def test_every_make_target_that_is_called_exists(path: pathlib.Path):
    scripts = " ".join(step.get("run", "") for step in steps(path))
    joined = MAKEFILE.replace("\\\n", " ")
    targets = re.findall(r"^\.PHONY: (.*)$", joined, re.MULTILINE)[0].split()
    assert set(re.findall(r"\bmake ([a-z]+)", scripts)) <= set(targets)


def test_a_pull_request_runs_what_a_developer_runs():
    scripts = {step.get("run", "") for step in steps(ROOT / ".github" / "workflows" / "ci.yaml")}
    assert {"make test", "make docs"} <= scripts


def test_every_platform_is_packed_and_released():
    packed = set(yaml.safe_load((ROOT / "charmcraft.yaml").read_text("utf-8"))["platforms"])
    for workflow, job in (("ci", "pack"), ("release", "release")):
        jobs = load(ROOT / ".github" / "workflows" / f"{workflow}.yaml")["jobs"]
        matrix = jobs[job]["strategy"]["matrix"]
        assert packed == {
            f"ubuntu@{base}:{architecture}"
            for base in matrix["base"]
            for architecture in matrix["architecture"]
        }
