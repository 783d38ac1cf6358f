"""What is done to a model, and what is read out of a report, without a model."""

from __future__ import annotations

import json
import pathlib
import shlex

import jubilant
import pytest

from tests.integration import juju_outputs, lab
from tests.integration.tests import recorded, scripted, stand_ins
from tests.integration.waiting import WaitedTooLongError


def said(name: str) -> str:
    answer = recorded.command(name)
    return stand_ins.answering(answer.stdout, answer.stderr, answer.exit_code)


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("run-completed.txt", "completed"),
        ("run-action-fail.txt", "failed"),
        ("run-exit-code.txt", "failed"),
        ("run-wrong-parameter.txt", "error"),
    ],
)
def test_an_action_gives_its_task_however_juju_ends(
    tmp_path: pathlib.Path, name: str, status: str
):
    task = scripted.lab(tmp_path, said(name)).run("acts/leader", "ok")
    assert isinstance(task, juju_outputs.Task)
    assert task.status == status


def test_an_action_that_does_not_exist_is_an_error_in_jujus_words(tmp_path: pathlib.Path):
    with pytest.raises(LookupError, match="not defined for unit"):
        scripted.lab(tmp_path, said("run-no-action.txt")).run("acts/0", "nonsuch")


def test_a_wait_ends_at_once_where_a_machine_cannot_be_made(tmp_path: pathlib.Path):
    printed = recorded.text("status-no-machine.json")
    model = scripted.lab(tmp_path, stand_ins.answering(printed))
    with pytest.raises(lab.HopelessError, match="no matching image found"):
        model.wait("anything", lambda _: False)


def test_a_relation_is_made_anew_when_juju_has_forgotten_the_old_one(tmp_path: pathlib.Path):
    once = shlex.quote(str(tmp_path / "tried"))
    refused = f'[ -e {once} ] || {{ touch {once}; echo "ERROR it already exists" >&2; exit 1; }}'
    scripted.lab(tmp_path, refused).integrate("aodh:amqp", "rabbitmq-server:amqp")


def test_a_relation_that_juju_never_forgets_is_an_error_in_time(tmp_path: pathlib.Path):
    model = scripted.lab(tmp_path, stand_ins.answering(stderr="ERROR already exists", exit_code=1))
    with pytest.raises(WaitedTooLongError, match="to be free"):
        model.integrate("aodh:amqp", "rabbitmq-server:amqp")


def test_another_refusal_of_a_relation_is_not_waited_for(tmp_path: pathlib.Path):
    model = scripted.lab(tmp_path, stand_ins.answering(stderr="ERROR no relations", exit_code=1))
    with pytest.raises(jubilant.CLIError):
        model.integrate("aodh:amqp", "rabbitmq-server:amqp")


def test_a_juju_that_fails_is_evidence_too(tmp_path: pathlib.Path):
    model = scripted.lab(tmp_path, stand_ins.answering(stderr="ERROR lost", exit_code=1))
    assert [text for _, text in model.evidence()] == ["ERROR lost", "ERROR lost"]


def test_a_command_for_a_machine_is_one_word_of_the_shell(tmp_path: pathlib.Path):
    calls = tmp_path / "calls"
    model = scripted.lab(tmp_path, f'printf "%s\\n" "$@" > {calls}')
    model.on_machine("2", "systemctl stop a; sleep 9")
    assert calls.read_text().splitlines() == [
        *("exec", "--machine", "2", "--"),
        "systemd-run --collect --on-active=3 sh -c 'systemctl stop a; sleep 9'",
    ]


# Reports


def report(*findings: dict[str, str]) -> str:
    return json.dumps({"version": 1, "findings": findings})


def finding(check: str, severity: str, because: str = "") -> dict[str, str]:
    return {"check": check, "severity": severity, "summary": "", "cause": "", "because": because}


def test_the_faults_of_a_report_are_what_is_wrong_and_follows_from_nothing():
    found = lab.findings(
        report(
            finding("vault.application", "degraded"),
            finding("key-manager.units", "degraded", because="vault.application"),
            finding("metric.endpoint", "ok"),
            finding("infra-optim.catalog", "skipped"),
            finding("alarming.endpoint", "failed"),
        )
    )
    assert [fault.check for fault in lab.faults(found)] == [
        "vault.application",
        "alarming.endpoint",
    ]
