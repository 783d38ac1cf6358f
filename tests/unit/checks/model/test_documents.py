"""The findings about models of real-world kinds."""

import copy
import datetime
from typing import Any

import msgspec
import pytest

from coordinator.checks.model import systems
from coordinator.juju import status
from coordinator.report import root_causes
from coordinator.report.finding import Cause, Finding, Severity
from tests.unit import reports
from tests.unit.checks.model import documents

NOW = datetime.datetime(2026, 11, 27, 12, 0, tzinfo=datetime.timezone.utc)
SERVICES = ("metric", "alarming", "key-manager")
REQUEST = msgspec.structs.replace(reports.REQUEST, required=SERVICES, optional=())


def told(document: dict[str, Any] | str, *failing: str) -> tuple[Finding, ...]:
    """The faults, where some services fail and the others work."""
    shown = documents.read(document) if isinstance(document, str) else document
    answers = [reports.good("identity", "token")]
    for service in SERVICES:
        bad = Finding(service, "endpoint", Severity.FAILED, "HTTP 500", Cause.SERVER_ERROR)
        answers.append(bad if service in failing else reports.good(service))
    report = msgspec.structs.replace(reports.report(*answers), taken_at=NOW)
    found = systems.of_model(status.parse(shown), REQUEST, ("ceilometer",), report)
    explained = root_causes.explained((*report.findings, *found), REQUEST.blueprint)
    return tuple(f for f in explained if f.severity in {Severity.FAILED, Severity.DEGRADED})


def say(document: dict[str, Any], application: str, level: str, message: str) -> None:
    """Let all units of a principal say something."""
    for unit in document["applications"][application]["units"].values():
        unit["workload-status"] = {"current": level, "message": message}


def causes(found: tuple[Finding, ...]) -> list[str]:
    return [finding.summary for finding in found if not finding.because]


@pytest.mark.parametrize(
    "name",
    ["vault-raft", "ceph-proxy", "mysql-elsewhere", "gnocchi-s3", "recorded-healthy"],
)
def test_a_healthy_cloud_is_well_however_it_is_served(name: str):
    assert told(name) == ()


def test_a_sealed_vault_that_stores_in_raft_is_the_cause():
    (found,) = told("vault-raft-sealed")
    assert (found.cause, found.because) == (Cause.SEALED, "")
    assert found.remedy.endswith("vault operator unseal")


def test_a_vault_that_wants_to_be_initialized_though_it_is_used_has_lost_its_storage():
    document = documents.read("vault-raft")
    say(document, "vault", "blocked", "Vault needs to be initialized")
    (found,) = told(document)
    assert found.cause is Cause.STORAGE_LOST
    assert "do not initialise it" in found.summary
    assert "operator init" not in found.remedy


def test_gnocchi_that_stores_in_s3_is_not_told_to_use_ceph_when_it_fails():
    found = told("gnocchi-s3", "metric")
    assert not any("ceph" in finding.summary + finding.remedy for finding in found)


def test_what_the_stack_does_not_use_is_nobodys_fault():
    document = documents.read("vault-raft")
    del document["applications"]["gnocchi"]["relations"]["storage-ceph"]
    say(document, "ceph-mon", "blocked", "Unit not clustered (no quorum)")
    assert told(document, "metric")[1:] == ()


@pytest.mark.parametrize("gives_certificates", [True, False])
def test_a_vault_that_keeps_no_secrets_of_barbican_does_not_fail_it(gives_certificates: bool):
    document = documents.read("vault-raft-sealed")
    barbican = document["applications"]["barbican"]
    del document["applications"]["barbican-vault"], barbican["relations"]["secrets"]
    barbican["relations"]["hsm"] = [{"related-application": "barbican-softhsm"}]
    document["applications"]["barbican-softhsm"] = {"charm-name": "barbican-softhsm"}
    if gives_certificates:
        for name in ("keystone", "gnocchi", "aodh", "barbican"):
            relations = document["applications"][name]["relations"]
            relations["certificates"] = [{"related-application": "vault"}]
    severities = {found.cause: found.severity for found in told(document)}
    assert severities == ({Cause.SEALED: Severity.DEGRADED} if gives_certificates else {})


def test_a_charm_that_asks_for_its_storage_is_told_what_to_type():
    document = documents.read("gnocchi-s3")
    say(document, "gnocchi", "waiting", "'storage-ceph' missing")
    assert "gnocchi is not integrated with ceph-mon (storage-ceph)" in causes(told(document))


def test_a_charm_that_asks_for_another_place_is_not_told_of_this_one():
    document = documents.read("vault-raft")
    for name in ("barbican-vault", "vault"):
        del document["applications"][name]
    document["applications"]["barbican"]["relations"].pop("secrets")
    say(document, "barbican", "blocked", "'hsm' missing")
    assert {found.check for found in told(document)} == {"key-manager.application"}


def test_what_a_charm_asks_for_and_what_it_lacks_is_one_cause():
    document = documents.read("noble")
    found = [f for f in told(document) if f.service == "key-manager"]
    assert [f.because for f in found] == ["key-manager.integrations", ""]


def test_an_api_without_certificates_where_keystone_has_them_is_told():
    found = {finding.check: finding for finding in told("tls")}
    assert found["metric.certificates"].remedy == (
        "juju integrate gnocchi:certificates vault:certificates"
    )
    assert "telemetry.certificates" not in found


def test_after_a_power_cut_the_whole_database_is_rebooted():
    found = told("mysql-outage", *SERVICES)
    (cause,) = [finding for finding in found if not finding.because]
    assert cause.cause is Cause.CLUSTER_DOWN
    assert cause.remedy == (
        "juju run mysql-innodb-cluster/leader reboot-cluster-from-complete-outage"
    )


@pytest.mark.parametrize("other", ["MySQL is down on this instance", "Unit is waiting"])
def test_a_whole_database_is_down_whatever_its_members_say(other: str):
    document = documents.read("mysql-outage")
    unit = document["applications"]["mysql-innodb-cluster"]["units"]["mysql-innodb-cluster/2"]
    unit["workload-status"] = {"current": "blocked", "message": other}
    found = told(document, *SERVICES)
    causes = {f.cause: f for f in found if f.service == "mysql-innodb-cluster"}
    remedy = causes[Cause.CLUSTER_DOWN].remedy
    assert remedy.endswith("/leader reboot-cluster-from-complete-outage")
    assert all(f.because for f in found if f.service in SERVICES)


def test_a_database_of_another_charm_is_the_cause_of_what_it_serves():
    found = told("percona-outage", *SERVICES)
    (cause,) = [finding for finding in found if not finding.because]
    assert (cause.cause, cause.severity) == (Cause.CLUSTER_DOWN, Severity.FAILED)
    assert cause.remedy == "juju run UNIT bootstrap-pxc"


def test_the_address_of_a_database_is_part_of_it():
    document = documents.read("percona-outage")
    say(document, "mysql", "active", "Unit is ready")
    for unit in document["applications"]["mysql"]["units"].values():
        for beside in unit["subordinates"].values():
            text = "Resource: res_mysql_vip not running"
            beside["workload-status"] = {"current": "blocked", "message": text}
    (cause,) = [f for f in told(document, *SERVICES) if not f.because]
    assert (cause.check, cause.cause) == ("mysql-innodb-cluster.address", Cause.VIP_DOWN)


@pytest.mark.parametrize(
    ("change", "cause", "severity"),
    [
        (
            {"application-status": {"current": "error", "message": "x"}},
            Cause.HOOK_FAILED,
            "failed",
        ),
        ({"application-status": {"current": "terminated"}}, Cause.LEAVING, "degraded"),
        ({"life": "dying"}, Cause.LEAVING, "degraded"),
        ({"status-error": "no connection"}, Cause.JUJU_ERROR, "degraded"),
    ],
)
def test_what_another_model_offers_is_told_when_it_fails(
    change: dict[str, Any], cause: Cause, severity: str
):
    document = documents.read("broker-elsewhere")
    assert told(document) == ()
    document["application-endpoints"]["queues"].update(change)
    (found,) = told(document)
    assert (found.check, found.cause) == ("rabbitmq-server.offer", cause)
    assert found.severity.value == severity
    assert found.remedy == "juju show-offer admin/brokers.rabbitmq-server"


def test_a_broker_that_others_use_is_not_the_stacks():
    document = documents.read("broker-elsewhere")
    say(document, "landscape-rabbitmq-server", "blocked", "RabbitMQ is partitioned")
    assert told(document, "alarming")[1:] == ()


def test_a_database_that_most_services_work_with_is_not_down():
    found = told("mysql-outage", "alarming")
    assert {f.severity for f in found if f.cause is Cause.CLUSTER_DOWN} == {Severity.DEGRADED}


def test_one_member_that_is_out_is_rejoined():
    document = documents.read("mysql-outage")
    units = document["applications"]["mysql-innodb-cluster"]["units"]
    for name in list(units)[1:]:
        units[name]["workload-status"] = {"current": "active", "message": "Unit is ready"}
    (found,) = [f for f in told(document) if f.service == "mysql-innodb-cluster"]
    assert found.cause is Cause.MEMBER_OUT
    assert found.remedy == "juju run mysql-innodb-cluster/leader cluster-status"
    assert "rejoin-instance address=ADDRESS" in found.summary


def test_a_cluster_that_works_and_may_lose_no_more_is_degraded():
    document = documents.read("vault-raft")
    text = "Unit is ready: Mode: R/O, Cluster is NOT tolerant to any failures."
    say(document, "mysql-innodb-cluster", "active", text)
    (found,) = told(document)
    assert (found.cause, found.severity) == (Cause.NOT_TOLERANT, Severity.DEGRADED)


def test_routers_of_one_service_are_its_cause_and_nobody_elses():
    found = told("routers-of-aodh", "alarming")
    (cause,) = [finding for finding in found if not finding.because]
    assert cause.check == "alarming.router"
    assert cause.severity is Severity.FAILED
    assert "aodh-mysql-router is blocked" in cause.summary
    assert "(all of its 3 units)" in cause.summary
    assert {finding.because for finding in found if finding != cause} == {"alarming.router"}


def test_a_router_of_two_services_is_judged_for_each():
    document = documents.read("router-of-two")
    for unit in document["applications"]["aodh"]["units"].values():
        for beside in unit["subordinates"].values():
            text = "Failed to connect to MySQL"
            beside["workload-status"] = {"current": "blocked", "message": text}
    (_, cause) = told(document, "alarming")
    assert (cause.check, cause.severity) == ("alarming.router", Severity.FAILED)
    assert "(all of its 3 units)" in cause.summary


def test_what_cuts_vault_off_comes_before_its_seal():
    document = documents.read("vault-raft-sealed")
    vault = document["applications"]["vault"]
    document["applications"]["vault-mysql-router"] = {
        "charm-name": "mysql-router",
        "subordinate-to": ["vault"],
        "relations": {
            "shared-db": [{"related-application": "vault"}],
            "db-router": [{"related-application": "mysql-innodb-cluster"}],
        },
    }
    vault["relations"]["shared-db"] = [{"related-application": "vault-mysql-router"}]
    said = {"current": "blocked", "message": "Failed to connect to MySQL"}
    for number, unit in enumerate(vault["units"].values()):
        unit["subordinates"] = {f"vault-mysql-router/{number}": {"workload-status": said}}
    found = told(document, "key-manager")
    assert found[0].because == "vault.router"
    assert {f.check for f in found if not f.because} == {"vault.router", "vault.application"}


def test_agents_of_another_release_get_their_packages_where_their_hosts_do():
    (found,) = [f for f in told("agents-lag") if f.cause is Cause.MIXED_RELEASES]
    assert found.summary.startswith("ceilometer-agent is of the release xena")
    assert found.remedy == "juju config nova-compute openstack-origin"


def test_what_holds_the_address_of_a_service_is_its_cause():
    found = told("hacluster-blocked", "metric")
    (cause,) = [finding for finding in found if not finding.because]
    assert (cause.check, cause.cause) == ("metric.address", Cause.VIP_DOWN)
    assert cause.severity is Severity.FAILED
    assert cause.summary.startswith("ha-gnocchi (hacluster) is blocked: Resource: ")


@pytest.mark.parametrize("number", ["1", "1/lxd/3"])
def test_one_machine_that_is_down_is_one_cause(number: str):
    document = documents.read("machine-down")
    for app in document["applications"].values():
        for unit in app.get("units", {}).values():
            if unit["machine"] == "1":
                unit["machine"] = number
    found = told(document)
    (cause,) = [finding for finding in found if not finding.because]
    assert (cause.cause, cause.remedy) == (Cause.MACHINE_DOWN, "juju show-machine 1")
    assert len(found) > 5


def test_a_machine_that_is_down_with_its_containers_is_one_cause():
    found = told("containers-down")
    (cause,) = [finding for finding in found if not finding.because]
    assert (cause.check, cause.remedy) == ("machines.0", "juju show-machine 0")
    assert len(found) > 10


def test_containers_that_are_down_alone_are_causes_of_their_own():
    document = documents.read("containers-down")
    document["machines"]["0"]["juju-status"] = {"current": "started"}
    containers = document["machines"]["0"]["containers"]
    for name in list(containers)[2:]:
        containers[name]["juju-status"] = {"current": "started"}
    for app in document["applications"].values():
        for unit in app.get("units", {}).values():
            for one in (unit, *unit.get("subordinates", {}).values()):
                if unit["machine"] not in list(containers)[:2]:
                    one["juju-status"] = {"current": "idle"}
                    one["workload-status"] = {"current": "active", "message": "Unit is ready"}
    roots = [finding.check for finding in told(document) if not finding.because]
    assert roots == [f"machines.{name.replace('/', '-')}" for name in list(containers)[:2]]


def test_a_container_on_a_machine_that_never_came_waits_for_that():
    document = documents.read("containers-down")
    machine = document["machines"]["0"]
    machine["machine-status"] = {"current": "provisioning error", "message": "no such node"}
    fresh = {
        "current": "waiting",
        "message": "waiting for machine",
        "since": "22 Nov 2026 09:00:00Z",
    }
    for app in document["applications"].values():
        for unit in app.get("units", {}).values():
            if unit["machine"].startswith("0/"):
                unit["juju-status"], unit["workload-status"] = {"current": "allocating"}, fresh
                unit.pop("subordinates", None)
    roots = {finding.check: finding for finding in told(document) if finding.because == ""}
    assert roots["machines.0"].remedy == "juju retry-provisioning 0"
    assert not any("0/lxd" in finding.summary for finding in roots.values())


def test_a_machine_that_never_came_is_provisioned_again():
    found = {f.check: f for f in told("recorded-machine-not-provisioned")}
    assert found["machines.3"].remedy == "juju retry-provisioning 3"
    assert found["machines.3"].summary == (
        "machine 3 never came (suitable availability zone for machine 3 not found); "
        "ceph-mon/3 waits for it"
    )
    assert found["machines.4"].remedy == "juju show-machine 4"  # Juju itself still tries


def test_an_application_that_is_being_removed_is_told_as_that_only():
    found = [f for f in told("recorded-machine-stopped") if "watcher" in f.summary + f.remedy]
    assert not any("resolved" in f.remedy or "integrate" in f.remedy for f in found)


def test_what_juju_could_not_tell_is_never_told_as_missing():
    document = documents.read("vault-raft")
    document["applications"]["aodh"] = {"status-error": "cannot get status"}
    found = told(document, "alarming")
    assert Cause.NOT_DEPLOYED not in {finding.cause for finding in found}
    assert "Juju could not tell about aodh, and shows no other aodh" in causes(found)


def test_hosts_of_bare_metal_need_no_agent():
    document = documents.read("vault-raft")
    ironic = copy.deepcopy(document["applications"]["nova-compute"])
    ironic["relations"] = {"ironic-api": ["ironic-api"], "amqp": ["rabbitmq-server"]}
    ironic["units"] = {"nova-ironic/0": {**next(iter(ironic["units"].values()))}}
    ironic["units"]["nova-ironic/0"].pop("subordinates", None)
    document["applications"]["nova-ironic"] = ironic
    assert told(document) == ()


def test_a_router_that_is_beside_nobody_is_told_where_its_service_fails():
    found = told("recorded-subordinate-missing", "alarming")
    assert "aodh is not integrated with aodh-mysql-router (shared-db)" in causes(found)


def test_new_software_that_waits_for_a_restart_is_degraded():
    document = documents.read("vault-raft")
    text = "New version of vault installed, manual intervention required to restart the service."
    say(document, "vault", "active", text)
    (found,) = told(document)
    assert (found.cause, found.severity) == (Cause.WAITS_FOR_RESTART, Severity.DEGRADED)


def test_several_applications_are_told_in_the_plural():
    document = documents.read("vault-raft")
    twin = copy.deepcopy(document["applications"]["gnocchi"])
    twin["units"] = {}
    document["applications"]["gnocchi-two"] = twin
    for name in ("gnocchi", "gnocchi-two"):
        document["applications"][name]["life"] = "dying"
    summaries = [finding.summary for finding in told(document)]
    assert any("are being removed from the Juju model" in summary for summary in summaries)


@pytest.mark.parametrize(
    ("channel", "version", "typed"),
    [
        ("yoga/stable", "", "plan-stack"),
        ("", "21.0.1", "plan-stack"),  # the version tells that it is Yoga
        ("", "", "plan-stack channel=RELEASE/stable"),
    ],
)
def test_the_plan_is_asked_for_with_a_channel_where_the_model_shows_none(
    channel: str, version: str, typed: str
):
    document = documents.read("vault-raft")
    del document["applications"]["aodh"]
    for name, app in document["applications"].items():
        app["charm-channel"] = channel
        app["version"] = version if name == "keystone" else ""
    (remedy,) = {f.remedy for f in told(document, "alarming") if f.cause is Cause.NOT_DEPLOYED}
    assert remedy == f"juju run {REQUEST.coordinator}/leader {typed}"
