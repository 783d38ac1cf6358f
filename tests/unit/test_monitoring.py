"""What the charm's events do for monitoring: the file, the service and the relation cos-agent."""

import json
import pathlib
from typing import Any

import pytest
from ops import testing

from coordinator.upgrade.decision import Step
from tests.unit import model, reports
from tests.unit.model import Stage

Context = testing.Context[Any]
SERVICE = "etc/systemd/system/telemetry-coordinator-0-metrics.service"
METRICS = "var/lib/telemetry-coordinator/telemetry-coordinator-0/metrics/metrics.txt"


def collector(**changes: Any) -> testing.Relation:
    return testing.Relation("cos-agent", remote_app_name="opentelemetry-collector", **changes)


def given(out: testing.State) -> dict[str, Any] | None:
    (relation,) = out.get_relations("cos-agent")
    text = relation.local_unit_data.get("config")
    return json.loads(text) if text else None


def exported(machine: pathlib.Path) -> str:
    return (machine / METRICS).read_text(encoding="utf-8")


# The file


def test_the_leader_exports_what_it_verified(
    context: Context, stage: Stage, machine: pathlib.Path
):
    context.run(context.on.update_status(), model.ready())
    assert "\ntelemetry_stack_verified 1\n" in exported(machine)


def test_a_failure_is_exported(context: Context, stage: Stage, machine: pathlib.Path):
    stage.turn = reports.turn(reports.bad("metric"), step=Step.IMPOSSIBLE)
    context.run(context.on.update_status(), model.ready())
    assert "\ntelemetry_stack_verified 0\n" in exported(machine)


def test_a_unit_that_lost_the_lead_takes_its_metrics_back(
    context: Context, stage: Stage, machine: pathlib.Path
):
    context.run(context.on.update_status(), model.ready())
    context.run(context.on.update_status(), model.ready(leader=False))
    assert "\ntelemetry_" not in exported(machine)


def test_a_leader_that_cannot_verify_takes_its_metrics_back(
    context: Context, stage: Stage, machine: pathlib.Path
):
    context.run(context.on.update_status(), model.ready())
    context.run(context.on.update_status(), model.state())
    assert "\ntelemetry_" not in exported(machine)


def test_a_unit_that_never_led_writes_nothing_in_a_quiet_hook(
    context: Context, machine: pathlib.Path
):
    context.run(context.on.update_status(), model.ready(leader=False))
    assert [path for path in machine.rglob("*") if path.is_file()] == []


def test_no_password_is_exported(context: Context, stage: Stage, machine: pathlib.Path):
    context.run(context.on.update_status(), model.ready())
    assert "correct-horse" not in exported(machine)


# The service


@pytest.mark.parametrize("leader", [True, False])
@pytest.mark.parametrize("name", ["install", "start", "upgrade_charm", "config_changed"])
def test_every_unit_has_the_service(
    context: Context, stage: Stage, machine: pathlib.Path, name: str, leader: bool
):
    context.run(getattr(context.on, name)(), model.ready(leader=leader))
    assert " 18041 --bind 127.0.0.1 " in (machine / SERVICE).read_text(encoding="utf-8")


def test_a_refresh_writes_the_service_anew(context: Context, stage: Stage, machine: pathlib.Path):
    (machine / SERVICE).parent.mkdir(parents=True)
    (machine / SERVICE).write_text("[Service]\nExecStart=/of/another/revision\n")
    context.run(context.on.upgrade_charm(), model.ready())
    assert "/of/another/revision" not in (machine / SERVICE).read_text(encoding="utf-8")


def test_port_0_removes_the_service(context: Context, stage: Stage, machine: pathlib.Path):
    context.run(context.on.install(), model.ready())
    context.run(context.on.config_changed(), model.ready(metrics_port=0))
    assert not (machine / SERVICE).exists()


def test_nothing_is_left_when_the_unit_is_removed(
    context: Context, stage: Stage, machine: pathlib.Path
):
    context.run(context.on.start(), model.ready())
    context.run(context.on.remove(), model.ready())
    assert [path for path in machine.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("port", [-1, 80, 65536])
def test_a_port_that_is_not_allowed_is_told_and_changes_nothing(
    context: Context, stage: Stage, machine: pathlib.Path, port: int
):
    context.run(context.on.install(), model.ready())
    out = context.run(context.on.config_changed(), model.ready(metrics_port=port))
    assert out.unit_status == testing.BlockedStatus(
        f"option metrics-port: '{port}' is not allowed; use 0, or a port from 1024 to 65535"
    )
    assert " 18041 " in (machine / SERVICE).read_text(encoding="utf-8")


# The relation


@pytest.mark.parametrize("leader", [True, False])
def test_a_collector_is_told_at_once(context: Context, stage: Stage, leader: bool):
    relation = collector()
    out = context.run(context.on.relation_created(relation), model.ready(relation, leader=leader))
    told = given(out)
    assert told
    assert told["metrics_scrape_jobs"][0]["static_configs"] == [{"targets": ["127.0.0.1:18041"]}]
    assert told["metrics_alert_rules"]["groups"][0]["rules"]


def test_another_port_is_told(context: Context, stage: Stage):
    state = model.ready(collector(), metrics_port=9999)
    told = given(context.run(context.on.config_changed(), state))
    assert told
    assert told["metrics_scrape_jobs"][0]["static_configs"] == [{"targets": ["127.0.0.1:9999"]}]


def test_a_hook_without_news_leaves_the_relation_alone(context: Context, stage: Stage):
    out = context.run(context.on.config_changed(), model.ready(collector()))
    again = context.run(context.on.upgrade_charm(), out)
    assert given(again) == given(out)


def test_a_refresh_brings_new_rules(context: Context, stage: Stage):
    relation = collector(local_unit_data={"config": "{}"})
    assert given(context.run(context.on.upgrade_charm(), model.ready(relation)))


def test_a_quiet_hook_does_not_write_to_the_relation(context: Context, stage: Stage):
    relation = collector(local_unit_data={"config": "{}"})
    out = context.run(context.on.update_status(), model.ready(relation))
    assert given(out) == {}


def test_no_verification_comes_of_a_collector(context: Context, stage: Stage):
    relation = collector()
    context.run(context.on.relation_created(relation), model.ready(relation))
    assert stage.requests == []


def test_no_password_is_told(context: Context, stage: Stage):
    out = context.run(context.on.config_changed(), model.ready(collector()))
    assert "correct-horse" not in json.dumps(given(out))
