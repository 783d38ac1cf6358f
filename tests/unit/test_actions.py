"""The actions: parameters, results and refusals."""

import dataclasses
import json
import pathlib
from typing import Any

import msgspec
import pytest
from ops import testing

import actions
import unit_state
from coordinator import reconcile
from coordinator.juju.ceilometer import State, Task
from coordinator.juju.sight import Sight
from coordinator.report.finding import Cause, Severity
from coordinator.report.report import Report
from coordinator.upgrade import command, decision
from coordinator.upgrade import findings as upgrade_findings
from coordinator.upgrade import record as upgrade_record
from tests.unit import executables, model, reports
from tests.unit.clouds import Cloud
from tests.unit.model import Stage

Context = testing.Context[Any]

UPGRADE = "ceilometer-upgrade"
DOCS = pathlib.Path(__file__).parents[2] / "docs/reference"
SCHEMA = json.loads((DOCS / "report.schema.json").read_text(encoding="utf-8"))


def run(
    context: Context, name: str, state: testing.State, **params: Any
) -> tuple[testing.State, dict[str, Any]]:
    """Run an action that must succeed."""
    defaults = {} if name == UPGRADE else {"format": "text"}
    out = context.run(context.on.action(name, params={**defaults, **params}), state)
    return out, dict(context.action_results or {})


def refused(context: Context, name: str, state: testing.State, **params: Any) -> str:
    """Why an action failed."""
    with pytest.raises(testing.ActionFailed) as raised:
        run(context, name, state, **params)
    return raised.value.message


# verify-stack


def test_verify_stack_reports_a_good_stack(context: Context, stage: Stage):
    _, found = run(context, "verify-stack", model.ready())
    assert found["status"] == "verified"
    assert found["summary"] == "metric, alarming, key-manager verified"
    assert found["metric"] == {
        "status": "ok",
        "endpoint": "http://192.0.2.30:8041",
        "version": "4.6.0",
        "finding": "metric lists things",
    }
    assert found["report"].startswith("metric, alarming, key-manager verified\n")


@pytest.mark.parametrize(("deep", "lines"), [(True, ["[ok] asked"]), (False, [])])
def test_verify_stack_shows_progress_where_that_takes_long(
    context: Context, stage: Stage, deep: bool, lines: list[str]
):
    run(context, "verify-stack", model.ready(), deep=deep)
    assert context.action_logs == lines


@pytest.mark.parametrize("leader", [True, False])
def test_an_action_without_news_sets_no_status(context: Context, stage: Stage, leader: bool):
    out = context.run(context.on.update_status(), model.ready(leader=leader))
    context.unit_status_history.clear()
    for name in ("verify-stack", "show-report" if leader else "verify-stack"):
        out, _ = run(context, name, out)
    assert context.unit_status_history == []


def test_an_action_with_news_sets_the_status(context: Context, stage: Stage):
    out = context.run(context.on.update_status(), model.ready())
    stage.turn = reports.turn(reports.bad("metric"))
    with pytest.raises(testing.ActionFailed) as raised:
        run(context, "verify-stack", out)
    assert isinstance(model.state_of(raised.value).unit_status, testing.BlockedStatus)


def test_verify_stack_gives_json_when_asked(context: Context, stage: Stage):
    _, found = run(context, "verify-stack", model.ready(), format="json")
    assert Report.from_json(found["report"]) == stage.turn.report


def test_verify_stack_fails_with_results_when_the_stack_is_not_verified(
    context: Context, stage: Stage
):
    stage.turn = reports.turn(reports.good("identity", "token"), reports.bad("metric"))
    message = refused(context, "verify-stack", model.ready())
    assert message.startswith("metric refused the connection")
    assert context.action_results
    assert context.action_results["status"] == "failed"
    assert context.action_results["metric"]["cause"] == "connection-refused"
    assert context.action_results["metric"]["remedy"] == "juju status metric"


UNREAD = (
    reports.good("metric"),
    reports.good("alarming"),
    msgspec.structs.replace(
        reports.bad("key-manager", "read", Severity.SKIPPED, Cause.FORBIDDEN),
        summary="Barbican forbids it (HTTP 403)",
        remedy="grant a role that may",
    ),
)


def test_verify_stack_fails_where_a_required_service_was_not_proven(
    context: Context, stage: Stage
):
    stage.turn = reports.turn(*UNREAD)
    assert refused(context, "verify-stack", model.ready()) == (
        "not proven: key-manager: Barbican forbids it (HTTP 403); grant a role that may, "
        "or run it with allow-unproven=true"
    )
    assert (context.action_results or {})["status"] == "not proven"


def test_verify_stack_succeeds_without_proof_where_that_is_allowed(context: Context, stage: Stage):
    stage.turn = reports.turn(*UNREAD)
    _, found = run(context, "verify-stack", model.ready(), **{"allow-unproven": True})
    assert found["status"] == "not proven"
    assert found["key-manager"]["status"] == "skipped"


def test_what_failed_fails_also_where_less_proof_is_allowed(context: Context, stage: Stage):
    stage.turn = reports.turn(*UNREAD, reports.bad("alarming"))
    message = refused(context, "verify-stack", model.ready(), **{"allow-unproven": True})
    assert message.startswith("alarming refused the connection")


def test_an_optional_service_needs_no_proof(context: Context, stage: Stage):
    stage.turn = reports.turn(*UNREAD)
    state = model.ready(required_services="metric,alarming", optional_services="key-manager")
    _, found = run(context, "verify-stack", state)
    assert found["status"] == "verified"


def test_show_report_says_what_is_not_proven(context: Context, stage: Stage):
    stage.turn = reports.turn(*UNREAD)
    out = context.run(context.on.update_status(), model.ready())
    _, found = run(context, "show-report", out)
    assert found["status"] == "not proven"


def test_the_worst_finding_stands_for_its_service(context: Context, stage: Stage):
    stage.turn = reports.turn(reports.bad("metric", "catalog"), reports.good("metric"))
    refused(context, "verify-stack", model.ready())
    assert context.action_results
    assert context.action_results["metric"]["status"] == "failed"


def test_parameters_replace_options_for_once(context: Context, stage: Stage):
    params = {"services": "alarming", "interface": "public", "region": "RegionTwo"}
    run(context, "verify-stack", model.ready(), **params)
    (request,) = stage.requests
    assert request.services == ("alarming",)
    assert request.required == ("alarming",)
    assert (request.interface, request.region) == ("public", "RegionTwo")


def test_a_special_verification_is_not_kept(
    context: Context, stage: Stage, files: unit_state.UnitState
):
    out, _ = run(context, "verify-stack", model.ready(), interface="public")
    assert model.kept(out) == {}
    assert files.read("report.json") == ""


def test_an_ordinary_verification_is_kept(
    context: Context, stage: Stage, files: unit_state.UnitState
):
    run(context, "verify-stack", model.ready())
    assert Report.from_json(files.read("report.json")) == stage.turn.report


def test_another_unit_may_verify_but_keeps_nothing(context: Context, stage: Stage):
    out, found = run(context, "verify-stack", model.ready(leader=False))
    assert found["status"] == "verified"
    assert model.kept(out) == {}


@pytest.mark.parametrize("services", ["orchestration", ","])
def test_unknown_services_are_refused(context: Context, stage: Stage, services: str):
    message = refused(context, "verify-stack", model.ready(), services=services)
    assert message.startswith("parameter services: ")
    assert "metric, alarming, key-manager, infra-optim" in message
    assert stage.requests == []


@pytest.mark.parametrize("action", ["verify-stack", UPGRADE])
@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (model.state(), "missing relation identity-credentials"),
        (model.state(model.keystone({}), model.gnocchi()), "keystone has not sent credentials"),
        (model.ready(interface="outer"), "option interface"),
    ],
)
def test_without_anything_to_verify_with_an_action_says_why(
    context: Context, action: str, state: testing.State, reason: str
):
    assert refused(context, action, state).startswith(reason)


def test_verify_stack_works_before_gnocchi_is_ready(context: Context, stage: Stage):
    out, found = run(context, "verify-stack", model.state(model.keystone(), model.gnocchi("")))
    assert found["status"] == "verified"
    assert isinstance(out.unit_status, testing.WaitingStatus)


def test_verify_stack_never_runs_an_upgrade(
    context: Context, stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reconcile, "run_upgrade", lambda *_: pytest.fail("it ran"))
    stage.turn = reports.turn(
        reports.LACKING, record=upgrade_record.Record(), step=decision.Step.RUN
    )
    refused(context, "verify-stack", model.ready())


# ceilometer-upgrade


@pytest.fixture
def ran(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[reconcile.Turn]:
    """Turns that runs of ceilometer-upgrade end with; by default one that worked."""
    turns = [reports.turn(run=command.RunResult("", 2.34), before=frozenset({"generic", "image"}))]
    monkeypatch.setattr(reconcile, "act", lambda *_: turns.pop())
    return turns


def test_a_run_gives_outcome_duration_and_resource_types(
    context: Context, ran: list[reconcile.Turn]
):
    _, found = run(context, UPGRADE, model.ready())
    assert found == {
        "outcome": "success",
        "duration": "2.3s",
        "resource-types": {
            "before": "generic,image",
            "after": "generic,identity,image,instance,network,volume",
            "added": "identity,instance,network,volume",
        },
    }


def test_a_run_is_remembered(context: Context, ran: list[reconcile.Turn]):
    record = ran[0].record
    out, _ = run(context, UPGRADE, model.ready())
    assert upgrade_record.load_record(model.kept(out)["record"]) == record


def test_a_failed_run_fails_the_action_with_results(context: Context, ran: list[reconcile.Turn]):
    ran[0] = reports.turn(run=command.RunResult("HTTP 503", 1.0))
    assert refused(context, UPGRADE, model.ready()) == "ceilometer-upgrade failed: HTTP 503"
    assert context.action_results
    assert context.action_results["outcome"] == "failed"
    assert context.action_results["cause"] == "HTTP 503"


def test_another_unit_refuses_to_run_and_names_the_leader(
    context: Context, ran: list[reconcile.Turn]
):
    message = refused(context, UPGRADE, model.ready(leader=False))
    assert message == (
        "only the leader runs it: juju run telemetry-coordinator/leader ceilometer-upgrade"
    )
    assert len(ran) == 1


def test_an_adviser_refuses_to_run_and_says_both_ways_out(
    context: Context, ran: list[reconcile.Turn]
):
    message = refused(context, UPGRADE, model.ready(upgrade_method="advise"))
    assert "juju run ceilometer/leader ceilometer-upgrade" in message
    assert "juju config telemetry-coordinator upgrade-method=auto" in message
    assert len(ran) == 1


def test_a_gnocchi_that_does_not_answer_is_not_upgraded(
    context: Context, stage: Stage, ran: list[reconcile.Turn]
):
    stage.turn = reports.turn(reports.bad("metric"), step=decision.Step.IMPOSSIBLE)
    message = refused(context, UPGRADE, model.ready())
    assert message.startswith("Gnocchi must answer first: metric refused")
    assert len(ran) == 1


def test_an_order_of_a_person_replaces_a_damaged_record(
    context: Context, ran: list[reconcile.Turn]
):
    record = ran[0].record
    out, _ = run(context, UPGRADE, model.ready(model.peers(record="{")))
    assert upgrade_record.load_record(model.kept(out)["record"]) == record


def test_an_order_of_a_person_keeps_the_record_of_a_newer_revision(
    context: Context, ran: list[reconcile.Turn]
):
    newer = json.dumps({"version": upgrade_record.VERSION + 1})
    with pytest.raises(testing.ActionFailed) as raised:
        run(context, UPGRADE, model.ready(model.peers(record=newer)))
    assert raised.value.message == (
        "the upgrade record is of a newer charm revision; juju refresh telemetry-coordinator"
    )
    assert model.kept(model.state_of(raised.value))["record"] == newer
    assert len(ran) == 1


@pytest.mark.parametrize(
    ("required", "services"), [("alarming", "metric,alarming"), ("key-manager,alarming", None)]
)
def test_without_metric_a_run_is_refused_with_the_option_that_brings_it(
    context: Context, ran: list[reconcile.Turn], required: str, services: str | None
):
    state = model.ready(required_services=required, optional_services="infra-optim")
    services = services or f"metric,{required}"
    assert refused(context, UPGRADE, state) == (
        "Gnocchi is not among the services: "
        f"juju config telemetry-coordinator required-services={services}"
    )
    assert len(ran) == 1


def test_an_optional_gnocchi_can_be_upgraded(context: Context, ran: list[reconcile.Turn]):
    state = model.ready(required_services="alarming", optional_services="metric")
    assert run(context, UPGRADE, state)[1]["outcome"] == "success"


def test_a_run_that_is_impossible_keeps_the_fresh_report(
    context: Context, stage: Stage, ran: list[reconcile.Turn], files: unit_state.UnitState
):
    stage.turn = reports.turn(reports.bad("metric"), step=decision.Step.IMPOSSIBLE)
    files.keep("report.json", reports.report().to_json())
    with pytest.raises(testing.ActionFailed) as raised:
        run(context, UPGRADE, model.ready())
    out = model.state_of(raised.value)
    assert Report.from_json(files.read("report.json")) == stage.turn.report
    assert out.unit_status.message.startswith("metric refused the connection")


RUNNING = upgrade_record.Running(
    reports.NOW, reports.FINGERPRINT, "12", "ceilometer", behind=True, asked=True
)


def test_an_action_that_was_begun_is_named(context: Context, ran: list[reconcile.Turn]):
    turn = reports.turn(record=upgrade_record.Record().started(RUNNING))
    situation = msgspec.structs.replace(turn.situation, began=True)
    ran[0] = msgspec.structs.replace(turn, situation=situation)
    _, found = run(context, UPGRADE, model.ready())
    assert found == {"outcome": "started", "task": "12", "application": "ceilometer"}


def test_a_run_that_goes_on_already_is_told_and_nothing_was_begun(
    context: Context, ran: list[reconcile.Turn]
):
    sight = Sight(task=Task(RUNNING.task, State.GOING))
    record = upgrade_record.Record().started(RUNNING)
    finding = upgrade_findings.of_charm(sight, record, reports.NOW, may_command=True)
    assert finding is not None
    ran[0] = reports.turn(finding, record=upgrade_record.Record().started(RUNNING))
    assert refused(context, UPGRADE, model.ready()) == (
        "ceilometer-upgrade was not run: "
        "the charm of ceilometer runs ceilometer-upgrade as task 12; juju show-task 12"
    )
    assert not context.action_results


# ceilometer-upgrade, with the whole loop


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """A ceilometer-upgrade that fails."""
    path = executables.script(tmp_path / "bin/it", "echo 'HTTP 503'; exit 1")
    monkeypatch.setenv(command.SEAM, str(path))


def after_failed_run(context: Context, state: testing.State) -> testing.State:
    with pytest.raises(
        testing.ActionFailed, match="ceilometer-upgrade failed: HTTP 503"
    ) as raised:
        run(context, UPGRADE, state)
    return model.state_of(raised.value)


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize("types", [("generic",), tuple(reports.TYPES)])
def test_a_failed_run_replaces_a_damaged_record_and_is_told(
    context: Context, cloud: Cloud, types: tuple[str, ...]
):
    cloud.types = types
    out = after_failed_run(context, cloud.state(model.peers(record="{")))
    failure = upgrade_record.load_record(model.kept(out)["record"]).failure
    assert failure is not None
    assert failure.count == 1
    assert isinstance(out.unit_status, testing.MaintenanceStatus)
    assert out.unit_status.message.startswith("ceilometer-upgrade failed (1 of 3): HTTP 503")


@pytest.mark.usefixtures("failing")
def test_the_third_failed_run_after_a_damaged_record_blocks(context: Context, cloud: Cloud):
    cloud.types = ("generic",)
    state = cloud.state(model.peers(record="{"))
    for _ in range(3):
        state = after_failed_run(context, state)
    assert state.unit_status == testing.BlockedStatus(
        "ceilometer-upgrade failed 3 times: HTTP 503; "
        "juju run telemetry-coordinator/leader ceilometer-upgrade"
    )


@pytest.mark.usefixtures("failing")
def test_without_a_peer_relation_an_order_overrules_nothing(context: Context, cloud: Cloud):
    cloud.types = ("generic",)
    state = cloud.state()
    peers = state.get_relations(model.PEERS)
    state = dataclasses.replace(state, relations=set(state.relations) - set(peers))
    out = after_failed_run(context, state)
    assert out.unit_status == testing.WaitingStatus(
        "the peer relation coordinators is not there yet"
    )


# show-report


def shown(
    context: Context, form: str, files: unit_state.UnitState, *, leader: bool
) -> dict[str, Any]:
    report = reports.report(reports.good("identity", "token"), reports.bad("metric"))
    files.keep("report.json", report.to_json())
    return run(context, "show-report", model.state(leader=leader), format=form)[1]


@pytest.mark.parametrize("leader", [True, False])
def test_show_report_needs_neither_network_nor_leadership(
    context: Context, files: unit_state.UnitState, leader: bool
):
    found = shown(context, "text", files, leader=leader)
    assert found["status"] == "failed"
    assert found["report"].startswith("NOT VERIFIED: metric refused the connection")


def test_show_report_gives_json_when_asked(context: Context, files: unit_state.UnitState):
    data = json.loads(shown(context, "json", files, leader=True)["report"])
    assert data["verified"] is False
    assert data["taken-at"] == reports.NOW.isoformat()


def test_show_report_says_how_to_get_one(context: Context):
    message = refused(context, "show-report", model.ready())
    assert message == (
        f"there is no report on this unit: juju run {model.APP}/leader verify-stack"
    )


def test_show_report_of_another_unit_says_who_has_one(context: Context):
    message = refused(context, "show-report", model.ready(leader=False))
    assert message == (
        "there is no report on this unit: "
        f"the leader has it: juju run {model.APP}/leader show-report"
    )


def test_show_report_without_relations_says_what_is_missing(context: Context):
    message = refused(context, "show-report", model.state())
    assert message.startswith(
        "there is no report on this unit: missing relation identity-credentials; juju"
    )


def test_a_report_that_cannot_be_read_is_none(context: Context, files: unit_state.UnitState):
    files.keep("report.json", "{")
    message = refused(context, "show-report", model.state())
    assert message.startswith("there is no report")


# Results by themselves


@pytest.fixture
def shelf(public: pathlib.Path) -> pathlib.Path:
    """Where reports go that are too long."""
    return public / "telemetry-coordinator-0"


HUGE = reports.report(*(reports.bad("metric", f"host-{n}") for n in range(3000)))


def test_a_long_report_that_was_kept_is_shown_with_its_file(
    context: Context, stage: Stage, shelf: pathlib.Path
):
    stage.turn = msgspec.structs.replace(stage.turn, report=HUGE)
    out = context.run(context.on.update_status(), model.ready())
    _, found = run(context, "show-report", out, format="json")
    assert Report.from_json(pathlib.Path(found["report-file"]).read_text()) == HUGE


def test_of_a_report_without_bounds_only_the_worst_is_kept(
    context: Context, stage: Stage, files: unit_state.UnitState
):
    endless = reports.report(*(reports.bad("metric", f"host-{n}") for n in range(10_000)))
    stage.turn = msgspec.structs.replace(stage.turn, report=endless)
    context.run(context.on.update_status(), model.ready())
    text = files.read("report.json")
    kept = Report.from_json(text)
    assert kept is not None
    assert len(text) <= 1024 * 1024
    assert kept.left_out == 10_000 - len(kept.findings)
    assert kept.summary() == endless.summary()


def test_results_of_a_run_that_was_not_needed_are_well_formed():
    assert actions.of_run(reports.turn())["duration"] == "0.0s"


def test_the_resource_types_of_a_run_are_within_what_juju_takes():
    many = frozenset(f"{n:0250}" for n in range(3000))
    found = actions.of_run(reports.turn(run=command.RunResult("", 1.0), before=many))
    assert all(len(names) <= 4096 for names in found["resource-types"].values())
