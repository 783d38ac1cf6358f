"""The deployed charm beside the real services: events, faults, refresh, leaving and actions."""

from __future__ import annotations

import collections.abc
import json
import pathlib
import signal

import pytest
import trustme

from tests.support.agent.agent import Agent
from tests.support.agent.expectations import assert_at_rest, assert_quiet, assert_verified, runs
from tests.support.openstack import Stack

pytestmark = pytest.mark.one_release
EARLIER = "2026-01-02T03:04:05+00:00"


@pytest.fixture
def record_of_an_earlier_revision(stack: Stack) -> str:
    """A record as the first revision of the charm wrote it, about this stack."""
    endpoint = {"endpoint": stack.gnocchi_url, "build": "", "release": "", "members": ""}
    success = {"at": EARLIER, "ran": True, "fingerprint": endpoint}
    return json.dumps({"version": 1, "success": success})


HOOKS = ("install", "start", "config-changed", "leader-elected", "update-status", "upgrade-charm")


def test_every_hook_verifies_and_runs_nothing_again(coordinator: Agent) -> None:
    before = len(runs(coordinator))

    for name in HOOKS:
        assert_quiet(coordinator.hook(name))
        assert_verified(coordinator)
        assert len(runs(coordinator)) == before, name


def remotes(stack: Stack) -> dict[str, tuple[str, dict[str, str], dict[str, str]]]:
    """Another application for each endpoint: its name, unit databag and application databag."""
    authority = trustme.CA().cert_pem.bytes().decode()
    changed = "fd3eb26f277db4d794ba8ca3e466b1daba4cc7b9a94dce507ba3a91a1cd0d9ec"
    return {
        "identity-notifications": ("keystone", {"gnocchi-endpoint-changed": changed}, {}),
        "certificates": ("vault", {"ca": authority, "chain": authority}, {}),
        "receive-ca-cert": (
            "self-signed-certificates",
            {},
            {"certificates": json.dumps([authority]), "version": "1"},
        ),
        "member": ("aodh", {}, {}),
        "telemetry-stack": ("horizon", {}, {}),
    }


@pytest.mark.parametrize(
    "endpoint",
    ["identity-notifications", "certificates", "receive-ca-cert", "member", "telemetry-stack"],
)
def test_every_event_of_an_optional_relation_verifies(
    coordinator: Agent, stack: Stack, endpoint: str
) -> None:
    application, unit_data, app_data = remotes(stack)[endpoint]
    relation = coordinator.relate(endpoint, application, {f"{application}/0": unit_data}, app_data)

    for result in [*coordinator.announce(relation), *coordinator.break_relation(relation)]:
        assert_quiet(result)
        assert_verified(coordinator)


def test_a_peer_that_comes_and_goes_changes_nothing(coordinator: Agent) -> None:
    peer, name = coordinator.relation_id("coordinators"), "telemetry-coordinator/1"
    coordinator.update_remote(peer, name, {})

    for event in ("joined", "changed", "departed"):
        assert_quiet(coordinator.relation_event("coordinators", event, name))
        assert_verified(coordinator)


@pytest.mark.parametrize(
    ("endpoint", "application"),
    [("identity-credentials", "keystone"), ("metric-service", "gnocchi")],
)
def test_a_needed_relation_goes_and_comes_back(
    coordinator: Agent, endpoint: str, application: str
) -> None:
    unit = f"{application}/0"
    relation = coordinator.relation_id(endpoint)
    data = dict(coordinator.relation(relation).remote_units[unit].data)

    for result in coordinator.break_relation(relation):
        assert_quiet(result)
    assert coordinator.unit_status.name == "blocked"
    assert f"juju integrate telemetry-coordinator {application}" in coordinator.unit_status.message

    for result in coordinator.announce(coordinator.relate(endpoint, application, {unit: data})):
        assert_quiet(result)
    assert_verified(coordinator)


def test_a_service_that_stopped_is_named(coordinator: Agent, stack: Stack) -> None:
    stack.services["aodh"].stop()

    assert_quiet(coordinator.hook("update-status"))

    assert coordinator.unit_status.name == "blocked"
    assert coordinator.unit_status.message.startswith("Aodh refused the connection")


def test_a_frozen_keystone_costs_only_the_budget(coordinator: Agent, stack: Stack) -> None:
    coordinator.config({"verify-timeout": 3})
    stack.services["keystone"].freeze()

    result = coordinator.hook("update-status")

    assert_quiet(result)
    assert coordinator.unit_status.name == "blocked"
    assert result.seconds < 3 + 5


# upgrade-charm


def test_a_refresh_keeps_the_record_of_the_revision_before(
    coordinator: Agent, record_of_an_earlier_revision: str
) -> None:
    before = len(runs(coordinator))
    coordinator.peer_app_data["record"] = record_of_an_earlier_revision

    assert_quiet(coordinator.hook("upgrade-charm"))

    assert_verified(coordinator)
    assert len(runs(coordinator)) == before
    assert json.loads(coordinator.peer_app_data["record"])["success"]["at"] == EARLIER


def test_a_refresh_from_the_first_revision_keeps_the_record_and_comes_to_rest(
    coordinator: Agent, record_of_an_earlier_revision: str
) -> None:
    # as the first revision left it: report and verdict, and of the unit a note on the juju client
    before = len(runs(coordinator))
    peer = coordinator.relation(coordinator.relation_id("coordinators"))
    peer.local_app_data.clear()
    peer.local_app_data.update(
        {
            "record": record_of_an_earlier_revision,
            "report": json.dumps({"version": 1, "taken_at": EARLIER, "findings": []}),
            "verdict": json.dumps({"level": "active", "problem": "verified", "remedy": ""}),
        }
    )
    peer.local_unit_data["client"] = json.dumps({"at": EARLIER, "problem": "no snapd"})

    for result in [coordinator.hook("upgrade-charm"), *coordinator.settle()]:
        assert_quiet(result)

    assert_verified(coordinator)
    assert len(runs(coordinator)) == before
    peer = coordinator.relation(coordinator.relation_id("coordinators"))  # as it is now
    assert json.loads(peer.local_app_data["record"])["success"]["at"] == EARLIER
    assert peer.local_app_data.keys() <= {"record", "status", "blueprint"}
    assert "client" not in peer.local_unit_data
    assert_at_rest(coordinator)


def test_a_refresh_without_a_record_finds_the_work_done(coordinator: Agent) -> None:
    before = len(runs(coordinator))
    coordinator.peer_app_data.clear()

    assert_quiet(coordinator.hook("upgrade-charm"))

    assert_verified(coordinator)
    assert len(runs(coordinator)) == before
    assert json.loads(coordinator.peer_app_data["record"])["success"]["ran"] is False


def test_a_refresh_without_a_record_does_the_work_that_is_missing(
    coordinator: Agent, stack: Stack
) -> None:
    before = len(runs(coordinator))
    coordinator.peer_app_data.clear()
    stack.replace_gnocchi_database()

    assert_quiet(coordinator.hook("upgrade-charm"))

    assert_verified(coordinator)
    assert len(runs(coordinator)) == before + 1


@pytest.mark.parametrize("record", ['{"version": 99}', "{"])
def test_a_record_that_cannot_be_read_is_kept_and_said(coordinator: Agent, record: str) -> None:
    coordinator.peer_app_data["record"] = record

    assert_quiet(coordinator.hook("upgrade-charm"))

    assert coordinator.unit_status.name == "blocked"
    assert "record" in coordinator.unit_status.message
    assert coordinator.peer_app_data["record"] == record


# leadership and leaving


def test_a_unit_that_lost_leadership_shows_the_leaders_status(coordinator: Agent) -> None:
    coordinator.leader = False

    result = coordinator.hook("update-status")

    assert_quiet(result)
    assert not result.app_statuses
    assert coordinator.unit_status.name == "active"
    assert coordinator.unit_status.message.startswith("standby; leader active:")


@pytest.mark.parametrize("name", ["stop", "remove"])
def test_leaving_verifies_nothing(coordinator: Agent, stack: Stack, name: str) -> None:
    stack.services["keystone"].freeze()

    result = coordinator.hook(name)

    assert_quiet(result)
    assert result.seconds < 3


# actions


def test_verify_stack_tells_of_every_service(coordinator: Agent) -> None:
    coordinator.config({"optional-services": "infra-optim"})

    result = coordinator.action("verify-stack")

    assert result.succeeded, result.message
    assert result.results["status"] == "verified"
    well = dict.fromkeys(("identity", "metric", "alarming", "key-manager"), "ok")
    for service, status in {**well, "infra-optim": "degraded"}.items():  # it has no engines
        told = result.results[service]
        assert isinstance(told, collections.abc.Mapping)
        assert told["status"] == status


def test_verify_stack_gives_json(coordinator: Agent) -> None:
    result = coordinator.action("verify-stack", {"format": "json", "services": "metric"})

    assert result.succeeded, result.message
    assert isinstance(json.loads(str(result.results["report"])), dict)


def test_verify_stack_fails_when_a_service_is_down(coordinator: Agent, stack: Stack) -> None:
    stack.services["barbican"].stop()

    result = coordinator.action("verify-stack")

    assert result.status == "failed"
    assert result.message.startswith("Barbican refused the connection")
    assert coordinator.unit_status.name == "blocked"


def test_the_action_ceilometer_upgrade_runs_it_whatever_the_record_says(
    coordinator: Agent,
) -> None:
    result = coordinator.action("ceilometer-upgrade")

    assert result.succeeded, result.message
    assert result.results["outcome"] == "success"
    assert_verified(coordinator)


def test_the_action_ceilometer_upgrade_is_for_the_leader(coordinator: Agent) -> None:
    coordinator.leader = False

    result = coordinator.action("ceilometer-upgrade")

    assert result.status == "failed"
    assert "juju run telemetry-coordinator/leader ceilometer-upgrade" in result.message


def test_show_report_asks_nothing_of_the_network(coordinator: Agent, stack: Stack) -> None:
    for service in stack.services.values():
        service.freeze()

    result = coordinator.action("show-report")

    assert result.succeeded, result.message
    assert result.results["status"] == "verified"
    assert result.hook.seconds < 3


def test_a_hook_killed_in_the_middle_of_a_run_is_made_good_by_the_next(
    coordinator: Agent,
    stack: Stack,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stack.replace_gnocchi_database()
    killer = tmp_path / "ceilometer-upgrade"
    killer.write_text("#!/bin/sh\nkill -9 0\n")  # itself, and the hook in whose group it runs
    killer.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setitem(coordinator.environment, "CEILOMETER_UPGRADE_COMMAND", str(killer))
        killed = coordinator.hook("update-status")
    assert killed.exit_code == -signal.SIGKILL

    assert_quiet(coordinator.hook("update-status"))

    assert_verified(coordinator)
    assert "instance" in stack.resource_types()
    folders = (pathlib.Path("/run"), pathlib.Path(coordinator.environment["TMPDIR"]))
    left = [path for folder in folders for path in folder.glob("telemetry-coordinator-*")]
    # beside this test, other processes of the machine may have folders; their numbers are in them
    processes = [pathlib.Path("/proc", path.name.split("-")[2]) for path in left]
    assert all(process.exists() for process in processes)
