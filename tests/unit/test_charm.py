"""The charm's events: what it asks of keystone and of the loop, and what it keeps."""

import json
from typing import Any

import pytest
from ops import testing

import unit_state
from coordinator.report.report import Report
from coordinator.status import Level, Status
from coordinator.upgrade import command
from coordinator.upgrade import record as upgrade_record
from tests.unit import databags, model, reports
from tests.unit.model import Stage

Context = testing.Context[Any]

GOOD = Status(Level.ACTIVE, "metric verified")

ENDPOINTS = {
    "identity-credentials": "keystone",
    "identity-notifications": "keystone",
    "metric-service": "gnocchi",
    "certificates": "vault",
    "receive-ca-cert": "self-signed-certificates",
    "member": "ceilometer",
}


def related(endpoint: str, state: testing.State, **changes: Any) -> Any:
    """The relation of this endpoint and a state that has it."""
    found = state.get_relations(endpoint)
    if found:
        return found[0], state
    relation = testing.Relation(endpoint, remote_app_name=ENDPOINTS[endpoint], **changes)
    return relation, model.ready(relation)


# Which events verify


@pytest.mark.parametrize(
    "name",
    ["install", "start", "config_changed", "leader_elected", "update_status", "upgrade_charm"],
)
def test_lifecycle_events_verify_the_stack(context: Context, stage: Stage, name: str):
    context.run(getattr(context.on, name)(), model.ready())
    assert len(stage.requests) == 1


@pytest.mark.parametrize("endpoint", sorted(ENDPOINTS))
@pytest.mark.parametrize("kind", ["created", "joined", "changed", "departed"])
def test_events_of_every_relation_verify_the_stack(
    context: Context, stage: Stage, endpoint: str, kind: str
):
    relation, state = related(endpoint, model.ready())
    event = getattr(context.on, f"relation_{kind}")
    units = {
        "created": {},
        "joined": {"remote_unit": 0},
        "changed": {"remote_unit": 0},
        "departed": {"remote_unit": 1, "departing_unit": 1},
    }
    context.run(event(relation, **units[kind]), state)
    assert len(stage.requests) == 1


@pytest.mark.parametrize(
    "endpoint", ["identity-notifications", "certificates", "receive-ca-cert", "member"]
)
def test_the_end_of_a_relation_verifies_the_stack(context: Context, stage: Stage, endpoint: str):
    relation, state = related(endpoint, model.ready())
    context.run(context.on.relation_broken(relation), state)
    assert len(stage.requests) == 1


@pytest.mark.parametrize("endpoint", ["identity-credentials", "metric-service"])
def test_the_end_of_a_needed_relation_says_what_to_integrate(
    context: Context, stage: Stage, endpoint: str
):
    relation, state = related(endpoint, model.ready())
    out = context.run(context.on.relation_broken(relation), state)
    assert stage.requests == []
    assert isinstance(out.unit_status, testing.BlockedStatus)
    assert out.unit_status.message.startswith(f"missing relation {endpoint}; juju integrate")


@pytest.mark.parametrize("key", sorted(databags.ANNOUNCEMENTS))
def test_every_announcement_of_keystone_verifies_whatever_it_names(
    context: Context, stage: Stage, key: str
):
    announced = {key: databags.ANNOUNCEMENTS[key]}
    relation, state = related(
        "identity-notifications",
        model.ready(),
        remote_units_data={0: announced},
        remote_app_data=announced,
    )
    context.run(context.on.relation_changed(relation, remote_unit=0), state)
    assert len(stage.requests) == 1


def test_only_the_leader_verifies(context: Context, stage: Stage):
    context.run(context.on.update_status(), model.ready(leader=False))
    assert stage.requests == []


@pytest.mark.parametrize("name", ["stop", "remove"])
def test_a_unit_that_leaves_asks_nothing_any_more(context: Context, stage: Stage, name: str):
    before = model.ready(model.peers(status=GOOD.to_json()))
    out = context.run(getattr(context.on, name)(), before)
    assert stage.requests == []
    assert out.unit_status == testing.MaintenanceStatus("leaving the model")
    assert model.kept(out) == model.kept(before)


# What is asked of keystone


@pytest.mark.parametrize("leader", [True, False])
def test_every_unit_asks_for_the_same_user(context: Context, leader: bool):
    relation = model.keystone({})
    out = context.run(context.on.relation_created(relation), model.state(relation, leader=leader))
    assert model.requested(out) == {"username": "telemetry-coordinator"}


def test_grants_are_asked_for(context: Context):
    state = model.state(model.keystone({}), requested_grants="reader, Member")
    out = context.run(context.on.config_changed(), state)
    assert model.requested(out)["requested_grants"] == "reader,Member"


def test_grants_that_are_not_wanted_any_more_are_taken_back(context: Context):
    asked = {"username": "telemetry-coordinator", "requested_grants": "reader"}
    state = model.state(model.keystone({}, local_unit_data=asked))
    out = context.run(context.on.config_changed(), state)
    assert model.requested(out) == {"username": "telemetry-coordinator"}


def test_an_invalid_option_leaves_what_was_asked_before(context: Context):
    asked = {"username": "telemetry-coordinator", "requested_grants": "reader"}
    state = model.state(
        model.keystone({}, local_unit_data=asked), requested_grants="", interface="outer"
    )
    out = context.run(context.on.config_changed(), state)
    assert model.requested(out) == asked


# What is kept


def test_the_leader_keeps_the_record_and_the_status_for_all_and_the_report_for_itself(
    context: Context, stage: Stage, files: unit_state.UnitState
):
    out = context.run(context.on.update_status(), model.ready())
    found = model.kept(out)
    assert upgrade_record.load_record(found["record"]) == stage.turn.record
    assert json.loads(found["status"])["level"] == "active"
    assert found.keys() == {"record", "status"}
    assert Report.from_json(files.read("report.json")) == stage.turn.report


def test_another_unit_writes_nothing_for_all(context: Context):
    before = model.ready(model.peers(record="{}"), leader=False)
    out = context.run(context.on.update_status(), before)
    assert model.kept(out) == {"record": "{}"}


def test_without_a_peer_relation_it_is_waited_for(context: Context, stage: Stage):
    state = testing.State(leader=True, relations={model.keystone(), model.gnocchi()})
    out = context.run(context.on.update_status(), state)
    waiting = testing.WaitingStatus("the peer relation coordinators is not there yet")
    assert out.unit_status == waiting


NEWER = json.dumps({"version": upgrade_record.VERSION + 1, "colour": "blue"})


@pytest.mark.parametrize("record", [NEWER, "{", '{"version": 1, "success": 5}'])
def test_a_record_that_cannot_be_read_is_kept_and_nothing_is_run(
    context: Context, stage: Stage, record: str
):
    state = model.ready(model.peers(record=record))
    out = context.run(context.on.update_status(), state)
    assert model.kept(out)["record"] == record
    assert not stage.backends[0].policy.can_run


@pytest.mark.parametrize(
    ("record", "remedy"),
    [
        (NEWER, "juju refresh telemetry-coordinator"),
        ("{", "juju run telemetry-coordinator/leader ceilometer-upgrade"),
    ],
)
def test_a_record_that_cannot_be_read_calls_a_person(
    context: Context, stage: Stage, record: str, remedy: str
):
    out = context.run(context.on.update_status(), model.ready(model.peers(record=record)))
    assert isinstance(out.unit_status, testing.BlockedStatus)
    assert out.unit_status.message.endswith(remedy)


def test_a_stack_that_is_down_counts_more_than_an_unreadable_record(
    context: Context, stage: Stage
):
    stage.turn = reports.turn(reports.bad("alarming"))
    out = context.run(context.on.update_status(), model.ready(model.peers(record=NEWER)))
    assert out.unit_status.message.startswith("alarming refused")


@pytest.mark.parametrize("rubbish", ["", "{", "5"])
def test_a_status_that_cannot_be_read_harms_nothing(context: Context, rubbish: str):
    state = model.state(model.peers(status=rubbish), leader=False)
    out = context.run(context.on.update_status(), state)
    assert out.unit_status.message == "standby; the leader has not reported yet"


def test_no_secret_leaves_the_charm(context: Context, stage: Stage):
    stage.turn = reports.turn(run=command.RunResult("HTTP 503", 1.0))
    out = context.run(context.on.update_status(), model.ready())
    said = [line.message for line in context.juju_log] + list(model.kept(out).values())
    assert databags.PASSWORD not in "\n".join([*said, str(out.unit_status), str(out.app_status)])
