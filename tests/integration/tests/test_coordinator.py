"""What is read of the coordinator, from answers in the form that Juju 4.0.14 has."""

from __future__ import annotations

import json
import pathlib
import shlex

import pytest

from tests.integration.coordinator import APP, Coordinator
from tests.integration.tests import recorded, scripted
from tests.integration.waiting import WaitedTooLongError


def coordinator(folder: pathlib.Path, **answers: str) -> Coordinator:
    """A coordinator in a model whose juju gives an answer for each command, or for each unit."""
    cases = [
        f"*{name.replace('_', '-')}*) printf %s {shlex.quote(answer)};;"
        for name, answer in answers.items()
    ]
    return Coordinator(scripted.lab(folder, f'case "$*" in {" ".join(cases)} esac'))


def status() -> str:
    """A model with a coordinator that leads, of the recorded Keystone."""
    document = recorded.document("status-leader.json")
    return json.dumps(document).replace("keystone", APP)


def shown(unit: str, endpoint: str, **application: str) -> str:
    info = {
        **recorded.document("show-unit.json")["gnocchi/0"]["relation-info"][0],
        "endpoint": endpoint,
        "application-data": application,
    }
    return json.dumps({unit: {"relation-info": [info]}})


def verified(*findings: dict[str, str], status: str = "completed") -> str:
    """What juju run prints of verify-stack, in the recorded form."""
    printed = json.loads(recorded.command("run-verify-stack.txt").stdout)
    (task,) = printed.values()
    task |= {"status": status, "results": {"report": json.dumps({"findings": findings})}}
    return json.dumps(printed)


BLOCKED = {"check": "alarming.application", "severity": "degraded", "cause": "charm-blocked"}


def test_what_others_are_told_is_read_with_the_unit_that_told_it(tmp_path: pathlib.Path):
    found = coordinator(
        tmp_path,
        waiter=shown("waiter/0", "telemetry"),
        show_unit=shown(f"{APP}/0", "telemetry-stack", stack='{"upgrade": "done"}'),
        status=status(),
    ).told()
    assert found == {"upgrade": "done"}


def test_the_record_is_read_with_the_unit_that_leads(tmp_path: pathlib.Path):
    found = coordinator(
        tmp_path,
        show_unit=shown(f"{APP}/0", "coordinators", record='{"version": 1}'),
        status=status(),
    ).record()
    assert found == {"version": 1}


def test_a_report_is_read_of_a_task_that_failed(tmp_path: pathlib.Path):
    (found,) = coordinator(tmp_path, run=verified(BLOCKED, status="failed")).faults()
    assert (found.check, found.cause, found.remedy) == (
        "alarming.application",
        "charm-blocked",
        "",
    )


def test_a_task_without_a_report_is_an_error_in_the_charms_words(tmp_path: pathlib.Path):
    printed = recorded.command("run-verify-stack.txt").stdout
    with pytest.raises(LookupError, match="keystone has not sent credentials yet"):
        coordinator(tmp_path, run=printed).findings()


def test_the_fault_that_is_waited_for_is_given(tmp_path: pathlib.Path):
    model = coordinator(tmp_path, run=verified(BLOCKED))
    (found,) = model.wait_for_faults(("alarming.application", "charm-blocked"))
    assert found.severity == "degraded"


def test_a_report_that_names_more_than_the_fault_is_told_with_all_that_it_names(
    tmp_path: pathlib.Path,
):
    other = {**BLOCKED, "check": "vault.application"}
    model = coordinator(tmp_path, run=verified(BLOCKED, other))
    with pytest.raises(WaitedTooLongError, match="vault"):
        model.wait_for_faults(("alarming.application", "charm-blocked"))
