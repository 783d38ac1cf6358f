"""ceilometer-upgrade on a real Gnocchi: run when needed, once, and proven."""

from __future__ import annotations

import pytest

from coordinator.blueprint import resource_types
from coordinator.report.finding import Cause, Severity
from tests.functional import gnocchi
from tests.functional.conftest import Deploy, Upgrades
from tests.support.openstack import Stack

# made by ceilometer-upgrade of every release under test
SHARE = "manila_share"


@pytest.fixture
def fresh(stack: Stack) -> Stack:
    """The stack with a Gnocchi that nobody has prepared."""
    stack.replace_gnocchi_database()
    assert stack.resource_types() == {"generic"}
    return stack


def test_a_fresh_gnocchi_gets_its_resource_types(fresh: Stack, deploy: Deploy) -> None:
    deployment = deploy()

    deployment.identity_changed()

    assert fresh.resource_types() >= resource_types.BASELINE
    name, message = deployment.status
    assert name == "active"
    assert message.startswith("metric, alarming, key-manager, infra-optim verified")
    assert "ceilometer-upgrade done" in message
    assert any("running ceilometer-upgrade" in text for text in deployment.passing_statuses)


@pytest.mark.one_release
def test_a_second_event_does_not_run_it_again(
    fresh: Stack, deploy: Deploy, upgrades: Upgrades
) -> None:
    deployment = deploy()
    deployment.identity_changed()
    first = deployment.record

    deployment.identity_changed()
    deployment.update_status()

    assert upgrades.runs == 1
    assert deployment.record == first


def test_a_type_that_somebody_deleted_is_made_again(
    fresh: Stack, deploy: Deploy, upgrades: Upgrades
) -> None:
    deployment = deploy()
    deployment.identity_changed()
    gnocchi.delete_resource_type(fresh, SHARE)

    deployment.update_status()

    assert SHARE in fresh.resource_types()
    assert any(f"({SHARE} missing)" in text for text in deployment.passing_statuses)
    assert upgrades.runs == 2


@pytest.mark.one_release
def test_a_replaced_database_makes_it_run_again(fresh: Stack, deploy: Deploy) -> None:
    deployment = deploy()
    deployment.identity_changed()
    fresh.replace_gnocchi_database()

    deployment.update_status()

    assert fresh.resource_types() >= resource_types.BASELINE
    assert deployment.status[0] == "active"


@pytest.mark.one_release
def test_a_complete_gnocchi_is_adopted_without_a_run(
    fresh: Stack, deploy: Deploy, upgrades: Upgrades
) -> None:
    deploy().identity_changed()
    newcomer = deploy()

    newcomer.identity_changed()

    assert upgrades.runs == 1
    assert newcomer.status[0] == "active"
    assert "resource types complete" in newcomer.status[1]


@pytest.mark.one_release
def test_a_moved_endpoint_makes_it_run_again(
    fresh: Stack, deploy: Deploy, upgrades: Upgrades
) -> None:
    deployment = deploy()
    deployment.identity_changed()
    fresh.catalog.point("metric", fresh.gnocchi_url.replace("127.0.0.1", "localhost"))

    deployment.update_status()

    assert upgrades.runs == 2
    assert "localhost" in deployment.record["success"]["fingerprint"]["endpoint"]


@pytest.mark.one_release
def test_when_needed_ignores_a_moved_endpoint(
    fresh: Stack, deploy: Deploy, upgrades: Upgrades
) -> None:
    deployment = deploy(**{"upgrade-policy": "when-needed"})
    deployment.identity_changed()
    fresh.catalog.point("metric", fresh.gnocchi_url.replace("127.0.0.1", "localhost"))

    deployment.update_status()

    assert upgrades.runs == 1
    assert deployment.status[0] == "active"


@pytest.mark.one_release
def test_ceilometer_joining_makes_it_run_again(
    fresh: Stack, deploy: Deploy, upgrades: Upgrades
) -> None:
    deployment = deploy()
    deployment.identity_changed()

    deployment.changed(deployment.relate("member", "ceilometer"))

    assert upgrades.runs == 2


def test_what_an_operator_added_is_respected_and_named(fresh: Stack, deploy: Deploy) -> None:
    deployment = deploy()
    deployment.identity_changed()
    gnocchi.create_resource_type(fresh, "rack")

    deployment.update_status()

    assert deployment.status[0] == "active"
    assert "rack" in deployment.finding("telemetry.customised").summary
    assert "rack" in fresh.resource_types()


@pytest.mark.one_release
def test_advise_never_runs_it_and_tells_the_command(fresh: Stack, deploy: Deploy) -> None:
    deployment = deploy(**{"upgrade-method": "advise"})

    deployment.identity_changed()

    assert fresh.resource_types() == {"generic"}
    name, message = deployment.status
    assert name == "blocked"
    assert message.endswith("juju run ceilometer/leader ceilometer-upgrade")


def test_a_user_without_admin_is_told_what_is_forbidden(fresh: Stack, deploy: Deploy) -> None:
    deployment = deploy(**{"requested-grants": "reader"})
    deployment.give_credentials(
        fresh.credentials_databag(username="reader-only", roles=("reader",))
    )

    deployment.identity_changed()

    name, message = deployment.status
    assert name == "blocked"
    assert message.startswith("ceilometer-upgrade may not create resource types (HTTP 403)")
    assert message.endswith('juju config telemetry-coordinator requested-grants=""')
    assert "403" in deployment.record["failure"]["cause"]
    assert fresh.resource_types() == {"generic"}


@pytest.mark.one_release
def test_failures_are_not_repeated_at_once(fresh: Stack, deploy: Deploy) -> None:
    deployment = deploy()
    deployment.give_credentials(
        fresh.credentials_databag(username="reader-only", roles=("reader",))
    )
    deployment.identity_changed()
    first = deployment.record

    deployment.update_status()

    assert deployment.record == first


def test_the_third_failure_blocks_with_cause_and_command(fresh: Stack, deploy: Deploy) -> None:
    deployment = deploy()
    # the coordinator finds Gnocchi by its type; ceilometer-upgrade by its name, too
    fresh.catalog.remove("metric")
    fresh.catalog.add("metric", "measures", fresh.gnocchi_url)
    deployment.identity_changed()
    for _ in range(2):
        action = deployment.action("ceilometer-upgrade")
        assert action.failure.startswith("ceilometer-upgrade failed: ")

    deployment.update_status()

    name, message = deployment.status
    assert name == "blocked"
    assert "ceilometer-upgrade failed 3 times" in message
    assert message.endswith("juju run telemetry-coordinator/leader ceilometer-upgrade")


def test_the_action_runs_it_whatever_the_record_says(fresh: Stack, deploy: Deploy) -> None:
    deployment = deploy()
    deployment.identity_changed()
    gnocchi.delete_resource_type(fresh, SHARE)

    action = deployment.action("ceilometer-upgrade")

    assert not action.failure
    assert action.results["outcome"] == "success"
    assert action.results["resource-types"]["added"] == SHARE
    assert SHARE in fresh.resource_types()


@pytest.mark.one_release
def test_a_missing_command_is_a_failure_with_its_path(
    fresh: Stack, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CEILOMETER_UPGRADE_COMMAND", "/nonexistent/ceilometer-upgrade")
    deployment = deploy()

    deployment.identity_changed()

    assert (
        deployment.record["failure"]["cause"] == "/nonexistent/ceilometer-upgrade does not exist"
    )
    finding = deployment.finding("telemetry.resource-types")
    assert (finding.severity, finding.cause) == (Severity.FAILED, Cause.MISSING_TYPES)


def test_a_password_of_odd_characters_reaches_keystone(fresh: Stack, deploy: Deploy) -> None:
    deployment = deploy()
    deployment.give_credentials(
        fresh.credentials_databag(username="odd", password="\"pa$$word' #;%(x)s ${y} ")
    )

    deployment.identity_changed()

    assert deployment.status[0] == "active", deployment.status
    assert fresh.resource_types() >= resource_types.BASELINE


@pytest.mark.one_release
def test_verify_stack_reports_missing_types_and_changes_nothing(
    fresh: Stack, deploy: Deploy
) -> None:
    deployment = deploy()

    action = deployment.action("verify-stack")

    assert "juju run telemetry-coordinator/leader ceilometer-upgrade" in action.failure
    assert action.results["telemetry"]["cause"] == "missing-resource-types"
    assert fresh.resource_types() == {"generic"}
