"""What all units know: the peer databag, in which only news is written."""

from collections.abc import Callable
from typing import Any

import ops
import pytest
from ops import testing

from coordinator.status import Level, Status
from coordinator.upgrade.record import Record
from peer_state import PEERS, PeerState
from tests.unit import reports

RECORD = Record().succeeded(reports.NOW, reports.FINGERPRINT)
BROKEN = Status(Level.BLOCKED, "5 alarms are late", "juju status aodh")
Use = Callable[[PeerState], object]


class Writer(ops.CharmBase):
    """Does with the peer databag what a test wants, in every event."""

    use: Use

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on.update_status, self._on_update_status)

    def _on_update_status(self, _event: ops.UpdateStatusEvent) -> None:
        type(self).use(PeerState(self))


def after(use: Use, relation: testing.PeerRelation | None, *, leader: bool = True) -> Any:
    """The peer relation after a hook that uses the databag."""

    class Charm(Writer):
        pass

    Charm.use = staticmethod(use)
    meta = {"name": "us", "peers": {PEERS: {"interface": "us"}}}
    context: testing.Context[Any] = testing.Context(Charm, meta=meta)
    relations = {relation} if relation else set[testing.RelationBase]()
    out = context.run(
        context.on.update_status(), testing.State(leader=leader, relations=relations)
    )
    return out.get_relation(relation.id) if relation else None


def peers(unit: dict[str, str] | None = None, **app: str) -> testing.PeerRelation:
    return testing.PeerRelation(PEERS, local_app_data=app, local_unit_data=unit or {})


def everything(state: PeerState) -> None:
    """All that a hook of the leader keeps."""
    state.keep_blueprint("heat: {}")
    state.keep_record(RECORD.to_json())
    state.keep_status(BROKEN)
    state.clean_unit()


def test_the_leader_keeps_record_status_and_blueprint():
    found = after(everything, peers()).local_app_data
    assert found == {
        "record": RECORD.to_json(),
        "status": BROKEN.to_json(),
        "blueprint": "heat: {}",
    }


@pytest.mark.parametrize("leader", [True, False])
def test_what_is_there_is_not_written(monkeypatch: pytest.MonkeyPatch, leader: bool):
    kept = peers(record=RECORD.to_json(), status=BROKEN.to_json(), blueprint="heat: {}")
    monkeypatch.setattr(
        ops.RelationDataContent, "__setitem__", lambda *what: pytest.fail(f"it wrote {what}")
    )
    assert after(everything, kept, leader=leader).local_app_data == kept.local_app_data


def test_another_unit_keeps_nothing():
    assert after(everything, peers(), leader=False).local_app_data == {}


def test_without_the_relation_nothing_is_kept():
    after(everything, None)


@pytest.mark.parametrize("key", ["report", "verdict"])
def test_what_earlier_revisions_kept_for_all_is_removed(key: str):
    before = testing.PeerRelation(PEERS, local_app_data={key: "{}", "colour": "blue"})
    found = after(everything, before).local_app_data
    assert found.keys() == {"record", "status", "blueprint", "colour"}


def test_what_earlier_revisions_kept_for_the_unit_is_removed():
    found = after(everything, peers({"client": "{}", "colour": "blue"})).local_unit_data
    assert found == {"colour": "blue"}


def test_while_only_numbers_move_others_are_told_the_same():
    told: list[Status] = []
    moved = Status(Level.BLOCKED, "6 alarms are late", "juju status aodh", others=2)
    kept = peers(status=BROKEN.to_json())
    found = after(lambda state: told.append(state.keep_status(moved)), kept)
    assert found.local_app_data["status"] == BROKEN.to_json()
    assert told == [BROKEN]


def test_where_numbers_are_news_they_are_told():
    moved = Status(Level.BLOCKED, "6 alarms are late", "juju status aodh")
    kept = peers(status=BROKEN.to_json())
    found = after(lambda state: state.keep_status(moved, exact=True), kept)
    assert found.local_app_data["status"] == moved.to_json()


def test_a_record_is_read_as_it_was_written():
    read: list[str | None] = []
    after(lambda state: read.append(state.record()), peers(record="{"))
    after(lambda state: read.append(state.record()), peers())
    after(lambda state: read.append(state.record()), None)
    assert read == ["{", "", None]
