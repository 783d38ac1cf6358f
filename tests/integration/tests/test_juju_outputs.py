"""What is read out of juju's answers, on those that were recorded."""

from __future__ import annotations

import json

import pytest

from tests.integration import juju_outputs
from tests.integration.tests import recorded

# juju run


@pytest.mark.parametrize(
    ("name", "exit_code", "status", "message"),
    [
        ("run-completed.txt", 0, "completed", ""),
        ("run-action-fail.txt", 0, "failed", "it would not"),
        ("run-verify-stack.txt", 0, "failed", "keystone has not sent credentials yet"),
        ("run-exit-code.txt", 1, "failed", "exit status 3"),
        ("run-wrong-parameter.txt", 0, "error", 'cannot run "ok" action'),
    ],
)
def test_a_task_is_judged_by_its_status_whatever_the_exit_code(
    name: str, exit_code: int, status: str, message: str
):
    answer = recorded.command(name)
    task = juju_outputs.task(answer.stdout)
    assert answer.exit_code == exit_code
    assert task.status == status
    assert task.message.startswith(message)


def test_the_results_of_a_task_are_the_charms_own():
    task = juju_outputs.task(recorded.command("run-completed.txt").stdout)
    assert task.results == {
        "json": '{"k": [1]}',
        "nested": {"a": "1", "b": "2"},
        "outcome": "success",
    }
    assert len(task.log) == 1


@pytest.mark.parametrize("name", ["run-no-unit.txt", "run-no-action.txt", "run-too-slow.txt"])
def test_an_answer_without_a_task_is_an_error(name: str):
    with pytest.raises(LookupError, match="0 tasks"):
        juju_outputs.task(recorded.command(name).stdout)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("run-no-action.txt", 'action "nonsuch" not defined for unit "acts/0". (not found)'),
        ("run-too-slow.txt", "timed out waiting for results from: unit acts/0"),
        ("run-exit-code.txt", "the following task failed:"),
        ("run-no-unit.txt", "Operation 16 failed to schedule any tasks:"),
    ],
)
def test_what_juju_complains_about_is_one_line(name: str, said: str):
    assert juju_outputs.last_error(recorded.command(name).stderr) == said


def test_a_juju_that_says_nothing_gave_no_reason():
    assert juju_outputs.last_error("") == "it gave no reason"


# juju show-unit


def test_the_databags_of_a_unit_are_those_of_all_its_relations():
    found = juju_outputs.databags(recorded.text("show-unit.json"))
    assert [(bags.relation, bags.endpoint) for bags in found] == [
        (46, "metric-service"),
        (18, "storage-ceph"),
        (4, "cluster"),
    ]
    assert set(found[1].others) == {"ceph-mon/0", "ceph-mon/1", "ceph-mon/2"}
    assert found[1].others["ceph-mon/0"]["ingress-address"] == "192.0.2.185"


def test_a_databag_that_juju_does_not_show_is_empty():
    metric, _, cluster = juju_outputs.databags(recorded.text("show-unit.json"))
    assert metric.unit == {}
    assert metric.application == {}
    assert cluster.unit["ingress-address"] == "192.0.2.78"
    assert cluster.others == {}


def test_a_unit_without_relations_has_no_databags():
    assert juju_outputs.databags('{"memcached/0": {"machine": "0"}}') == ()


def showing(unit: str, endpoint: str, **application: str) -> str:
    """What show-unit prints of a unit with one relation, in the recorded form."""
    shown = recorded.document("show-unit.json")["gnocchi/0"]
    info = {**shown["relation-info"][0], "endpoint": endpoint, "application-data": application}
    return json.dumps({unit: {**shown, "relation-info": [info]}})


ENDPOINTS = ["telemetry", "telemetry-stack"]


def test_a_value_is_read_where_it_was_written_as_juju_4_shows_it():
    shown = [
        showing("waiter/0", "telemetry"),
        showing("telemetry-coordinator/0", "telemetry-stack", stack="{}"),
    ]
    assert juju_outputs.application_value(shown, ENDPOINTS, "stack") == "{}"


def test_a_value_is_read_where_it_was_received_as_juju_3_shows_it():
    # believed: 3.6 was not recorded
    shown = [
        showing("waiter/0", "telemetry", stack="{}"),
        showing("telemetry-coordinator/0", "telemetry-stack"),
    ]
    assert juju_outputs.application_value(shown, ENDPOINTS, "stack") == "{}"


def test_a_value_of_another_relation_is_not_taken():
    shown = [showing("telemetry-coordinator/0", "coordinators", stack="{}")]
    with pytest.raises(LookupError, match="stack"):
        juju_outputs.application_value(shown, ENDPOINTS, "stack")


# juju status


def test_machines_that_cannot_be_made_are_named_with_the_reason():
    found = juju_outputs.hopeless_machines(recorded.document("status-no-machine.json"))
    zone, image = found
    assert zone == "machine 3: suitable availability zone for machine 3 not found"
    assert image.startswith("machine 4: failed to start machine 4 (no matching image found)")


def test_machines_that_run_are_not_hopeless():
    document = recorded.document("status-no-machine.json")
    running = {number: document["machines"][number] for number in ("0", "1", "2")}
    assert juju_outputs.hopeless_machines({"machines": running}) == ()


# juju show-status-log, juju debug-log


def test_the_hooks_of_a_status_log_are_those_that_its_agent_began():
    entries = juju_outputs.status_log(recorded.text("show-status-log.txt"))
    hooks = [entry.hook for entry in entries if entry.hook]
    assert len(entries) == 20
    assert hooks[0] == "ha-relation-joined"
    assert hooks[-1] == "ha-relation-changed"
    assert len(hooks) == 9


def test_an_idle_agent_and_a_workload_are_no_hooks():
    entries = juju_outputs.status_log(recorded.text("show-status-log.txt"))
    assert (entries[0].kind, entries[0].level, entries[0].hook) == ("workload", "active", "")
    assert (entries[-1].kind, entries[-1].level, entries[-1].hook) == ("juju-unit", "idle", "")


def test_only_hooks_that_an_earlier_status_log_lacks_have_run_since():
    entries = juju_outputs.status_log(recorded.text("show-status-log.txt"))
    assert juju_outputs.hooks_since(entries[:15], entries) == (
        "identity-notifications-relation-changed",
        "ha-relation-changed",
    )
    assert juju_outputs.hooks_since(entries, entries[5:]) == ()


def test_the_hooks_of_a_units_log_are_those_that_ended_well():
    assert juju_outputs.hooks_ran(recorded.text("debug-log.txt"), "probe/1") == (
        "friends-relation-joined",
        "friends-relation-changed",
        "config-changed",
        "config-changed",
    )


def test_the_hooks_of_other_units_are_not_counted():
    assert juju_outputs.hooks_ran(recorded.text("debug-log.txt"), "probe/11") == ()
