"""Who may install the juju client, when, and what is said where it is not there."""

import pathlib
from typing import Any

import pytest
from ops import testing

import charm
import unit_state
from coordinator.juju import client, snap
from coordinator.juju.errors import JujuFault
from coordinator.report.finding import Cause
from coordinator.upgrade.backends import Backends
from tests.support.juju.controller import Controller
from tests.unit import model
from tests.unit.model import Stage

SECRET = testing.Secret({"username": "telemetry-coordinator", "password": "correct-horse"})
ASKED = "there is no juju client on the unit"


@pytest.fixture
def installs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A unit without a client, where each installation fails: channels that were asked for."""
    tried: list[str] = []

    def install(channel: str) -> str:
        tried.append(channel)
        return "no snap store"

    monkeypatch.setattr(snap, "find", lambda: None)
    monkeypatch.setattr(snap, "install", install)
    monkeypatch.setenv("JUJU_API_ADDRESSES", "192.0.2.1:17070")
    return tried


@pytest.fixture
def context(tmp_path: pathlib.Path, charm_root: pathlib.Path) -> testing.Context[Any]:
    """Runs the charm's events; the unit agent's settings are there."""
    (tmp_path / "agent.conf").write_text(Controller(tmp_path / "juju").agent_conf())
    return testing.Context(
        charm.TelemetryCoordinatorCharm,
        app_name=model.APP,
        charm_root=charm_root,
        juju_version="3.6.9",
    )


def state(*, leader: bool = True, method: str = "auto") -> testing.State:
    peers = testing.PeerRelation(model.PEERS, local_unit_data={})
    options = {"juju_access": SECRET.id, "upgrade_method": method}
    made = model.ready(peers, leader=leader, **options)
    return testing.State(
        leader=leader, relations=made.relations, config=made.config, secrets={SECRET}
    )


def told_of(stage: Stage) -> str:
    found = stage.backends[-1].barred
    assert isinstance(found, JujuFault)
    assert found.cause is Cause.NO_CLIENT
    assert found.remedy == (
        "juju exec --unit telemetry-coordinator/0 -- sudo snap install juju --channel=3.6/stable"
    )
    return found.summary


def test_the_leader_installs_the_client_where_the_action_may_be_run(
    context: testing.Context[Any], stage: Stage, installs: list[str]
):
    context.run(context.on.update_status(), state())
    assert installs == ["3.6/stable"]
    assert told_of(stage) == "the juju client could not be installed: no snap store"


def test_an_installation_that_failed_is_not_tried_again_in_the_next_hooks(
    context: testing.Context[Any], stage: Stage, installs: list[str]
):
    out = context.run(context.on.update_status(), state())
    context.run(context.on.update_status(), out)
    assert len(installs) == 1
    assert told_of(stage) == "the juju client could not be installed: no snap store"


@pytest.mark.parametrize(
    "note",
    ["{", "[]", "[" * 100_000, '{"at": "2020-01-01T00:00:00+00:00", "fault": "no snap store"}'],
)
def test_an_hour_later_it_is_tried_again(
    context: testing.Context[Any],
    stage: Stage,
    installs: list[str],
    files: unit_state.UnitState,
    note: str,
):
    files.keep("juju-client.json", note)
    context.run(context.on.update_status(), state())
    assert len(installs) == 1


@pytest.mark.parametrize("method", ["advise", "command"])
def test_where_the_action_may_not_be_run_nothing_is_installed(
    context: testing.Context[Any], stage: Stage, installs: list[str], method: str
):
    context.run(context.on.update_status(), state(method=method))
    assert installs == []
    assert told_of(stage) == ASKED


@pytest.mark.parametrize("leader", [True, False])
def test_a_verification_by_hand_installs_nothing(
    context: testing.Context[Any], stage: Stage, installs: list[str], leader: bool
):
    verify = context.on.action("verify-stack", params={"format": "text"})
    context.run(verify, state(leader=leader))
    assert installs == []
    assert told_of(stage) == ASKED


def test_a_client_that_is_there_is_used(
    context: testing.Context[Any],
    stage: Stage,
    installs: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: pathlib.Path,
):
    monkeypatch.setattr(snap, "find", lambda: tmp_path)
    used: list[pathlib.Path] = []
    original = client.Controller.__init__

    def spy(self: client.Controller, access: Any, juju: Any, *rest: Any, **more: Any) -> None:
        used.append(juju)
        original(self, access, juju, *rest, **more)

    monkeypatch.setattr(client.Controller, "__init__", spy)
    monkeypatch.setattr(Backends, "see", lambda _self, _record: stage.turn.situation.sight)
    context.run(context.on.update_status(), state())
    assert installs == []
    assert used == [tmp_path]


def test_the_note_wakes_no_other_unit(
    context: testing.Context[Any], stage: Stage, installs: list[str]
):
    out = context.run(context.on.update_status(), state())
    (peers,) = out.get_relations(model.PEERS)
    assert peers.local_unit_data == {}
    assert set(model.kept(out)) <= {"record", "status"}
