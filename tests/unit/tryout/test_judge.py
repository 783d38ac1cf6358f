"""What a saved `juju status` says about the stack."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from coordinator.juju import status
from tests.support.juju import recordings
from tests.unit.checks.model import documents
from tools.tryout import judge

RECORDED = pathlib.Path(recordings.__file__).parent / "status"


def judged(name: str, capsys: pytest.CaptureFixture[str], *, code: int = 0, **environ: str) -> str:
    assert judge.main({"STATUS": str(RECORDED / f"{name}.json"), **environ}) == code
    return capsys.readouterr().out


def saved(tmp_path: pathlib.Path, document: Any) -> str:
    file = tmp_path / "status.json"
    file.write_text(json.dumps(document))
    return str(file)


def recorded(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text())


def test_a_healthy_model_is_judged_and_planned(capsys: pytest.CaptureFixture[str]):
    shown = judged("healthy", capsys)
    assert "gnocchi, 1 unit, all well" in shown
    assert "\nthe model shows no fault; no service was asked\n" in shown
    assert "# What brings the model to the blueprint. Nothing of this was run." in shown
    assert f"# Compared with {RECORDED / 'healthy.json'}.\n" in shown
    assert "WARNING" not in shown


def test_a_failure_in_the_model_is_told_and_is_exit_code_1(capsys: pytest.CaptureFixture[str]):
    assert "\nNOT VERIFIED: gnocchi/0 is in error" in judged("fault-hook-error", capsys, code=1)


def test_a_degradation_is_told_as_it_is(capsys: pytest.CaptureFixture[str]):
    shown = judged("fault-machine-not-provisioned", capsys)
    assert "\ndegraded: machine 4 never came" in shown


def test_a_model_without_the_stack_is_not_called_well(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
):
    assert judge.main({"STATUS": saved(tmp_path, {"applications": {}})}) == 0
    assert "the model has nothing of the stack; no service was asked" in capsys.readouterr().out


def test_a_status_of_some_applications_is_warned_of(capsys: pytest.CaptureFixture[str]):
    shown = judged("fault-hook-error", capsys, code=1)
    assert "WARNING: this status is not whole, so the plan is wrong: it lacks ceilometer," in shown


@pytest.mark.parametrize(
    ("app", "endpoint"),
    [
        ("gnocchi", "identity-service"),
        ("aodh", "identity-service"),
        ("barbican", "identity-service"),
        ("gnocchi-mysql-router", "db-router"),
    ],
)
def test_an_active_application_without_what_it_needs_is_a_sign_too(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], app: str, endpoint: str
):
    document = recorded("healthy")
    del document["applications"][app]["relations"][endpoint]
    judge.main({"STATUS": saved(tmp_path, document)})
    assert f"plan is wrong: it lacks integrations of {app}\n" in capsys.readouterr().out


def test_what_must_be_deployed_is_said_to_be_in_the_plan(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
):
    document = recorded("healthy")
    del document["applications"]["ceilometer-agent"]
    for app in document["applications"].values():
        for endpoint in ("ceilometer-service", "nova-ceilometer"):
            app.get("relations", {}).pop(endpoint, None)
    assert judge.main({"STATUS": saved(tmp_path, document)}) == 1
    shown = capsys.readouterr().out
    assert "-> see the plan below\n" in shown
    assert "plan-stack" not in shown


def test_the_channel_that_a_plan_wants_can_be_given(capsys: pytest.CaptureFixture[str]):
    assert ", as CHANNEL=2024.1/stable\n" in judged("cross-model-offerer", capsys)
    shown = judged("cross-model-offerer", capsys, CHANNEL="2024.1/stable")
    assert "--channel 2024.1/stable" in shown
    assert "# There is no plan: CHANNEL: " in judged("healthy", capsys, CHANNEL="?")


def test_names_of_applications_that_are_left_out_are_blanked_out(
    capsys: pytest.CaptureFixture[str],
):
    shown = judged("fault-removing-stuck", capsys, ANONYMOUS="1")
    assert "it lacks name-" in shown
    assert "mysql-router," not in shown


def told_of(document: Any) -> str:
    model = status.parse(document)
    return judge.text_of(model, judge.judge(model), "status.json")


def test_what_a_plan_cannot_repair_is_told_before_it():
    shown = told_of(documents.read("mysql-outage"))
    _, _, plan = shown.partition("# Repair this first: ")
    assert plan.startswith("mysql-innodb-cluster is blocked")
    assert plan.splitlines()[1].startswith("# -> juju run mysql-innodb-cluster/leader reboot")


def test_what_a_plan_repairs_is_not_told_before_it():
    document = documents.read("vault-raft")
    del document["applications"]["aodh"]["relations"]["amqp"]
    for unit in document["applications"]["aodh"]["units"].values():
        unit["workload-status"] |= {"current": "blocked", "message": "Missing relations: amqp"}
    shown = told_of(document)
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
