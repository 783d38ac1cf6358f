"""Deeper questions to Aodh, Barbican, Watcher and Keystone: what is broken behind their APIs."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.report import Report
from coordinator.request import Depth, Request
from tests.functional import canary_data as data
from tests.functional.asking import ask, finding, request
from tests.functional.gnocchi import canaries, canary_metrics, remove_canaries
from tests.support.openstack import Stack

THRESHOLDS: dict[str, Any] = {"canary_timeout": 12, "evaluation_interval": 3}


@pytest.fixture(autouse=True)
def nothing_left(stack: Stack) -> Iterator[None]:
    """Every test begins and ends with a set-up cloud without canaries."""
    if "instance" not in stack.resource_types():
        stack.upgrade_ceilometer()
    yield
    stack.reset()
    data.remove_alarms(stack)
    data.remove_secrets(stack)
    data.remove_engines(stack)
    remove_canaries(stack)


def about(stack: Stack, *services: str, role: str = "Admin", depth: Depth = Depth.FULL) -> Request:
    """An order to look deeply at these services; a user of its own for each role."""
    username = "telemetry-coordinator" if role == "Admin" else f"only-{role}"
    asked = request(stack, username=username, role=role)
    return msgspec.structs.replace(asked, required=services, depth=depth)


def asked(stack: Stack, *services: str, role: str = "Admin", **thresholds: Any) -> Report:
    return ask(about(stack, *services, role=role), **{**THRESHOLDS, **thresholds})


def inspected(stack: Stack, *services: str, **thresholds: Any) -> Report:
    return ask(about(stack, *services, depth=Depth.READS), **{**THRESHOLDS, **thresholds})


def judged(found: Finding) -> tuple[Severity, Cause | None]:
    return found.severity, found.cause


# All together


def test_canaries_come_back_from_all_services_and_nothing_is_left(stack: Stack) -> None:
    report = asked(stack, "metric", "alarming", "key-manager")
    found = {f.service: f for f in report.findings if f.question == "canary"}
    assert {f.severity for f in found.values()} == {Severity.OK}, found
    assert found["alarming"].summary.startswith("Aodh evaluated a test alarm in ")
    assert found["key-manager"].summary.startswith(
        "Barbican stored a test secret and returned it in "
    )
    assert not data.alarms(stack)
    assert not data.secrets(stack)
    assert not canaries(stack)
    assert not canary_metrics(stack)


# Aodh


def test_a_stopped_evaluator_is_named_while_metricd_is_well(stack: Stack) -> None:
    stack.services["evaluator"].stop()
    report = asked(stack, "metric", "alarming", evaluation_interval=1)
    found = finding(report, "alarming.canary")
    assert judged(found) == (Severity.FAILED, Cause.NOT_EVALUATED)
    assert found.remedy == "juju exec -a aodh -- systemctl status aodh-evaluator"
    assert finding(report, "metric.canary").severity is Severity.OK
    assert not data.alarms(stack)
    assert not canaries(stack)


@pytest.mark.one_release
def test_a_stopped_metricd_is_no_fault_of_aodh(stack: Stack) -> None:
    stack.services["metricd"].stop()
    report = asked(stack, "metric", "alarming", canary_timeout=5)
    found = finding(report, "alarming.canary")
    assert judged(found) == (Severity.SKIPPED, Cause.NOT_ASKED)
    assert found.remedy == ""
    assert [f.check for f in report.having(Severity.FAILED)] == ["metric.canary"]
    assert not canaries(stack)


def test_an_evaluator_that_gets_no_measures_is_told_from_a_stopped_one(stack: Stack) -> None:
    data.make_alarm(stack, "a-resource")  # Aodh asks Gnocchi what it can do, once an hour
    stack.catalog.point("metric", "http://127.0.0.1:9", "internal")
    stack.services["evaluator"].stop()
    stack.services["evaluator"].start()
    public = msgspec.structs.replace(about(stack, "metric", "alarming"), interface="public")
    found = finding(ask(public, **THRESHOLDS), "alarming.canary")
    assert judged(found) == (Severity.FAILED, Cause.NO_DATA)
    assert found.remedy == "juju exec -a aodh -- tail -n 50 /var/log/aodh/aodh-evaluator.log"


@pytest.mark.one_release
def test_an_interval_that_canaries_have_no_time_for_is_told_as_a_contradiction(
    stack: Stack,
) -> None:
    stack.services["evaluator"].stop()
    report = asked(stack, "metric", "alarming", canary_timeout=5, evaluation_interval=60)
    found = finding(report, "alarming.canary")
    assert judged(found) == (Severity.DEGRADED, Cause.TIMEOUT)
    assert "alarm-evaluation-interval (60 s) is too long for canary-timeout (5 s)" in found.summary
    assert found.remedy == "juju config telemetry-coordinator canary-timeout=180"


@pytest.mark.one_release
def test_a_frozen_aodh_costs_its_own_canary_alone(stack: Stack) -> None:
    freezing = threading.Thread(target=_freeze_when_asked, args=(stack, "aodh"))
    stack.services["evaluator"].stop()
    freezing.start()
    report = asked(stack, "metric", "alarming", canary_timeout=6, evaluation_interval=4)
    freezing.join()
    found = finding(report, "alarming.canary")
    assert judged(found) == (Severity.FAILED, Cause.TIMEOUT)
    assert finding(report, "metric.canary").severity is Severity.OK
    assert not canaries(stack)


def _freeze_when_asked(stack: Stack, name: str) -> None:
    """Freeze Aodh when it has a canary."""
    end = time.monotonic() + 15
    while not data.alarms(stack) and time.monotonic() < end:
        time.sleep(0.05)
    stack.services[name].freeze()


def test_an_alarm_of_a_crashed_run_is_removed_and_no_other(stack: Stack) -> None:
    old, young, foreign = (
        data.make_alarm(stack, "one"),
        data.make_alarm(stack, "two"),
        data.make_alarm(stack, "three", mine=False),
    )
    data.age_alarm(stack, old)
    data.age_alarm(stack, foreign)
    asked(stack, "metric", "alarming")
    assert {alarm["alarm_id"] for alarm in data.alarms(stack)} == {young, foreign}


def test_an_evaluator_that_stopped_is_seen_without_any_canary(stack: Stack) -> None:
    alarm = data.make_alarm(stack, "a-resource")
    assert finding(inspected(stack, "alarming"), "alarming.alarms").severity is Severity.OK
    _wait_until_evaluated(stack, alarm)
    stack.services["evaluator"].stop()
    report = inspected(stack, "alarming", evaluation_interval=60)
    assert finding(report, "alarming.alarms").severity is Severity.OK
    time.sleep(3.5)
    found = finding(inspected(stack, "alarming", evaluation_interval=1), "alarming.alarms")
    assert judged(found) == (Severity.DEGRADED, Cause.NOT_EVALUATED)
    assert found.summary.startswith("Aodh evaluated its alarms last ")


def test_a_cloud_without_alarms_is_well(stack: Stack) -> None:
    found = finding(inspected(stack, "metric", "alarming"), "alarming.alarms")
    assert (found.severity, found.summary) == (Severity.OK, "Aodh has no alarms to evaluate")


@pytest.mark.parametrize("kind", data.KINDS)
def test_an_alarm_without_data_that_gnocchi_has_is_named(stack: Stack, kind: str) -> None:
    with data.measured_metric(stack) as (resource, metric):
        stack.services["evaluator"].stop()
        alarm = data.make_alarm(stack, resource, "hot", kind=kind, metric=metric)
        data.age_alarm(stack, alarm)
        found = finding(inspected(stack, "metric", "alarming"), "alarming.alarms")
    assert judged(found) == (Severity.DEGRADED, Cause.NO_DATA)
    assert found.summary == "Aodh lacks data that Gnocchi has, for alarm 'hot'"


def test_an_alarm_whose_resource_is_gone_is_no_fault(stack: Stack) -> None:
    alarm = data.make_alarm(stack, "8d0a5d90-7b2c-4f6b-9df5-0d1f4c3c8a11")
    data.age_alarm(stack, alarm)
    found = finding(inspected(stack, "metric", "alarming"), "alarming.alarms")
    assert found.severity is Severity.OK
    assert found.summary.endswith("and they get what Gnocchi has (1 could not be looked at)")


def _wait_until_evaluated(stack: Stack, alarm: str) -> None:
    """Wait until an alarm was taken up, at least a second after it was made."""
    end = time.monotonic() + 15
    while time.monotonic() < end:
        (found,) = (one for one in data.alarms(stack) if one["alarm_id"] == alarm)
        if found["evaluate_timestamp"][:19] > found["timestamp"][:19]:
            return
        time.sleep(0.2)
    pytest.fail("the evaluator does not evaluate")


# Barbican


def test_a_barbican_without_its_key_lists_secrets_and_keeps_none(stack: Stack) -> None:
    stack.barbican_without_key()
    report = asked(stack, "key-manager")
    found = finding(report, "key-manager.canary")
    assert finding(report, "key-manager.read").severity is Severity.OK
    assert judged(found) == (Severity.FAILED, Cause.STORE_FAILS)
    assert found.summary.startswith("Barbican cannot store a test secret: answers HTTP 500")
    assert found.remedy == "juju status --relations barbican"


def test_a_secret_of_a_crashed_run_is_removed_and_no_other(stack: Stack) -> None:
    old, young = data.make_secret(stack), data.make_secret(stack)
    foreign = data.make_secret(stack, username="somebody")
    named = data.make_secret(stack, f"{data.NAME}s")
    for secret in (old, foreign, named):
        data.age_secret(stack, secret)
    asked(stack, "key-manager")
    left = {secret["secret_ref"].rpartition("/")[2] for secret in data.secrets(stack)}
    assert left == {young, foreign, named}


def test_a_user_who_may_not_store_secrets_is_skipped(stack: Stack) -> None:
    """Which role may list and not store differs between releases."""
    report = asked(stack, "key-manager", role="observer")
    said = {(f.question, f.severity) for f in report.about("key-manager")}
    assert not report.having(Severity.FAILED)
    assert said & {("read", Severity.SKIPPED), ("canary", Severity.SKIPPED)}
    assert not data.secrets(stack)


# Watcher


def test_a_watcher_without_engines_is_named(stack: Stack) -> None:
    report = inspected(stack, "infra-optim")
    found = finding(report, "infra-optim.engines")
    assert judged(found) == (Severity.FAILED, Cause.ENGINE_DOWN)
    assert found.summary == "Watcher has never seen its watcher-decision-engine alive"


MOMENT = datetime.timedelta()
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def engines(stack: Stack) -> None:
    """One living engine of each kind."""
    for name in ("watcher-decision-engine", "watcher-applier"):
        data.make_engine(stack, name, "juju-1", MOMENT)


@pytest.mark.usefixtures("engines")
def test_a_watcher_with_engines_and_goals_is_well(stack: Stack) -> None:
    data.make_goal(stack, "dummy")
    found = finding(inspected(stack, "infra-optim"), "infra-optim.engines")
    assert judged(found) == (Severity.OK, None)
    assert found.summary == "Watcher sees its decision engine and applier alive, and has 1 goal"


@pytest.mark.one_release
@pytest.mark.usefixtures("engines")
def test_a_watcher_without_goals_is_degraded(stack: Stack) -> None:
    found = finding(inspected(stack, "infra-optim"), "infra-optim.engines")
    assert judged(found) == (Severity.DEGRADED, Cause.NO_GOALS)


def test_an_engine_that_died_is_named_with_its_host(stack: Stack) -> None:
    data.make_engine(stack, "watcher-decision-engine", "juju-1", MOMENT)
    data.make_engine(stack, "watcher-applier", "juju-1", HOUR)
    found = finding(inspected(stack, "infra-optim"), "infra-optim.engines")
    assert judged(found) == (Severity.FAILED, Cause.ENGINE_DOWN)
    assert found.summary == "Watcher does not see its watcher-applier alive on 'juju-1'"
    assert found.remedy == "juju exec -a watcher -- systemctl status watcher-applier"


@pytest.mark.one_release
@pytest.mark.usefixtures("engines")
@pytest.mark.parametrize(
    ("age", "severity"), [(HOUR, Severity.DEGRADED), (48 * HOUR, Severity.OK)]
)
def test_one_of_two_engines_counts_until_it_was_taken_away(
    stack: Stack, age: datetime.timedelta, severity: Severity
) -> None:
    data.make_goal(stack, "dummy")
    data.make_engine(stack, "watcher-decision-engine", "juju-2", age)
    found = finding(inspected(stack, "infra-optim"), "infra-optim.engines")
    assert found.severity is severity


# Keystone


def test_keystone_validates_and_all_clocks_agree(stack: Stack) -> None:
    report = inspected(stack, "metric", "alarming")
    assert finding(report, "identity.validation").summary == "Keystone validates the token"
    assert finding(report, "identity.clock").severity is Severity.OK


def test_a_reader_is_told_what_it_may_not_look_at_and_nothing_failed(stack: Stack) -> None:
    report = asked(stack, "metric", "alarming", "key-manager", "infra-optim", role="reader")
    assert not report.having(Severity.FAILED)
    assert finding(report, "identity.validation").severity is Severity.OK
    assert not data.alarms(stack)
    assert not canaries(stack)
