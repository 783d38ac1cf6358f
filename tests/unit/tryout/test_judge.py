"""What a saved `juju status` says about the stack."""

from __future__ import annotations

import pathlib

import pytest

from coordinator.juju import status
from tests.support.juju import recordings
from tests.unit.checks.model import documents
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


def test_what_a_plan_cannot_repair_is_told_before_it():
    shown = judge.judge(status.parse(documents.read("mysql-outage")))
    _, _, plan = shown.partition("# Repair this first: ")
    assert plan.startswith("mysql-innodb-cluster is blocked")
    assert plan.splitlines()[1].startswith("# -> juju run mysql-innodb-cluster/leader reboot")


def test_what_a_plan_repairs_is_not_told_before_it():
    document = documents.read("vault-raft")
    del document["applications"]["aodh"]["relations"]["amqp"]
    for unit in document["applications"]["aodh"]["units"].values():
        unit["workload-status"] |= {"current": "blocked", "message": "Missing relations: amqp"}
    shown = judge.judge(status.parse(document))
    assert "NOT VERIFIED: aodh is not integrated with rabbitmq-server (amqp)" in shown
    assert "Repair this first" not in shown


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
