"""The option `blueprint`: what it changes, and what a wrong one does and does not stop."""

from typing import Any

import pytest
from ops import testing

import unit_state
from coordinator.blueprint import loader
from coordinator.reconcile import Turn
from coordinator.report.history import History
from coordinator.status import Status
from tests.unit import model, reports
from tests.unit.clouds import Cloud
from tests.unit.model import Stage

Context = testing.Context[Any]

HEAT = "heat: {title: Heat, charms: [heat], catalog: {type: orchestration, name: heat}}"
WRONG = "\ngnocchi:\n  chrms: [gnocchi]\n"
BLOCKED = testing.BlockedStatus(
    "option blueprint line 3: gnocchi: unknown key 'chrms'; keys are title, charms, catalog, "
    "check, optional, beside..."
)


def update(context: Context, state: testing.State) -> testing.State:
    return context.run(context.on.update_status(), state)


# A right one


def test_the_order_carries_the_blueprint_in_force(context: Context, stage: Stage):
    update(context, model.ready(blueprint=HEAT))
    (request,) = stage.requests
    assert request.blueprint == loader.load(HEAT)


def test_a_service_that_it_adds_may_be_required(context: Context, stage: Stage):
    update(context, model.ready(blueprint=HEAT, required_services="metric,orchestration"))
    (request,) = stage.requests
    assert request.services == ("metric", "infra-optim", "orchestration")


def test_a_service_that_it_removes_may_not(context: Context, stage: Stage):
    out = update(context, model.ready(blueprint="watcher: null"))
    assert out.unit_status == testing.BlockedStatus(
        "option optional-services: 'infra-optim' is not allowed; use metric, alarming, key-manager"
    )


def test_the_parameter_of_the_action_allows_what_it_adds(context: Context, stage: Stage):
    stage.turn = reports.turn(reports.good("orchestration", "endpoint"))
    params = {"services": "orchestration", "format": "text"}
    event = context.on.action("verify-stack", params=params)
    context.run(event, model.ready(blueprint=HEAT))
    (request,) = stage.requests
    assert request.required == ("orchestration",)


def test_the_text_of_a_report_has_its_titles(context: Context, stage: Stage):
    event = context.on.action("verify-stack", params={"format": "text"})
    context.run(event, model.ready(blueprint="gnocchi: {title: Our metrics}"))
    assert context.action_results
    assert "  Our metrics 4.6.0 (metric)  metric lists" in context.action_results["report"]


def test_the_leader_keeps_it(context: Context, stage: Stage):
    assert model.kept(update(context, model.ready(blueprint=HEAT)))["blueprint"] == HEAT


def test_another_unit_does_not(context: Context):
    assert "blueprint" not in model.kept(
        update(context, model.ready(leader=False, blueprint=HEAT))
    )


def test_without_the_option_nothing_is_kept(context: Context, stage: Stage):
    out = update(context, model.ready(model.peers(blueprint=HEAT)))
    assert "blueprint" not in model.kept(out)


def test_a_service_without_a_check_is_proven_by_its_endpoint(context: Context, cloud: Cloud):
    changed = "gnocchi: {check: null}"
    state = cloud.state(blueprint=changed)
    event = context.on.action("verify-stack", params={"format": "text"})
    context.run(event, state)
    assert context.action_results
    assert context.action_results["summary"].startswith("metric verified")
    assert context.action_results["metric"]["finding"].startswith("Gnocchi answers at ")


# A wrong one


def test_a_wrong_one_blocks_with_its_line_and_what_is_allowed(context: Context, stage: Stage):
    out = update(context, model.ready(blueprint=WRONG))
    assert out.unit_status == BLOCKED
    assert out.app_status == BLOCKED


def test_the_whole_problem_is_in_the_log(context: Context, stage: Stage):
    update(context, model.ready(blueprint=WRONG))
    lines = [log.message for log in context.juju_log if log.level == "WARNING"]
    assert [line.endswith("apart, needs, may, deploy") for line in lines] == [True]


def test_verification_goes_on_with_the_last_right_one(
    context: Context, stage: Stage, files: unit_state.UnitState
):
    out = update(context, model.ready(model.peers(blueprint=HEAT), blueprint=WRONG))
    (request,) = stage.requests
    assert request.blueprint == loader.load(HEAT)
    assert model.kept(out)["blueprint"] == HEAT
    assert files.read("report.json")
    assert "record" in model.kept(out)


def test_the_last_right_ones_services_stay_allowed(context: Context, stage: Stage):
    state = model.ready(
        model.peers(blueprint=HEAT), blueprint=WRONG, required_services="orchestration"
    )
    update(context, state)
    (request,) = stage.requests
    assert request.required == ("orchestration",)


def test_without_a_right_one_verification_goes_on_with_the_charms_own(
    context: Context, stage: Stage
):
    out = update(context, model.ready(blueprint=WRONG))
    (request,) = stage.requests
    assert request.blueprint == loader.load()
    assert "blueprint" not in model.kept(out)


def test_a_kept_one_that_this_revision_cannot_read_is_not_followed(context: Context, stage: Stage):
    update(context, model.ready(model.peers(blueprint="x: {new-key: 1}"), blueprint=WRONG))
    (request,) = stage.requests
    assert request.blueprint == loader.load()


def test_it_counts_more_than_what_is_waited_for(context: Context):
    out = update(context, model.state(model.keystone({}), model.gnocchi(), blueprint=WRONG))
    assert out.unit_status == BLOCKED


@pytest.mark.parametrize(
    ("turn", "first"),
    [
        (reports.turn(reports.bad("alarming")), "alarming refused the connection"),
        (reports.turn(), "option blueprint line 3"),
    ],
    ids=["the stack failed", "the stack works"],
)
def test_a_stack_that_failed_counts_more(
    context: Context, stage: Stage, files: unit_state.UnitState, turn: Turn, first: str
):
    stage.turn = turn
    out = update(context, update(context, model.ready(blueprint=WRONG)))
    assert out.unit_status.message.startswith(first)
    assert out.app_status == out.unit_status
    told = Status.from_json(model.kept(out)["status"])
    assert told
    assert told.summary.startswith(first)
    (change,) = History.from_json(files.read(unit_state.HISTORY)).changes
    assert change.summary.startswith(first)


def test_a_stack_that_failed_says_since_when_whatever_is_wrong_with_it(
    context: Context, stage: Stage
):
    stage.turn = reports.turn(reports.bad("alarming"))
    out = update(context, model.ready(blueprint=WRONG))
    assert "since 22 Nov 10:00Z; " in out.unit_status.message
    corrected = testing.State(leader=True, relations=out.relations)
    assert update(context, corrected).unit_status == out.unit_status


def test_it_is_asked_for_credentials_all_the_same(context: Context, stage: Stage):
    out = context.run(context.on.config_changed(), model.ready(blueprint=WRONG))
    assert model.requested(out)["username"] == model.APP


def test_other_charms_are_told_of_the_stack_and_not_of_the_option(context: Context, stage: Stage):
    relation = testing.Relation("telemetry-stack")
    out = update(context, model.ready(relation, blueprint=WRONG))
    told = out.get_relation(relation.id).local_app_data
    assert "option blueprint" not in str(told)
    assert '"ready": true' in str(told)


@pytest.mark.parametrize("leader", [True, False])
def test_verify_stack_works_with_the_last_right_one(context: Context, stage: Stage, leader: bool):
    event = context.on.action("verify-stack", params={"format": "text"})
    state = model.ready(model.peers(blueprint=HEAT), leader=leader, blueprint=WRONG)
    context.run(event, state)
    (request,) = stage.requests
    assert request.blueprint == loader.load(HEAT)


def test_correcting_it_ends_the_status(context: Context, stage: Stage):
    stage.turn = reports.turn()
    out = update(context, model.ready(blueprint=WRONG))
    corrected = testing.State(leader=True, relations=out.relations, config={"blueprint": HEAT})
    assert isinstance(update(context, corrected).unit_status, testing.ActiveStatus)
