"""Gnocchi's deeper questions: what is broken behind an API that answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coordinator.report.finding import Cause, Severity
from tests.functional.conftest import Deploy
from tests.functional.deployment import Deployment
from tests.functional.gnocchi import canaries, canary_metrics, make_canary, remove_canaries
from tests.support.openstack import Stack

PREFIX = "telemetry-coordinator:telemetry-coordinator:canary:"


@pytest.fixture
def deep(deploy: Deploy, stack: Stack) -> Iterator[Deployment]:
    """A coordinator that sends canaries to Gnocchi in every hook."""
    deployment = deploy(
        **{
            "required-services": "metric",
            "optional-services": "",
            "deep-verification": "always",
            "canary-timeout": 5,
        }
    )
    deployment.identity_changed()
    yield deployment
    stack.reset()
    remove_canaries(stack)


def test_a_canary_comes_back_and_leaves_nothing_behind(deep: Deployment, stack: Stack) -> None:
    finding = deep.finding("metric.canary")
    assert (finding.severity, deep.status[0]) == (Severity.OK, "active"), finding
    assert finding.summary.startswith("Gnocchi processed test measures in ")
    assert not canaries(stack)
    assert not canary_metrics(stack)


def test_a_stopped_metricd_is_named_while_all_reads_are_well(
    deep: Deployment, stack: Stack
) -> None:
    stack.services["metricd"].stop()
    deep.update_status()
    name, message = deep.status
    assert name == "blocked"
    assert message.startswith("Gnocchi has not processed test measures after ")
    assert message.endswith("juju exec -a gnocchi -- systemctl status gnocchi-metricd")
    assert "(backlog: 1)" in deep.finding("metric.canary").summary
    assert deep.finding("metric.canary").cause is Cause.NOT_PROCESSED
    assert deep.finding("metric.read").severity is Severity.OK
    assert not canaries(stack)
    assert not canary_metrics(stack)


def test_a_storage_that_cannot_be_written_is_told_apart(deep: Deployment, stack: Stack) -> None:
    stack.storage_read_only()
    deep.update_status()
    assert deep.finding("metric.canary").cause is Cause.NOT_STORED
    assert deep.status[0] == "blocked"
    assert deep.status[1].startswith("Gnocchi cannot store test measures: answers HTTP 500")
    assert not canaries(stack)
    assert not canary_metrics(stack)


@pytest.mark.one_release
def test_without_its_database_gnocchi_gets_no_canary(deep: Deployment, stack: Stack) -> None:
    stack.postgres_stop()
    deep.update_status()
    assert deep.status[0] == "blocked"
    assert {f.check for f in deep.report.having(Severity.FAILED)} == {"metric.read"}
    assert "canary" not in {finding.question for finding in deep.report.findings}


def test_what_a_crashed_run_left_behind_is_removed(deep: Deployment, stack: Stack) -> None:
    make_canary(stack, f"{PREFIX}crashed", started_at="2026-01-01T00:00:00")
    deep.update_status()
    assert not canaries(stack)


@pytest.mark.one_release
def test_the_canary_of_another_unit_is_no_left_over(deep: Deployment, stack: Stack) -> None:
    make_canary(stack, f"{PREFIX}running")
    deep.update_status()
    assert canaries(stack) == [f"{PREFIX}running"]


@pytest.mark.one_release
@pytest.mark.parametrize(
    "name", ["telemetry-coordinator:other:canary:x", "telemetry-coordinator:"]
)
def test_canaries_of_another_application_stay(deep: Deployment, stack: Stack, name: str) -> None:
    make_canary(stack, name, started_at="2026-01-01T00:00:00")
    deep.update_status()
    assert canaries(stack) == [name]


@pytest.mark.one_release
def test_what_somebody_else_named_like_a_canary_stays(deep: Deployment, stack: Stack) -> None:
    body = {"id": f"{PREFIX}another", "started_at": "2026-01-01T00:00:00"}
    stack.session.post(f"{stack.gnocchi_url}/v1/resource/generic", json=body)
    deep.update_status()
    assert canaries(stack) == [f"{PREFIX}another"]


def test_without_archive_policies_no_metric_can_be_made(deep: Deployment, stack: Stack) -> None:
    url = f"{stack.gnocchi_url}/v1"
    stack.replace_gnocchi_database()
    stack.upgrade_ceilometer()
    stack.session.delete(f"{url}/archive_policy_rule/default")
    for name in ("low", "medium", "high"):
        stack.session.delete(f"{url}/archive_policy/{name}")
    deep.update_status()
    assert deep.finding("metric.canary").cause is Cause.NO_POLICY
    stack.replace_gnocchi_database()


def test_a_reader_may_send_canaries_too(deep: Deployment, stack: Stack) -> None:
    deep.give_credentials(
        stack.credentials_databag(username="reader-of-canaries", roles=("reader",))
    )
    deep.identity_changed()
    assert deep.finding("metric.canary").severity is Severity.OK
    assert deep.status[0] == "active"
    assert not canaries(stack)
