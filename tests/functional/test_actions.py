"""The actions as an operator runs them, on the real services."""

from __future__ import annotations

import json

import jsonschema
import pytest

from tests.functional import deployment
from tests.functional.deployment import Deployment
from tests.support.openstack import Stack


def test_verify_stack_tells_of_every_service(verified: Deployment, stack: Stack) -> None:
    action = verified.action("verify-stack")

    assert not action.failure
    assert action.results["status"] == "verified"
    for service in ("identity", "metric", "alarming", "key-manager", "infra-optim", "telemetry"):
        assert action.results[service]["status"] == "ok", service
    assert action.results["metric"]["endpoint"] == stack.gnocchi_url


@pytest.mark.one_release
def test_verify_stack_shows_progress_where_canaries_take_long(verified: Deployment) -> None:
    assert verified.action("verify-stack").logs == []

    action = verified.action("verify-stack", deep=True)

    assert action.logs[0].startswith("[ok] Keystone issued a token")
    assert "[ok] Aodh lists alarms" in action.logs


@pytest.mark.one_release
def test_verify_stack_fails_when_something_is_down(verified: Deployment, stack: Stack) -> None:
    stack.services["barbican"].stop()

    action = verified.action("verify-stack")

    assert action.failure.startswith("Barbican refused the connection")
    assert action.results["status"] == "failed"
    assert action.results["key-manager"]["remedy"] == "juju status barbican"
    assert action.results["metric"]["status"] == "ok"


@pytest.mark.one_release
def test_verify_stack_updates_the_status_at_once(verified: Deployment, stack: Stack) -> None:
    stack.services["barbican"].stop()

    verified.action("verify-stack")

    assert verified.status[0] == "blocked"


@pytest.mark.one_release
def test_verify_stack_of_one_service_leaves_the_status_alone(
    verified: Deployment, stack: Stack
) -> None:
    before = verified.status
    stack.services["barbican"].stop()

    action = verified.action("verify-stack", services="key-manager")

    assert action.failure
    assert "metric" not in action.results
    assert verified.status == before


@pytest.mark.one_release
def test_verify_stack_takes_an_interface(verified: Deployment, stack: Stack) -> None:
    stack.catalog.point("alarming", "http://127.0.0.1:9", interface="public")

    action = verified.action("verify-stack", interface="public")

    assert action.failure.startswith("Aodh refused the connection at http://127.0.0.1:9")


@pytest.mark.one_release
def test_verify_stack_takes_a_region(verified: Deployment) -> None:
    action = verified.action("verify-stack", region="RegionNine")

    assert "has no endpoint in region RegionNine" in action.failure


@pytest.mark.one_release
def test_verify_stack_gives_json_for_programs(verified: Deployment) -> None:
    report = json.loads(verified.action("verify-stack", format="json").results["report"])

    jsonschema.validate(report, deployment.SCHEMA)
    assert report["verified"] is True


@pytest.mark.one_release
def test_verify_stack_gives_markdown_for_a_ticket(verified: Deployment, stack: Stack) -> None:
    stack.services["aodh"].stop()

    report = verified.action("verify-stack", format="markdown").results["report"]

    assert report.startswith("**NOT VERIFIED: Aodh refused the connection at http://127.0.0.1:")
    first = report.partition("|---|---|---|---|\n")[2].splitlines()[0]
    assert first.startswith("| Aodh (alarming) | failed | Aodh refused the connection")
    assert first.endswith(" | `juju status aodh` |")


@pytest.mark.one_release
def test_show_report_asks_the_cloud_nothing(verified: Deployment, stack: Stack) -> None:
    for service in stack.services.values():
        service.freeze()

    action = verified.action("show-report")

    assert not action.failure
    assert action.results["status"] == "verified"


@pytest.mark.one_release
def test_the_ceilometer_upgrade_action_needs_a_gnocchi_that_answers(
    verified: Deployment, stack: Stack
) -> None:
    stack.services["gnocchi"].stop()

    action = verified.action("ceilometer-upgrade")

    assert action.failure.startswith("Gnocchi must answer first: Gnocchi refused the connection")


@pytest.mark.one_release
def test_a_service_that_an_operator_describes_is_verified_without_a_check_of_its_own(
    verified: Deployment, stack: Stack
) -> None:
    """Aodh stands for any OpenStack service that the charm knows nothing of."""
    alarms = "{title: Alarms, charms: [aodh], catalog: {type: alarming, name: aodh, api: v2}}"
    verified.configure(blueprint=f"aodh: null\nalarms: {alarms}")
    assert verified.status[0] == "active"

    action = verified.action("verify-stack", services="alarming")

    assert not action.failure
    assert action.results["summary"] == "alarming verified"
    assert "\n  Alarms (alarming)  Alarms is in the service catalog\n" in action.results["report"]
    assert "lists alarms" not in action.results["report"]
    stack.services["aodh"].stop()
    assert verified.action("verify-stack").failure.startswith("Alarms refused the connection")
