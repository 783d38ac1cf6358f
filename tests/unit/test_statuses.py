"""What an operator sees in `juju status`, for every gate before and after a verification."""

import pathlib
from typing import Any

import pytest
import yaml
from ops import testing

import unit_state
from coordinator import status as stack_status
from coordinator.report.finding import Cause, Severity
from coordinator.upgrade.decision import Step
from coordinator.upgrade.record import Record
from tests.unit import databags, model, reports
from tests.unit.model import Stage

Context = testing.Context[Any]

WAITING = testing.WaitingStatus("keystone has not sent credentials yet")
GOOD = "metric, alarming, key-manager verified; ceilometer-upgrade done 2026-11-22T10:00Z"

CONFIG = yaml.safe_load((pathlib.Path(__file__).parents[2] / "config.yaml").read_text())


def status(context: Context, state: testing.State) -> Any:
    """The status after update-status; on the leader that of the application is the same."""
    out = context.run(context.on.update_status(), state)
    if state.leader:
        assert out.app_status == out.unit_status
    return out.unit_status


# Missing relations


def test_both_missing_relations_are_counted(context: Context):
    assert status(context, model.state()) == testing.BlockedStatus(
        "missing relation identity-credentials; "
        "juju integrate telemetry-coordinator keystone:identity-credentials (+1 more)"
    )


def test_a_missing_relation_to_gnocchi_is_told_before_keystone_answers(context: Context):
    assert status(context, model.state(model.keystone({}))) == testing.BlockedStatus(
        "missing relation metric-service; "
        "juju integrate telemetry-coordinator gnocchi:metric-service"
    )


@pytest.mark.parametrize("optional", ["", "metric"])
def test_a_stack_that_does_not_require_metric_needs_no_relation_to_gnocchi(
    context: Context, optional: str
):
    state = model.state(
        model.keystone({}), required_services="alarming", optional_services=optional
    )
    assert status(context, state) == WAITING


# Credentials


@pytest.mark.parametrize(
    "bag",
    [
        {},
        databags.ADDRESSES,
        databags.without("credentials_password"),
        databags.credentials(credentials_password=""),
        databags.credentials(credentials_password="None"),
        databags.credentials(credentials_host="__null__"),
    ],
)
def test_incomplete_credentials_are_waited_for(context: Context, bag: dict[str, str]):
    assert status(context, model.state(model.keystone({0: bag}), model.gnocchi())) == WAITING


def test_a_keystone_without_units_is_waited_for(context: Context):
    assert status(context, model.state(model.keystone({}), model.gnocchi())) == WAITING


def test_credentials_that_do_not_come_for_an_hour_are_waited_for_quietly(context: Context):
    state = model.state(model.keystone({0: databags.ADDRESSES, 1: {}}), model.gnocchi())
    first = context.run(context.on.update_status(), state)
    out = first
    for _ in range(11):  # every five minutes
        out = context.run(context.on.update_status(), out)
    assert out.unit_status == WAITING
    assert out.relations == first.relations


def test_identity_api_2_blocks(context: Context):
    bag = databags.credentials(api_version="2")
    found = status(context, model.state(model.keystone({0: bag}), model.gnocchi()))
    assert isinstance(found, testing.BlockedStatus)
    assert "Identity API v2" in found.message
    assert "juju config keystone preferred-api-version=3" in found.message


def test_the_dialect_of_sunbeam_blocks(context: Context):
    relation = model.keystone({0: {}}, remote_app_data=databags.SUNBEAM)
    found = status(context, model.state(relation, model.gnocchi()))
    assert isinstance(found, testing.BlockedStatus)
    assert "Sunbeam" in found.message
    assert "integrate the machine charm keystone" in found.message


# Gnocchi


@pytest.mark.parametrize("url", ["", "None", "__null__"])
def test_a_gnocchi_that_is_not_ready_is_waited_for(context: Context, stage: Stage, url: str):
    found = status(context, model.state(model.keystone(), model.gnocchi(url)))
    assert found == testing.WaitingStatus(
        "gnocchi has not published its URL yet, its database is not ready"
    )
    assert stage.requests == []


def test_a_malformed_url_of_gnocchi_blocks(context: Context):
    found = status(context, model.state(model.keystone(), model.gnocchi("192.0.2.30:8041")))
    assert isinstance(found, testing.BlockedStatus)
    assert found.message.startswith("gnocchi/0 published a URL that cannot be used")
    assert found.message.endswith("; check gnocchi's options vip and os-*-hostname")


# Options

BAD_VALUES = {
    "certificate-warning-days": (-1, "whole days from 0 to 365"),
    "certificate-failure-days": (400, "whole days from 0 to 365"),
    "required-services": ("orchestration", "metric, alarming, key-manager, infra-optim"),
    "optional-services": ("orchestration", "metric, alarming, key-manager, infra-optim"),
    "region": ("Region One", "one region"),
    "interface": ("outer", "public, internal, admin"),
    "verify-timeout": (1000, "from 2 to 300"),
    "ssl-ca": ("its value", "PEM"),
    "metrics-port": (80, "0, or a port from 1024 to 65535"),
    "deep-verification": ("yes", "off, on-change, always"),
    "canary-interval": (4, "from 5 to 1440, or 0: only when something has changed"),
    "canary-timeout": (1, "from 5 to 900"),
    "alarm-evaluation-interval": (0, "from 1 to 3600"),
    "backlog-threshold": (-1, "a whole number"),
    "measures-max-age": (0, "from 1 to 10080"),
    "expected-metrics": ("cpu memory", "commas"),
    "upgrade-method": ("magic", "auto, action, command, advise"),
    "upgrade-policy": ("always", "on-change, when-needed"),
    "openstack-origin": ("ppa:x/y", "distro or a pocket such as cloud:jammy-antelope"),
    "requested-grants": ("two roles", "commas"),
}


def test_every_option_has_a_bad_value_here():
    # what a secret holds is no value of the option: tests/unit/test_juju_access.py; a wrong
    # blueprint stops nothing: tests/unit/test_blueprint_option.py
    assert BAD_VALUES.keys() | {"juju-access", "blueprint"} == CONFIG["options"].keys()


@pytest.mark.parametrize("option", sorted(BAD_VALUES))
def test_a_bad_value_blocks_naming_option_value_and_what_is_allowed(
    context: Context, stage: Stage, option: str
):
    value, allowed = BAD_VALUES[option]
    found = status(context, model.ready(**{option: value}))
    assert isinstance(found, testing.BlockedStatus)
    assert found.message.startswith(f"option {option}: ")
    assert str(value) in found.message
    assert allowed in found.message
    assert stage.requests == []


def test_several_bad_values_are_counted(context: Context):
    found = status(context, model.ready(interface="outer", verify_timeout=0, region="a b"))
    assert found.message.startswith("option region")
    assert found.message.endswith("(+2 more)")


def test_a_bad_value_counts_more_than_a_missing_relation(context: Context):
    assert status(context, model.state(interface="outer")).message.startswith("option interface")


def test_a_bad_value_keeps_the_last_good_picture(
    context: Context, stage: Stage, files: unit_state.UnitState
):
    good = context.run(context.on.update_status(), model.ready())
    report = files.read("report.json")
    bad = model.ready(model.peers(**model.kept(good)), interface="outer")
    out = context.run(context.on.config_changed(), bad)
    assert model.kept(out)["record"] == model.kept(good)["record"]
    assert files.read("report.json") == report != ""


def test_a_corrected_value_is_good_again(context: Context, stage: Stage):
    context.run(context.on.config_changed(), model.ready(interface="outer"))
    assert status(context, model.ready()) == testing.ActiveStatus(GOOD)


# After a verification


def test_a_good_stack_is_active(context: Context, stage: Stage):
    assert status(context, model.ready()) == testing.ActiveStatus(GOOD)


def test_a_failure_blocks_with_its_remedy(context: Context, stage: Stage):
    stage.turn = reports.turn(reports.good("identity", "token"), reports.bad("metric"))
    assert status(context, model.ready()) == testing.BlockedStatus(
        "metric refused the connection at http://192.0.2.30:8041 since 22 Nov 10:00Z; "
        "juju status metric"
    )


def test_a_degradation_is_named_and_active(context: Context, stage: Stage):
    odd = reports.bad("infra-optim", "endpoint", Severity.DEGRADED, Cause.TIMEOUT)
    stage.turn = reports.turn(*reports.VERIFIED, odd)
    found = status(context, model.ready())
    assert isinstance(found, testing.ActiveStatus)
    assert "infra-optim" in found.message


def test_a_failed_run_is_maintenance_until_it_failed_three_times(context: Context, stage: Stage):
    record = Record()
    levels: list[str] = []
    for _ in range(3):
        record = record.failed(reports.NOW, reports.FINGERPRINT, "HTTP 503")
        stage.turn = reports.turn(reports.LACKING, record=record, step=Step.WAIT)
        levels.append(status(context, model.ready()).name)
    assert levels == ["maintenance", "maintenance", "blocked"]


def test_advice_names_the_command_on_the_related_ceilometer(context: Context, stage: Stage):
    stage.turn = reports.turn(
        reports.LACKING, record=Record(), step=Step.ADVISE, reason="Gnocchi lacks resource types"
    )
    member = testing.Relation("member", remote_app_name="ceilometer-api")
    found = status(context, model.ready(member, upgrade_method="advise"))
    assert found == testing.BlockedStatus(
        "Gnocchi lacks resource types; juju run ceilometer-api/leader ceilometer-upgrade"
    )


def test_work_in_progress_is_shown_while_it_goes_on(context: Context, stage: Stage):
    stage.announcement = (
        "running ceilometer-upgrade: Gnocchi lacks resource types (volume missing)"
    )
    context.run(context.on.update_status(), model.ready())
    assert testing.MaintenanceStatus(stage.announcement) in context.unit_status_history


def test_the_workload_version_is_that_of_gnocchi(context: Context, stage: Stage):
    out = context.run(context.on.update_status(), model.ready())
    assert out.workload_version == "gnocchi 4.6.0"


def test_a_very_long_failure_is_cut_but_not_its_remedy(context: Context, stage: Stage):
    stage.turn = reports.turn(reports.bad("x" * 300))
    message = status(context, model.ready()).message
    assert message.endswith(f"juju status {'x' * 300}")


@pytest.mark.parametrize("option", ["interface", "region"])
def test_a_message_of_ours_fits_the_limit(context: Context, option: str):
    options: dict[str, Any] = {option: "outer space " * 50}
    message = status(context, model.ready(**options)).message
    assert len(message) <= stack_status.LIMIT


# Units that do not lead


def test_another_unit_stands_by(context: Context):
    assert status(context, model.ready(leader=False)) == testing.ActiveStatus(
        "standby; the leader has not reported yet"
    )


def test_another_unit_shows_the_leaders_last_verdict(context: Context, stage: Stage):
    led = context.run(context.on.update_status(), model.ready())
    follower = model.ready(model.peers(**model.kept(led)), leader=False)
    assert (
        status(context, follower).message
        == f"standby; leader active: {GOOD}"[: stack_status.LIMIT]
    )


def test_another_unit_shows_what_blocks_the_leader(context: Context):
    led = context.run(context.on.update_status(), model.state())
    follower = model.state(model.peers(**model.kept(led)), leader=False)
    found = status(context, follower)
    assert isinstance(found, testing.ActiveStatus)
    assert found.message == (
        "standby; leader blocked: missing relation identity-credentials; "
        "juju integrate telemetry-coordinator keystone:identity-credentials"
    )


def test_another_unit_with_a_bad_option_stands_by_too(context: Context):
    found = status(context, model.ready(leader=False, interface="outer"))
    assert found.message.startswith("standby")


def test_a_new_leader_goes_on_where_the_former_one_stopped(context: Context, stage: Stage):
    led = context.run(context.on.update_status(), model.ready())
    out = context.run(context.on.leader_elected(), model.ready(model.peers(**model.kept(led))))
    assert model.kept(out) == model.kept(led)


# Events that verify nothing


def test_the_last_verdict_is_shown_again_after_an_action(context: Context, stage: Stage):
    led = context.run(context.on.update_status(), model.ready())
    event = context.on.action("show-report", params={"format": "text"})
    assert context.run(event, led).unit_status == testing.ActiveStatus(GOOD)


def test_before_anything_was_verified_a_report_can_be_asked_for(context: Context):
    event = context.on.action("show-report", params={"format": "text"})
    with pytest.raises(testing.ActionFailed, match="there is no report on this unit: juju run"):
        context.run(event, model.ready())
