"""A report as results of an action."""

import json
import pathlib
import subprocess
from typing import Any

import jsonschema
import msgspec
import pytest

import unit_state
from coordinator.blueprint import loader
from coordinator.report import render, results
from coordinator.report.render import Form
from coordinator.report.report import Report
from tests.unit import reports

DOCS = pathlib.Path(__file__).parents[3] / "docs/reference"
SCHEMA = json.loads((DOCS / "report.schema.json").read_text(encoding="utf-8"))


def of_report(report: Report, form: Form, files: unit_state.UnitState) -> dict[str, Any]:
    return results.of_report(
        report, form, loader.load(), required=(), changes=(), publish=files.publish
    )


def test_result_keys_are_what_juju_allows(files: unit_state.UnitState):
    report = reports.report(*(reports.good(s) for s in ("key-manager", "infra-optim", "trust")))
    for key, value in of_report(report, Form.TEXT, files).items():
        assert key.replace("-", "").islower()
        assert key.replace("-", "").isalpha()
        assert isinstance(value, str | dict)


@pytest.fixture
def shelf(public: pathlib.Path) -> pathlib.Path:
    """Where reports go that are too long."""
    return public / "telemetry-coordinator-0"


HUGE = reports.report(*(reports.bad("metric", f"host-{n}") for n in range(3000)))


@pytest.mark.parametrize("form", Form)
def test_a_report_that_is_too_long_is_cut_and_kept_whole_in_a_file(
    shelf: pathlib.Path, form: Form, files: unit_state.UnitState
):
    found = of_report(HUGE, form, files)
    assert len(found["report"].encode()) <= results.LIMIT
    whole = render.report_as(form, HUGE, loader.load())
    assert pathlib.Path(found["report-file"]).read_text(encoding="utf-8") == whole
    assert [path.name for path in shelf.iterdir()] == [f"report.{form.suffix}"]


def test_a_report_with_room_for_it_makes_no_file(shelf: pathlib.Path, files: unit_state.UnitState):
    found = of_report(reports.report(), Form.TEXT, files)
    assert "report-file" not in found
    assert not shelf.exists()


def test_a_file_that_cannot_be_written_is_told(
    tmp_path: pathlib.Path, shelf: pathlib.Path, files: unit_state.UnitState
):
    shelf.parent.mkdir()
    shelf.write_text("in the way")
    found = of_report(HUGE, Form.TEXT, files)
    assert found["report-file"].startswith(f"{shelf}/report.txt could not be written (")


SYSTEMS = [system.service for system in loader.load().systems.values()]
FULL = {"summary": "\u00e9" * 300, "remedy": "|`" * 150, "because": "x" * 60}


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("number", [200, 6000])
@pytest.mark.parametrize("types", [reports.TYPES, frozenset(f"{n:0250}" for n in range(3000))])
def test_however_large_a_stack_is_its_results_are_within_what_juju_takes(
    shelf: pathlib.Path,
    form: Form,
    number: int,
    types: frozenset[str],
    files: unit_state.UnitState,
):
    findings = (
        msgspec.structs.replace(
            reports.bad(SYSTEMS[n % len(SYSTEMS)], "x" * (n % 300 + 1)), **FULL
        )
        for n in range(number)
    )
    report = reports.report(*findings, types=types)
    found = of_report(report, form, files)
    flat = [f"{key}={value}" for key, value in flattened(found).items()]
    assert all(len(word.encode()) < 100_000 for word in flat)
    assert sum(len(word.encode()) for word in flat) < 100_000
    subprocess.run(["/bin/true", *flat], check=True)
    assert pathlib.Path(found["report-file"]).stat().st_mode & 0o777 == 0o644
    if form is Form.JSON:
        jsonschema.validate(json.loads(found["report"]), SCHEMA)


def flattened(found: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Results as ops gives them to action-set."""
    flat: dict[str, str] = {}
    for key, value in found.items():
        flat |= flattened(value, f"{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat


def test_a_system_of_an_odd_name_hides_no_other_result(files: unit_state.UnitState):
    found = of_report(reports.report(reports.bad("summary")), Form.TEXT, files)
    assert found["summary"].startswith("summary refused the connection")
