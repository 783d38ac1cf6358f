"""Since when, and what changed, as operators see it."""

from __future__ import annotations

import datetime
import json
import pathlib

import msgspec
import pytest
from ops import testing

import charm
import unit_state
from coordinator.report.finding import Finding
from coordinator.report.history import History
from tests.unit import model, reports
from tests.unit.model import Stage

Context = testing.Context[charm.TelemetryCoordinatorCharm]

HISTORY = "history.json"


@pytest.fixture
def clock(stage: Stage) -> Clock:
    return Clock(stage)


class Clock:
    """Minutes on the clock of a cloud whose findings a test chooses."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def turn(self, minutes: int, *findings: Finding) -> None:
        turn = reports.turn(*findings)
        at = reports.NOW + datetime.timedelta(minutes=minutes)
        report = msgspec.structs.replace(turn.report, taken_at=at)
        self._stage.turn = msgspec.structs.replace(turn, report=report)


def test_a_fault_says_since_when_and_goes_on_to_say_the_same(context: Context, clock: Clock):
    clock.turn(0, reports.bad("alarming"))
    first = context.run(context.on.update_status(), model.ready())
    assert "since 22 Nov 10:00Z; " in first.unit_status.message
    clock.turn(90, reports.bad("alarming"))
    later = context.run(context.on.update_status(), first)
    assert later.unit_status == first.unit_status
    assert model.kept(later) == model.kept(first)


def test_a_new_leader_takes_over_since_when(
    context: Context, clock: Clock, files: unit_state.UnitState
):
    clock.turn(0, reports.bad("alarming"))
    first = context.run(context.on.update_status(), model.ready())
    files.remove()
    clock.turn(45, reports.bad("alarming"))
    later = context.run(context.on.leader_elected(), first)
    assert later.unit_status == first.unit_status
    assert len(History.from_json(files.read(HISTORY)).changes) == 1


def test_nothing_is_written_when_nothing_changed(
    context: Context, clock: Clock, charm_root: pathlib.Path
):
    file = charm_root / unit_state.NAME / HISTORY
    clock.turn(0, reports.bad("alarming"))
    out = context.run(context.on.update_status(), model.ready())
    before = file.stat().st_ino
    clock.turn(5, reports.bad("alarming"))
    context.run(context.on.update_status(), out)
    assert file.stat().st_ino == before


def test_an_option_that_is_wrong_is_in_the_history(
    context: Context, clock: Clock, files: unit_state.UnitState
):
    clock.turn(0)
    out = context.run(context.on.update_status(), model.ready())
    out = context.run(context.on.config_changed(), model.ready(interface="inside"))
    newest = History.from_json(files.read(HISTORY)).recent[0]
    assert newest.status == "blocked"
    assert newest.summary.startswith("option interface: 'inside' is not allowed")
    assert out.unit_status.name == "blocked"


def test_the_history_is_in_every_form_of_the_report(context: Context, clock: Clock):
    clock.turn(0)
    out = context.run(context.on.update_status(), model.ready())
    clock.turn(5, reports.bad("alarming"))
    out = context.run(context.on.update_status(), out)
    found = {}
    for form in ("text", "markdown", "html", "json"):
        context.run(context.on.action("show-report", params={"format": form}), out)
        found[form] = (context.action_results or {})["report"]
    assert "what changed, the newest first:" in found["text"]
    assert "| 2026-11-22T10:05:00Z | blocked |" in found["markdown"]
    assert "Since when, and what changed" in found["html"]
    changes = json.loads(found["json"])["history"]
    assert [change["status"] for change in changes] == ["blocked", "active"]


def test_a_page_is_written_where_it_can_be_fetched(context: Context, clock: Clock):
    clock.turn(0)
    out = context.run(context.on.update_status(), model.ready())
    context.run(context.on.action("show-report", params={"format": "html"}), out)
    found = context.action_results or {}
    assert found["report-file"].endswith("report.html")
    assert pathlib.Path(found["report-file"]).read_text() == found["report"]
