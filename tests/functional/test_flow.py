"""Whether data flows, asked of real clouds of some size: what is silent, stale or missing."""

from __future__ import annotations

import datetime
import logging
import re
from collections.abc import Callable, Iterator

import msgspec
import pytest

from coordinator.checks.memory import NOTHING, CheckMemory, Unpublished
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.report import Report
from coordinator.request import Request
from tests.functional.asking import ask, finding, request, verify
from tests.functional.conftest import Deploy
from tests.support.openstack import Stack
from tests.support.openstack.population import Population

QUESTIONS = ("telemetry.policies", "telemetry.flow", "telemetry.hosts", "telemetry.metrics")
Populate = Callable[..., Population]


@pytest.fixture
def populate(stack: Stack) -> Iterator[Populate]:
    """Fills a Gnocchi that has the resource types and no resources."""
    if "instance" not in stack.resource_types():
        stack.upgrade_ceilometer()
    stack.depopulate()
    yield stack.populate
    stack.depopulate()


@pytest.fixture
def asked(stack: Stack) -> Request:
    return request(stack)


def severities(report: Report) -> list[Severity]:
    return [finding(report, check).severity for check in QUESTIONS]


def earlier(memory: CheckMemory, minutes: float) -> CheckMemory:
    """The memory as if the backlog had been counted some time ago."""
    assert memory.backlog
    at = memory.backlog.at - datetime.timedelta(minutes=minutes)
    return memory.replaced(msgspec.structs.replace(memory.backlog, at=at))


def test_an_empty_cloud_is_skipped(stack: Stack, asked: Request) -> None:
    stack.replace_gnocchi_database()
    stack.upgrade_ceilometer()
    first = verify(asked)
    report = first.report
    assert severities(report) == [Severity.SKIPPED] * 4
    assert report.severity is Severity.OK
    assert report.summary() == "metric verified"

    # and when it stays like that for more than an hour, nobody publishes
    since = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=2)
    later = ask(asked, first.memory.replaced(Unpublished(since)))
    found = finding(later, "telemetry.policies")
    assert (found.severity, found.cause) == (Severity.DEGRADED, Cause.NO_POLICIES)
    assert found.summary == "Ceilometer has published nothing to Gnocchi for 2 h"


def test_a_cloud_whose_instances_are_measured_is_well(
    stack: Stack, asked: Request, populate: Populate
) -> None:
    cloud = populate(hosts=4, instances=8, ended=4)
    stack.measure(cloud.metrics("cpu"))
    report = ask(asked, metrics=("cpu", "memory.usage"))
    assert severities(report) == [Severity.OK] * 4
    assert "4 compute hosts" in finding(report, "telemetry.hosts").summary


def test_a_silent_host_is_named_with_the_minutes(
    stack: Stack, asked: Request, populate: Populate
) -> None:
    cloud = populate(hosts=4, instances=12, ended=4)
    silent, *others = cloud.hosts
    stack.measure(cloud.metrics("cpu", others))
    stack.measure(cloud.metrics("cpu", [silent]), age=52 * 60)
    report = ask(asked)
    found = finding(report, "telemetry.hosts")
    assert (found.severity, found.cause) == (Severity.DEGRADED, Cause.SILENT_HOSTS)
    minutes = report.figures[f"telemetry.hosts.silent:{silent}"]
    assert 46 <= minutes <= 53
    # the figure is rounded to a tenth, the words tell whole minutes that have passed
    words = {f"{int(minutes + off)} min" for off in (-0.05, 0, 0.05)}
    assert (
        found.summary.removeprefix(f"Ceilometer has sent no measures from '{silent}' for ")
        in words
    )
    assert found.remedy == "juju status --relations ceilometer"
    assert finding(report, "telemetry.flow").severity is Severity.OK


@pytest.mark.one_release
def test_one_instance_with_fresh_measures_speaks_for_its_host(
    stack: Stack, asked: Request, populate: Populate
) -> None:
    cloud = populate(hosts=2, instances=6)
    stack.measure([cloud.metrics("cpu", [host])[1] for host in cloud.hosts])
    assert finding(ask(asked), "telemetry.hosts").severity is Severity.OK


@pytest.mark.one_release
def test_all_hosts_are_looked_at_in_turn(stack: Stack, asked: Request, populate: Populate) -> None:
    cloud = populate(hosts=20, instances=20)
    stack.measure(cloud.metrics("cpu", cloud.hosts[:19]))
    last, memory, number = cloud.hosts[19], NOTHING, 0
    while last not in memory.hosts.silent:
        assert number < 3
        memory, number = verify(asked, memory).memory, number + 1
    assert number == 3


@pytest.mark.one_release
def test_a_silent_host_stays_silent_until_it_is_heard(
    stack: Stack, asked: Request, populate: Populate
) -> None:
    cloud = populate(hosts=20, instances=20)
    first, *others = cloud.hosts
    stack.measure(cloud.metrics("cpu", others))
    second = verify(asked, verify(asked).memory)
    assert finding(second.report, "telemetry.hosts").severity is Severity.DEGRADED
    assert first in second.memory.hosts.silent
    stack.measure(cloud.metrics("cpu", [first]))
    third = verify(asked, second.memory)
    assert finding(third.report, "telemetry.hosts").severity is Severity.OK
    assert first not in third.memory.hosts.silent


@pytest.mark.one_release
def test_young_instances_are_not_silent(stack: Stack, asked: Request, populate: Populate) -> None:
    populate(hosts=2, instances=4)
    report = ask(asked, age=60 * 24 * 31)  # all are 30 days old
    assert finding(report, "telemetry.hosts").severity is Severity.SKIPPED
    assert finding(report, "telemetry.flow").severity is Severity.SKIPPED


def test_ended_instances_are_ignored(stack: Stack, asked: Request, populate: Populate) -> None:
    populate(hosts=2, instances=0, ended=4)
    report = ask(asked)
    assert finding(report, "telemetry.hosts").severity is Severity.SKIPPED
    assert finding(report, "telemetry.flow").severity is Severity.SKIPPED


def test_metrics_that_no_instance_has_are_named(
    stack: Stack, asked: Request, populate: Populate
) -> None:
    populate(hosts=2, instances=4, metrics=("vcpus", "memory"))
    found = finding(ask(asked), "telemetry.metrics")
    assert (found.severity, found.cause) == (Severity.DEGRADED, Cause.METRICS_MISSING)
    expected = "Ceilometer has no cpu, memory.usage metric on any of 4 sampled instances"
    assert found.summary == expected


def test_nothing_fresh_in_three_verifications_fails(
    stack: Stack, asked: Request, populate: Populate
) -> None:
    cloud = populate(hosts=2, instances=4)
    stack.measure(cloud.metrics("cpu"), age=2 * 3600)
    memory, found = NOTHING, list[Finding]()
    for _ in range(3):
        verified = verify(asked, memory)
        memory = verified.memory
        found.append(finding(verified.report, "telemetry.flow"))
    assert [one.severity for one in found] == [
        Severity.DEGRADED,
        Severity.DEGRADED,
        Severity.FAILED,
    ]
    assert found[-1].cause is Cause.NO_FLOW
    told = r"Ceilometer sends no fresh measures to Gnocchi \(instance 1(1[5-9]|20) min\)"
    assert re.fullmatch(told, found[-1].summary)


@pytest.mark.one_release
def test_one_measured_instance_among_many_is_found_each_time(
    stack: Stack, asked: Request, populate: Populate
) -> None:
    cloud = populate(hosts=1, instances=1)
    stack.measure(cloud.metrics("cpu"))
    verified = verify(asked)
    stack.populate(hosts=1, instances=100)  # shut off, or not there any more
    for _ in range(5):
        verified = verify(asked, verified.memory)
        assert finding(verified.report, "telemetry.flow").severity is Severity.OK


def test_a_dead_metricd_is_not_taken_for_a_silent_ceilometer(
    stack: Stack, asked: Request, populate: Populate
) -> None:
    cloud = populate(hosts=2, instances=4)
    stack.services["metricd"].stop()
    measures: list[dict[str, str | float]] = [{"timestamp": "-1 minutes", "value": 1.0}]
    stack.session.post(
        f"{stack.gnocchi_url}/v1/batch/metrics/measures",
        json=dict.fromkeys(cloud.metrics("cpu"), measures),
    )
    report = ask(asked)
    found = finding(report, "telemetry.flow")
    assert (found.severity, found.cause) == (Severity.FAILED, Cause.NOT_PROCESSED)
    assert found.remedy == "juju exec -a gnocchi -- systemctl status gnocchi-metricd"
    assert finding(report, "telemetry.hosts").severity is not Severity.DEGRADED


def test_a_reader_sees_what_ceilometer_brings_but_no_backlog(
    stack: Stack, populate: Populate
) -> None:
    cloud = populate(hosts=2, instances=4)
    stack.measure(cloud.metrics("cpu"))
    report = ask(request(stack, username="reader-of-flow", role="reader"), metrics=("cpu",))
    assert severities(report) == [Severity.OK] * 4
    found = finding(report, "metric.backlog")
    assert (found.severity, found.cause) == (Severity.SKIPPED, Cause.FORBIDDEN)


def test_a_backlog_over_the_threshold_degrades(
    stack: Stack, asked: Request, populate: Populate
) -> None:
    cloud = populate(hosts=1, instances=3)
    stack.services["metricd"].freeze()
    url = f"{stack.gnocchi_url}/v1/batch/metrics/measures"
    measures = [{"timestamp": "2026-01-01T00:00:00", "value": 1.0}]
    stack.session.post(url, json=dict.fromkeys(cloud.metrics("cpu"), measures))
    report = ask(asked, backlog=2)
    found = finding(report, "metric.backlog")
    assert (found.severity, found.cause) == (Severity.DEGRADED, Cause.BACKLOG)
    assert (
        found.summary
        == "Gnocchi has 3 measures waiting for metricd, more than 2 (backlog-threshold)"
    )
    assert report.figures["metric.backlog"] == 3


@pytest.mark.one_release
def test_a_backlog_that_grows_in_six_verifications_degrades(
    stack: Stack, asked: Request, populate: Populate
) -> None:
    cloud = populate(hosts=1, instances=7)
    stack.services["metricd"].freeze()
    memory = verify(asked).memory
    states: list[Severity] = []
    for metric in cloud.metrics("cpu")[:6]:
        body = [{"timestamp": "2026-01-01T00:00:00", "value": 1.0}]
        stack.session.post(f"{stack.gnocchi_url}/v1/metric/{metric}/measures", json=body)
        verified = verify(asked, earlier(memory, 5), backlog=50)
        memory = verified.memory
        states.append(finding(verified.report, "metric.backlog").severity)
    assert states == [Severity.OK] * 5 + [Severity.DEGRADED]


@pytest.mark.one_release
def test_the_number_of_requests_does_not_grow_with_the_cloud(
    stack: Stack, asked: Request, populate: Populate, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "coordinator.openstack.http")

    def requests() -> int:
        caplog.clear()
        ask(patient, memory)
        lines = (r.getMessage() for r in caplog.records if r.name == "coordinator.openstack.http")
        return sum("/v1/" in line for line in lines)

    patient = msgspec.structs.replace(asked, timeout=120)  # however busy the machine is
    populate(hosts=50, instances=200)
    memory = verify(patient).memory  # all hosts are silent, which costs most
    small = requests()
    stack.populate(hosts=50, instances=4800)
    large = requests()
    # how many hosts are looked at depends on which names are known, by chance
    assert abs(large - small) <= 12
    assert max(small, large) <= 100 + 2  # and those of metric.read and metric.backlog


@pytest.mark.one_release
def test_the_charm_blocks_when_nothing_flows(
    deploy: Deploy, stack: Stack, populate: Populate
) -> None:
    cloud = populate(hosts=2, instances=4)
    stack.measure(cloud.metrics("cpu"), age=2 * 3600)
    deployment = deploy(
        **{
            "required-services": "metric",
            "optional-services": "",
            "deep-verification": "on-change",
        }
    )
    for _ in range(3):
        deployment.update_status()
    name, message = deployment.status
    assert name == "blocked"
    assert message.startswith("Ceilometer sends no fresh measures to Gnocchi (instance")
    assert message.endswith("; juju status --relations ceilometer")
