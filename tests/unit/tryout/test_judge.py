"""What a saved `juju status` says about the stack."""

from __future__ import annotations

import pathlib

import pytest

from tests.support.juju import recordings
from tools.tryout import judge

RECORDED = pathlib.Path(recordings.__file__).parent / "status"


def judged(name: str, capsys: pytest.CaptureFixture[str], **environ: str) -> str:
    assert judge.main({"STATUS": str(RECORDED / f"{name}.json"), **environ}) == 0
    return capsys.readouterr().out


def test_a_healthy_model_is_judged_and_planned(capsys: pytest.CaptureFixture[str]):
    shown = judged("healthy", capsys)
    assert "gnocchi, 1 unit, all well" in shown
    assert "# What brings the model to the blueprint. Nothing of this was run." in shown


def test_a_fault_in_the_model_is_told(capsys: pytest.CaptureFixture[str]):
    assert "failed" in judged("fault-hook-error", capsys)


def test_the_request_of_ceilometers_charm_is_told_with_its_command(
    capsys: pytest.CaptureFixture[str],
):
    shown = judged("ceilometer-asks", capsys)
    assert "ceilometer, 1 unit, ceilometer/0 asks for ceilometer-upgrade\n" in shown
    assert "-> juju run ceilometer/leader ceilometer-upgrade\n" in shown


def test_names_that_a_person_chose_are_blanked_out(capsys: pytest.CaptureFixture[str]):
    assert "keystone-mysql-router" not in judged("healthy", capsys, ANONYMOUS="1")


def test_without_a_file_the_command_is_told(capsys: pytest.CaptureFixture[str]):
    assert judge.main({}) == 2
    assert capsys.readouterr().err.startswith("make judge STATUS=status.json")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"applications": 3}', "\x00"])
def test_what_is_no_status_is_said_in_one_line(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], text: str
):
    file = tmp_path / "status.json"
    file.write_text(text)
    assert judge.main({"STATUS": str(file)}) in {0, 2}
    assert "Traceback" not in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
):
    assert judge.main({"STATUS": str(tmp_path / "no.json")}) == 2
    assert str(tmp_path / "no.json") in capsys.readouterr().err
