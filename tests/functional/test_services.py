"""Each service broken for real: the finding, the status and what to type."""

from __future__ import annotations

import pytest

from coordinator.report.finding import Cause, Severity
from tests.functional.deployment import Deployment
from tests.support.openstack import Stack

REQUIRED = [
    ("gnocchi", "metric", "Gnocchi"),
    ("aodh", "alarming", "Aodh"),
    ("barbican", "key-manager", "Barbican"),
]


@pytest.mark.one_release
@pytest.mark.parametrize(("process", "service", "title"), REQUIRED)
def test_a_stopped_service_blocks(
    verified: Deployment, stack: Stack, process: str, service: str, title: str
) -> None:
    stack.services[process].stop()

    verified.update_status()

    url = stack.services[process].url
    expected = f"{title} refused the connection at {url}; juju status {process}"
    assert verified.status == ("blocked", expected)
    assert verified.finding(f"{service}.endpoint").cause is Cause.REFUSED


@pytest.mark.one_release
def test_a_service_that_comes_back_is_verified_again(verified: Deployment, stack: Stack) -> None:
    stack.services["barbican"].stop()
    verified.update_status()
    stack.services["barbican"].start()

    verified.update_status()

    assert verified.status[0] == "active"


@pytest.mark.one_release
def test_a_service_missing_from_the_catalog_blocks(verified: Deployment, stack: Stack) -> None:
    stack.catalog.remove("alarming")

    verified.update_status()

    name, message = verified.status
    assert name == "blocked"
    assert message.startswith("Aodh is not in the service catalog; juju integrate aodh:")
    assert verified.finding("alarming.catalog").cause is Cause.NOT_IN_CATALOG


@pytest.mark.one_release
def test_a_stopped_optional_service_is_named_but_does_not_block(
    verified: Deployment, stack: Stack
) -> None:
    stack.services["watcher"].stop()

    verified.update_status()

    name, message = verified.status
    assert name == "active"
    assert message.startswith("degraded: Watcher refused the connection")


@pytest.mark.one_release
def test_an_optional_service_that_is_not_deployed_is_no_fault(
    verified: Deployment, stack: Stack
) -> None:
    stack.catalog.remove("infra-optim")

    verified.update_status()

    assert verified.status[0] == "active"
    assert verified.status[1].startswith("metric, alarming, key-manager verified")
    assert verified.finding("infra-optim.catalog").severity is Severity.SKIPPED


@pytest.mark.one_release
def test_a_stopped_keystone_blocks_and_nothing_else_is_blamed(
    verified: Deployment, stack: Stack
) -> None:
    stack.services["keystone"].stop()

    verified.update_status()

    expected = f"Keystone refused the connection at {stack.keystone_url}/v3; juju status keystone"
    assert verified.status == ("blocked", expected)
    assert len(verified.report.having(Severity.FAILED)) == 1


def test_gnocchis_database_gone_is_seen_although_its_root_answers(
    verified: Deployment, stack: Stack
) -> None:
    stack.postgres_stop()

    verified.update_status()

    assert verified.status[0] == "blocked"
    assert verified.finding("metric.endpoint").severity is Severity.OK
    assert verified.finding("metric.read").cause is Cause.SERVER_ERROR


@pytest.mark.one_release
@pytest.mark.parametrize("process", ["keystone", "gnocchi"])
def test_a_frozen_process_costs_its_own_check_alone(
    verified: Deployment, stack: Stack, process: str
) -> None:
    verified.configure(verify_timeout=2)
    stack.services[process].freeze()

    verified.update_status()

    slow = [f for f in verified.report.findings if f.cause is Cause.TIMEOUT]
    assert len(slow) == 1
    assert "did not answer in time" in slow[0].summary


@pytest.mark.one_release
def test_a_service_without_the_wanted_interface_names_the_others(
    verified: Deployment, stack: Stack
) -> None:
    stack.catalog.drop_endpoints("alarming", "internal")
    stack.catalog.drop_endpoints("alarming", "admin")

    verified.update_status()

    expected = (
        "Aodh has no internal endpoint (it has public); "
        "juju config telemetry-coordinator interface=public"
    )
    assert verified.status == ("blocked", expected)


@pytest.mark.one_release
def test_a_service_without_endpoints_blocks(verified: Deployment, stack: Stack) -> None:
    stack.catalog.drop_endpoints("alarming")

    verified.update_status()

    assert verified.status[0] == "blocked"
    assert verified.finding("alarming.catalog").cause is Cause.NO_INTERFACE


@pytest.mark.one_release
def test_an_endpoint_in_another_region_is_told_apart(verified: Deployment, stack: Stack) -> None:
    stack.catalog.remove("alarming")
    stack.catalog.add("alarming", "aodh", stack.services["aodh"].url, region="RegionTwo")

    verified.update_status()

    finding = verified.finding("alarming.catalog")
    assert finding.cause is Cause.NO_REGION
    assert "RegionTwo" in finding.summary


@pytest.mark.one_release
def test_the_region_option_decides_which_endpoint_is_asked(
    verified: Deployment, stack: Stack
) -> None:
    stack.catalog.add("alarming", "aodh", "http://127.0.0.1:9", region="RegionTwo")
    verified.configure(region="RegionTwo", required_services="alarming", optional_services="")

    verified.update_status()

    assert verified.finding("alarming.endpoint").cause is Cause.REFUSED
    assert "http://127.0.0.1:9" in verified.status[1]


def test_an_endpoint_that_points_at_another_service_is_unmasked(
    verified: Deployment, stack: Stack
) -> None:
    stack.catalog.point("alarming", stack.gnocchi_url)

    verified.update_status()

    assert verified.status[0] == "blocked"
    assert verified.finding("alarming.endpoint").cause is Cause.UNEXPECTED


def test_barbican_in_the_catalog_at_gnocchis_address_is_unmasked(
    verified: Deployment, stack: Stack
) -> None:
    stack.catalog.point("key-manager", stack.gnocchi_url)

    verified.update_status()

    assert verified.finding("key-manager.read").cause is Cause.NOT_FOUND


@pytest.mark.one_release
def test_a_name_that_does_not_resolve_is_told_apart(verified: Deployment, stack: Stack) -> None:
    stack.catalog.point("alarming", "http://aodh.invalid:8042")

    verified.update_status()

    assert verified.finding("alarming.endpoint").cause is Cause.UNRESOLVED
    assert verified.status[1].startswith("Aodh has a name that does not resolve")


@pytest.mark.one_release
def test_a_malformed_url_in_the_catalog_is_told_apart(verified: Deployment, stack: Stack) -> None:
    stack.catalog.point("alarming", "aodh.example.com:8042")

    verified.update_status()

    assert verified.finding("alarming.catalog").cause is Cause.BAD_URL


@pytest.mark.one_release
def test_duplicate_entries_degrade_and_are_named(verified: Deployment, stack: Stack) -> None:
    stack.catalog.add("alarming", "aodh-old", "http://127.0.0.1:9")

    verified.update_status()

    finding = verified.finding("alarming.catalog")
    assert finding.cause is Cause.DUPLICATE
    assert "aodh, aodh-old" in finding.summary


def test_a_reader_may_not_ask_watcher_and_that_is_no_fault_where_it_was_asked_for(
    verified: Deployment, stack: Stack
) -> None:
    reader = stack.credentials_databag(username="reader-only", roles=("reader",))
    verified.give_credentials(reader)

    verified.configure(requested_grants="reader")

    assert verified.status[0] == "active", verified.status
    watcher = verified.finding("infra-optim.read")
    assert (watcher.severity, watcher.cause) == (Severity.SKIPPED, Cause.FORBIDDEN)


@pytest.mark.one_release
def test_a_user_that_lost_its_rights_is_a_fault(verified: Deployment, stack: Stack) -> None:
    reader = stack.credentials_databag(username="reader-only", roles=("reader",))
    verified.give_credentials(reader)

    verified.identity_changed()

    watcher = verified.finding("infra-optim.read")
    assert (watcher.severity, watcher.cause) == (Severity.DEGRADED, Cause.FORBIDDEN)


@pytest.mark.one_release
def test_a_wrong_password_blocks_with_what_to_type(verified: Deployment, stack: Stack) -> None:
    wrong = {**stack.credentials_databag(), "credentials_password": "wrong"}
    verified.give_credentials(wrong)

    verified.identity_changed()

    name, message = verified.status
    assert name == "blocked"
    assert message.startswith("Keystone refuses the credentials (HTTP 401)")
    assert message.endswith(
        "juju remove-relation telemetry-coordinator:identity-credentials keystone"
    )


@pytest.mark.one_release
def test_stale_credentials_of_a_former_leader_are_passed_over(
    verified: Deployment, stack: Stack
) -> None:
    good = stack.credentials_databag()
    stale = {**good, "credentials_password": "stale"}
    verified.give_credentials(stale, good)

    verified.identity_changed()

    assert verified.status[0] == "active"


@pytest.mark.one_release
def test_no_secret_is_in_anything_that_is_said(verified: Deployment, stack: Stack) -> None:
    password = "s3cr3t-of-the-test"
    verified.give_credentials(stack.credentials_databag(username="talkative", password=password))
    verified.identity_changed()
    verified.action("verify-stack", format="json")
    verified.action("ceilometer-upgrade")
    stack.services["aodh"].stop()
    verified.update_status()

    assert password not in verified.everything_said()
