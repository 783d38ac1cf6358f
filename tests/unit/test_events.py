"""Which events verify, which write, and that a unit comes to rest."""

import dataclasses
import datetime
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from ops import testing
from scenario.errors import UncaughtCharmError

import unit_state
from coordinator.report.finding import Cause, Severity
from coordinator.status import Level, Status
from coordinator.upgrade.decision import Step
from coordinator.upgrade.record import Record, Running, load_record
from stack_status import Publisher
from tests.unit import databags, model, reports
from tests.unit.model import Stage

Context = testing.Context[Any]

SECRET = testing.Secret({"username": "us"})


def again(stage: Stage) -> int:
    """How many verifications there were since this was asked last."""
    count = len(stage.requests)
    stage.requests.clear()
    return count


@pytest.fixture
def rested(context: Context, stage: Stage) -> testing.State:
    """A leader that has verified what is related."""
    relations = [testing.Relation("telemetry-stack"), testing.Relation("certificates")]
    relations += [testing.Relation("member", remote_app_name="ceilometer")]
    before = dataclasses.replace(model.ready(*relations), secrets={SECRET})
    out = context.run(context.on.config_changed(), before)
    assert again(stage) == 1
    return out


def relation(state: testing.State, endpoint: str) -> Any:
    (found,) = state.get_relations(endpoint)
    return found


def replaced(state: testing.State, changed: Any) -> testing.State:
    """The state with a relation in place of the one of its id."""
    others = {one for one in state.relations if one.id != changed.id}
    return dataclasses.replace(state, relations={*others, changed})


# Which events verify


@pytest.mark.parametrize(
    "name", ["update_status", "leader_elected", "start", "upgrade_charm", "secret_changed"]
)
def test_what_juju_does_not_tell_all_about_verifies_each_time(
    context: Context, stage: Stage, rested: testing.State, name: str
):
    event = getattr(context.on, name)
    for _ in range(2):
        context.run(event(SECRET) if name == "secret_changed" else event(), rested)
    assert again(stage) == 2


@pytest.mark.parametrize("name", ["config_changed", "install"])
def test_options_that_are_the_same_verify_nothing(
    context: Context, stage: Stage, rested: testing.State, name: str
):
    context.run(getattr(context.on, name)(), rested)
    assert again(stage) == 0


@pytest.mark.parametrize("kind", ["created", "joined", "changed"])
@pytest.mark.parametrize(
    "endpoint", ["identity-credentials", "metric-service", "certificates", "member"]
)
def test_a_relation_that_says_the_same_verifies_nothing(
    context: Context, stage: Stage, rested: testing.State, endpoint: str, kind: str
):
    event = getattr(context.on, f"relation_{kind}")
    unit = {} if kind == "created" else {"remote_unit": 0}
    out = context.run(event(relation(rested, endpoint), **unit), rested)
    assert again(stage) == 0
    assert out.unit_status == rested.unit_status


def test_several_events_of_one_state_verify_once(
    context: Context, stage: Stage, rested: testing.State
):
    changed = dataclasses.replace(
        relation(rested, "metric-service"),
        remote_units_data={0: {"gnocchi_url": "http://192.0.2.31:8041"}},
    )
    state = replaced(rested, changed)
    for _ in range(3):
        event = context.on.relation_changed(relation(state, "metric-service"), remote_unit=0)
        state = context.run(event, state)
    context.run(context.on.config_changed(), state)
    assert again(stage) == 1


@pytest.mark.parametrize(
    ("endpoint", "unit"),
    [
        ("identity-credentials", databags.credentials(credentials_password="another")),
        ("metric-service", {"gnocchi_url": "http://192.0.2.31:8041"}),
        ("certificates", {"ca": "another"}),
    ],
)
def test_a_relation_that_says_something_else_verifies(
    context: Context, stage: Stage, rested: testing.State, endpoint: str, unit: dict[str, str]
):
    changed = dataclasses.replace(relation(rested, endpoint), remote_units_data={0: unit})
    context.run(context.on.relation_changed(changed, remote_unit=0), replaced(rested, changed))
    assert again(stage) == 1


def test_an_option_that_changes_verifies(context: Context, stage: Stage, rested: testing.State):
    changed = dataclasses.replace(rested, config={"verify-timeout": 21})
    context.run(context.on.config_changed(), changed)
    assert again(stage) == 1


def test_a_member_is_verified_once_when_its_first_unit_joins(
    context: Context, stage: Stage, rested: testing.State
):
    member = testing.Relation("member", remote_app_name="aodh", remote_units_data={})
    empty = dataclasses.replace(rested, relations=[*rested.relations, member])
    out = context.run(context.on.relation_created(member), empty)
    assert again(stage) == 0
    joined = dataclasses.replace(member, remote_units_data={0: {}})
    context.run(context.on.relation_joined(joined, remote_unit=0), replaced(out, joined))
    assert again(stage) == 1


def test_a_unit_of_a_member_that_joins_verifies_and_what_it_says_does_not(
    context: Context, stage: Stage, rested: testing.State
):
    member = relation(rested, "member")
    joined = dataclasses.replace(member, remote_units_data={0: {}, 1: {}})
    out = context.run(context.on.relation_joined(joined, remote_unit=1), replaced(rested, joined))
    assert again(stage) == 1
    spoke = dataclasses.replace(relation(out, "member"), remote_units_data={0: {}, 1: {"a": "b"}})
    context.run(context.on.relation_changed(spoke, remote_unit=1), replaced(out, spoke))
    assert again(stage) == 0


@pytest.mark.parametrize("kind", ["created", "joined", "changed", "departed"])
def test_peers_verify_nothing_and_bring_no_status(
    context: Context, stage: Stage, rested: testing.State, kind: str
):
    peers = dataclasses.replace(relation(rested, model.PEERS), peers_data={1: {}})
    state = replaced(rested, peers)
    more: dict[str, dict[str, int]] = {
        "created": {},
        "departed": {"remote_unit": 1, "departing_unit": 1},
    }
    event = getattr(context.on, f"relation_{kind}")
    context.unit_status_history.clear()
    out = context.run(event(peers, **more.get(kind, {"remote_unit": 1})), state)
    assert again(stage) == 0
    assert out.relations == state.relations
    assert context.unit_status_history == []


def test_another_unit_shows_at_once_what_the_leader_wrote(context: Context):
    told = Status(Level.BLOCKED, "Gnocchi is down", "juju status gnocchi")
    peers = dataclasses.replace(model.peers(status=told.to_json()), peers_data={1: {}})
    state = model.ready(peers, leader=False)
    out = context.run(context.on.relation_changed(peers, remote_unit=1), state)
    assert out.unit_status.message == (
        "standby; leader blocked: Gnocchi is down; juju status gnocchi"
    )


def test_a_charm_that_joins_telemetry_stack_is_told_and_nothing_is_verified(
    context: Context, stage: Stage, rested: testing.State
):
    second = testing.Relation("telemetry-stack", remote_app_name="another")
    state = dataclasses.replace(rested, relations={*rested.relations, second})
    out = context.run(context.on.relation_created(second), state)
    assert again(stage) == 0
    first = relation(rested, "telemetry-stack")
    assert out.get_relation(second.id).local_app_data == first.local_app_data
    assert out.get_relation(first.id).local_app_data == first.local_app_data


def test_a_charm_that_joins_before_anything_was_verified_is_told_why(context: Context):
    listener = testing.Relation("telemetry-stack")
    out = context.run(context.on.relation_created(listener), model.state(listener))
    stack = json.loads(out.get_relation(listener.id).local_app_data["stack"])
    assert stack["ready"] is False
    assert stack["message"].startswith("missing relation identity-credentials")


def test_an_obstacle_that_is_gone_verifies_although_all_is_as_before(
    context: Context, stage: Stage, rested: testing.State
):
    wrong = dataclasses.replace(rested, config={"interface": "outer"})
    out = context.run(context.on.config_changed(), wrong)
    assert again(stage) == 0
    context.run(context.on.config_changed(), dataclasses.replace(out, config={}))
    assert again(stage) == 1


@pytest.mark.parametrize("endpoint", ["identity-credentials", "metric-service", "certificates"])
def test_a_unit_that_has_said_nothing_yet_verifies_nothing(
    context: Context, stage: Stage, rested: testing.State, endpoint: str
):
    before = relation(rested, endpoint)
    juju = {"egress-subnets": "192.0.2.9/32", "private-address": "192.0.2.9"}
    joined = dataclasses.replace(before, remote_units_data={**before.remote_units_data, 9: juju})
    context.run(context.on.relation_joined(joined, remote_unit=9), replaced(rested, joined))
    assert again(stage) == 0


# What is asked of keystone


@pytest.mark.parametrize("leader", [True, False])
@pytest.mark.parametrize(
    "name", ["install", "config_changed", "upgrade_charm", "start", "leader_elected"]
)
def test_every_event_after_which_we_may_want_another_user_asks_keystone(
    context: Context, stage: Stage, name: str, leader: bool
):
    state = model.state(model.keystone({}), leader=leader)
    out = context.run(getattr(context.on, name)(), state)
    assert model.requested(out) == {"username": model.APP}


@pytest.mark.parametrize("leader", [True, False])
@pytest.mark.parametrize("kind", ["created", "joined", "changed"])
def test_every_event_of_keystone_asks_it(context: Context, kind: str, leader: bool):
    keystone = model.keystone({0: {}})
    unit = {} if kind == "created" else {"remote_unit": 0}
    event = getattr(context.on, f"relation_{kind}")(keystone, **unit)
    out = context.run(event, model.state(keystone, leader=leader))
    assert model.requested(out) == {"username": model.APP}


@pytest.mark.parametrize("leader", [True, False])
@pytest.mark.parametrize("name", ["update_status", "relation_changed"])
def test_an_event_that_tells_nothing_of_our_user_asks_keystone_nothing(
    context: Context, stage: Stage, name: str, leader: bool
):
    member = testing.Relation("member", remote_app_name="aodh", remote_units_data={0: {}})
    state = model.state(model.keystone({}), member, leader=leader)
    on = context.on
    event = on.update_status() if name == "update_status" else on.relation_changed(member)
    assert model.requested(context.run(event, state)) == {}


def test_what_a_hook_that_failed_had_verified_is_verified_again(
    context: Context, stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    """Juju keeps nothing that such a hook wrote in databags, and runs it again."""

    def die(*_: object) -> None:
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patched:
        patched.setattr(Publisher, "tell", die)
        with pytest.raises(UncaughtCharmError):
            context.run(context.on.config_changed(), model.ready())
    out = context.run(context.on.config_changed(), model.ready())
    assert len(stage.requests) == 2
    assert model.kept(out)["record"]


# What is shown


@pytest.mark.parametrize("leader", [True, False])
def test_an_update_status_without_news_sets_no_status_again(
    context: Context, stage: Stage, rested: testing.State, leader: bool
):
    state = dataclasses.replace(rested, leader=leader)
    first = context.run(context.on.update_status(), state)
    context.unit_status_history.clear()
    second = context.run(context.on.update_status(), first)
    assert context.unit_status_history == []
    assert (second.unit_status, second.app_status) == (first.unit_status, first.app_status)


def test_another_event_sets_the_status_whatever_was_shown(
    context: Context, stage: Stage, rested: testing.State
):
    shown = context.run(context.on.update_status(), rested)
    lost = dataclasses.replace(shown, unit_status=testing.MaintenanceStatus("installing charm"))
    out = context.run(context.on.start(), lost)
    assert out.unit_status == shown.unit_status


def test_a_status_that_was_interrupted_is_set_again(
    context: Context, stage: Stage, rested: testing.State
):
    stage.announcement = "running ceilometer-upgrade"
    out = context.run(context.on.update_status(), rested)
    assert isinstance(out.unit_status, testing.ActiveStatus)


def test_a_hook_that_shows_nothing_forgets_nothing_of_what_is_shown(
    context: Context, stage: Stage, rested: testing.State, files: unit_state.UnitState
):
    known = files.read(unit_state.SHOWN)
    context.run(context.on.relation_changed(relation(rested, "member")), rested)
    assert files.read(unit_state.SHOWN) == known != ""


def test_a_status_is_set_again_after_a_hook_that_died_having_set_another(
    context: Context, stage: Stage, rested: testing.State, monkeypatch: pytest.MonkeyPatch
):
    good, keep = stage.turn, unit_state.UnitState.keep

    def die(files: unit_state.UnitState, name: str, text: str) -> None:
        if name == unit_state.SHOWN and text:
            raise RuntimeError("out of memory")
        keep(files, name, text)

    with monkeypatch.context() as patched:
        patched.setattr(unit_state.UnitState, "keep", die)
        stage.turn = reports.turn(reports.bad("alarming"))
        with pytest.raises(UncaughtCharmError):
            context.run(context.on.update_status(), rested)
    stage.turn = good
    lost = dataclasses.replace(rested, unit_status=testing.BlockedStatus("alarming refused"))
    out = context.run(context.on.update_status(), lost)
    assert isinstance(out.unit_status, testing.ActiveStatus)


def test_a_relation_that_came_after_an_update_status_is_seen_by_the_next(
    context: Context, stage: Stage
):
    before = context.run(context.on.update_status(), model.ready())
    ceilometer = testing.Relation("member", remote_app_name="ceilometer")
    state = dataclasses.replace(before, relations={*before.relations, ceilometer})
    out = context.run(context.on.relation_created(ceilometer), state)
    context.run(context.on.update_status(), out)
    assert stage.backends[-1].members == ("ceilometer",)


@pytest.mark.parametrize("leader", [True, False])
def test_what_takes_long_is_shown_and_then_what_was_before(
    context: Context, stage: Stage, rested: testing.State, leader: bool
):
    stage.announcement = "storing a canary secret"
    action = context.on.action("verify-stack", params={"format": "text", "interface": "public"})
    out = context.run(action, dataclasses.replace(rested, leader=leader))
    assert testing.MaintenanceStatus(stage.announcement) in context.unit_status_history
    assert isinstance(out.unit_status, testing.ActiveStatus)
    assert out.unit_status.message.startswith("metric" if leader else "standby; leader active")


def test_the_application_says_too_that_the_upgrade_runs(context: Context, stage: Stage):
    stage.announcement = "running ceilometer-upgrade: volume missing"
    context.run(context.on.update_status(), model.ready())
    assert testing.MaintenanceStatus(stage.announcement) in context.app_status_history


# The end


@pytest.mark.parametrize("endpoint", ["identity-credentials", "metric-service", "certificates"])
@pytest.mark.parametrize("kind", ["departed", "broken"])
def test_an_application_that_is_removed_asks_for_nothing(
    context: Context, stage: Stage, rested: testing.State, endpoint: str, kind: str
):
    state = dataclasses.replace(rested, planned_units=0)
    found = relation(state, endpoint)
    event = getattr(context.on, f"relation_{kind}")
    more = {"remote_unit": 0, "departing_unit": 0} if kind == "departed" else {}
    out = context.run(event(found, **more), state)
    leaving = testing.MaintenanceStatus("leaving the model")
    assert (out.unit_status, out.app_status) == (leaving, leaving)
    assert again(stage) == 0
    assert bags(out) == bags(state)


@pytest.mark.parametrize("name", ["update_status", "config_changed"])
def test_without_its_relations_too_it_asks_for_nothing(context: Context, name: str):
    state = dataclasses.replace(model.state(), planned_units=0)
    out = context.run(getattr(context.on, name)(), state)
    assert out.unit_status == testing.MaintenanceStatus("leaving the model")


def test_the_unit_takes_its_files_with_it(
    context: Context, rested: testing.State, files: unit_state.UnitState
):
    assert files.read(unit_state.VERIFIED)
    context.run(context.on.remove(), rested)
    assert files.read(unit_state.VERIFIED) == ""


# After a refresh


def test_after_a_refresh_the_record_is_kept_and_what_was_kept_otherwise_is_gone(
    context: Context, stage: Stage
):
    record = Record().succeeded(reports.NOW, reports.FINGERPRINT)
    stage.turn = reports.turn(record=record)
    former = {"record": record.to_json(), "report": "{}", "verdict": '{"level": "active"}'}
    peers = testing.PeerRelation(
        model.PEERS, local_app_data=former, local_unit_data={"client": "{}"}
    )
    out = context.run(context.on.upgrade_charm(), model.ready(peers))
    out = context.run(context.on.config_changed(), out)
    assert again(stage) == 1
    found = model.kept(out)
    assert found.keys() == {"record", "status"}
    assert load_record(found["record"]) == record
    assert relation(out, model.PEERS).local_unit_data == {}


# The law: without a change outside, no hook writes


def bags(state: testing.State) -> list[tuple[Any, ...]]:
    """All that this unit may write in databags."""
    return sorted(
        (one.id, sorted(one.local_unit_data.items()), sorted(app_data(one).items()))
        for one in state.relations
    )


def app_data(one: Any) -> dict[str, str]:
    return dict(one.local_app_data)


def turn_at(turn: Any, minutes: int, *findings: Any) -> Any:
    """The same turn later, with these findings."""
    at = reports.NOW + datetime.timedelta(minutes=minutes)
    report = msgspec.structs.replace(reports.report(*findings), taken_at=at)
    return msgspec.structs.replace(turn, report=report)


def late(count: int, severity: Severity) -> Any:
    return msgspec.structs.replace(
        reports.bad("alarming", "alarms", severity, Cause.TIMEOUT),
        summary=f"{count} alarms were not evaluated for {count} min",
    )


FAILING = Record().failed(reports.NOW, reports.FINGERPRINT, "HTTP 503")
RUNNING = Record().started(
    Running(reports.NOW, reports.FINGERPRINT, "12", "ceilometer", behind=True, asked=True)
)
Turns = Callable[[int], Any]
LIVES: dict[str, Turns] = {
    "active": lambda n: turn_at(reports.turn(), n, *reports.VERIFIED),
    "blocked": lambda n: turn_at(reports.turn(), n, late(n + 1, Severity.FAILED)),
    "degraded": lambda n: turn_at(
        reports.turn(), n, *reports.VERIFIED, late(n + 1, Severity.DEGRADED)
    ),
    "back-off": lambda n: turn_at(
        reports.turn(record=FAILING, step=Step.WAIT), n, reports.LACKING
    ),
    "advice": lambda n: turn_at(
        reports.turn(record=Record(), step=Step.ADVISE, reason="behind"), n, reports.LACKING
    ),
    "running": lambda n: turn_at(reports.turn(record=RUNNING, step=Step.POLL), n, reports.LACKING),
}


@pytest.mark.parametrize("name", LIVES)
def test_a_second_verification_of_the_same_writes_nothing(
    context: Context, stage: Stage, rested: testing.State, name: str
):
    stage.turn = LIVES[name](0)
    first = context.run(context.on.update_status(), rested)
    for minutes in (5, 10, 55):
        stage.turn = LIVES[name](minutes)
        later = context.run(context.on.update_status(), first)
        assert bags(later) == bags(first)
    assert again(stage) == 4


def test_the_own_status_has_the_newest_numbers(
    context: Context, stage: Stage, rested: testing.State
):
    stage.turn = LIVES["blocked"](0)
    out = context.run(context.on.update_status(), rested)
    stage.turn = LIVES["blocked"](5)
    out = context.run(context.on.update_status(), out)
    assert out.unit_status.message.startswith("6 alarms were not evaluated for 6 min")


@pytest.mark.parametrize(
    "state",
    [
        model.state(testing.Relation("telemetry-stack")),
        model.state(model.keystone({}), model.gnocchi(), testing.Relation("telemetry-stack")),
        model.ready(testing.Relation("telemetry-stack"), interface="outer"),
        model.ready(testing.Relation("telemetry-stack"), blueprint="gnocchi: {chrms: []}"),
    ],
    ids=["missing-relations", "waiting", "option", "blueprint"],
)
@pytest.mark.parametrize("name", ["update_status", "config_changed"])
def test_a_second_hook_with_the_same_obstacle_writes_nothing(
    context: Context, stage: Stage, state: testing.State, name: str
):
    first = context.run(context.on.config_changed(), state)
    second = context.run(getattr(context.on, name)(), first)
    assert bags(second) == bags(first)
    assert second.unit_status == first.unit_status


def test_a_second_hook_of_another_unit_writes_nothing(context: Context):
    first = context.run(context.on.update_status(), model.ready(leader=False))
    second = context.run(context.on.update_status(), first)
    assert bags(second) == bags(first)


def test_a_wrong_blueprint_wakes_no_other_charm_with_numbers(
    context: Context, stage: Stage, rested: testing.State
):
    wrong = dataclasses.replace(rested, config={"blueprint": "gnocchi: {chrms: []}"})
    stage.turn = LIVES["degraded"](0)
    first = context.run(context.on.update_status(), wrong)
    stage.turn = LIVES["degraded"](5)
    second = context.run(context.on.update_status(), first)
    assert bags(second) == bags(first)
    told = relation(second, "telemetry-stack").local_app_data["stack"]
    assert "1 alarms were not evaluated for 1 min" in told
