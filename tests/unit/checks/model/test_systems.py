"""What the Juju model says about the stack, on models of charmed OpenStack."""

import datetime
import time

import msgspec
import pytest

from coordinator.blueprint import loader
from coordinator.checks.model import systems
from coordinator.juju import status
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.report import Canaries
from tests.support.juju import models
from tests.unit import reports

WORKING = (
    reports.good("identity", "token"),
    reports.good("metric"),
    reports.good("alarming"),
    reports.good("key-manager"),
)
NOW = datetime.datetime(2026, 11, 22, 10, 0, tzinfo=datetime.timezone.utc)


@pytest.fixture
def cloud() -> models.Model:
    return models.openstack()


def judged(cloud: models.Model, *answers: Finding, **changes: object) -> tuple[Finding, ...]:
    canaries = changes.pop("canaries", None)
    request = msgspec.structs.replace(reports.REQUEST, **changes)
    made = reports.report(*(answers or WORKING))
    report = msgspec.structs.replace(made, taken_at=NOW, canaries=canaries)
    return systems.of_model(status.parse(cloud.document), request, ("ceilometer",), report)


def faults(cloud: models.Model, *answers: Finding, **changes: object) -> list[Finding]:
    bad = {Severity.FAILED, Severity.DEGRADED}
    return [f for f in judged(cloud, *answers, **changes) if f.severity in bad]


def fault(cloud: models.Model, *answers: Finding, **changes: object) -> Finding:
    (found,) = faults(cloud, *answers, **changes)
    return found


# A healthy model


@pytest.mark.parametrize("units", [1, 3])
@pytest.mark.parametrize("version", ["3.6.9", "4.0.6"])
def test_a_healthy_model_has_no_faults(units: int, version: str):
    assert faults(models.openstack(units=units, version=version)) == []


def test_every_system_that_is_there_is_told_in_the_order_of_the_blueprint(cloud: models.Model):
    assert [finding.service for finding in judged(cloud)] == [
        "identity",
        "metric",
        "alarming",
        "key-manager",
        "telemetry",
        "ceilometer-agent",
        "nova-compute",
        "rabbitmq-server",
        "mysql-router",
        "mysql-innodb-cluster",
        "memcached",
        "ceph-mon",
        "barbican-vault",
        "vault",
    ]


def test_what_is_well_is_told_with_its_names_and_units(cloud: models.Model):
    found = {finding.check: finding.summary for finding in judged(cloud)}
    assert found["rabbitmq-server.application"] == (
        "RabbitMQ in the Juju model: rabbitmq-server, 3 units, all well"
    )


def test_routers_of_others_are_not_the_stacks(cloud: models.Model):
    cloud.say("glance-mysql-router", "blocked", "Failed to bootstrap mysqlrouter")
    assert faults(cloud) == []


def test_a_highly_available_model_has_subordinates_of_its_own(cloud: models.Model):
    for name in ("keystone", "gnocchi", "aodh"):
        cloud.attach(f"{name}-hacluster", name, charm="hacluster", channel="2.4/stable")
        cloud.integrate(f"{name}:ha", f"{name}-hacluster:ha", "hacluster", "container")
    assert faults(cloud) == []


def test_three_thousand_hosts_are_judged_in_a_moment():
    large = models.openstack(computes=3000)
    del large.units("nova-compute")["nova-compute/1234"]["subordinates"]
    document = large.document
    start = time.process_time()
    seen = status.parse(document)
    found = systems.of_model(seen, reports.REQUEST, (), reports.report(*WORKING))
    assert time.process_time() - start < 5
    assert any("missing on nova-compute/1234" in finding.summary for finding in found)


def test_applications_may_have_any_names():
    renamed = models.Model()
    renamed.deploy("auth", charm="keystone", version="24.0.0")
    renamed.consume("database")
    renamed.integrate("auth:shared-db", "database:shared-db", "mysql-shared")
    renamed.deploy("timeseries", charm="gnocchi")
    renamed.say("timeseries", "blocked", "Missing relations: coordinator-memcached")
    found = faults(renamed)
    assert {"timeseries is not integrated with memcached (coordinator-memcached)"} < {
        finding.summary for finding in found
    }


# Units


def test_a_blocked_system_that_its_api_does_not_need_is_a_degradation(cloud: models.Model):
    cloud.say("gnocchi", "blocked", "Ports which should be open, but are not: 8041")
    found = fault(cloud)
    assert (found.check, found.severity, found.cause) == (
        "metric.application",
        Severity.DEGRADED,
        Cause.SERVICE_DOWN,
    )
    assert found.summary.startswith(
        "gnocchi/0 is blocked: Ports which should be open, but are not: 8041; "
    )
    assert found.remedy == "juju run gnocchi/0 resume"


def test_a_blocked_system_whose_api_fails_is_a_failure(cloud: models.Model):
    cloud.say("gnocchi", "blocked", "Ports which should be open, but are not: 8041")
    found = fault(cloud, *WORKING[:1], reports.bad("metric"), *WORKING[2:])
    assert found.severity is Severity.FAILED


def test_what_is_not_required_is_never_a_failure(cloud: models.Model):
    cloud.say("barbican", "blocked", "x")
    found = fault(
        cloud,
        *WORKING[:3],
        reports.bad("key-manager"),
        required=("metric",),
        optional=("alarming", "key-manager"),
    )
    assert found.severity is Severity.DEGRADED


def test_what_is_not_verified_is_not_judged(cloud: models.Model):
    cloud.say("vault", "blocked", "Unit is sealed")
    cloud.say("barbican", "blocked", "x")
    assert faults(cloud, *WORKING[:3], required=("metric",), optional=("alarming",)) == []


def test_a_sealed_vault_is_a_failure_with_the_command_that_opens_it(cloud: models.Model):
    cloud.say("vault", "blocked", "Unit is sealed")
    found = fault(cloud)
    assert (found.check, found.severity) == ("vault.application", Severity.FAILED)
    assert found.remedy == (
        "juju ssh vault/0 VAULT_ADDR=http://127.0.0.1:8220 vault operator unseal"
    )


def test_one_of_three_units_in_error_is_a_degradation(cloud: models.Model):
    cloud.say("rabbitmq-server/1", "error", 'hook failed: "amqp-relation-changed"')
    found = fault(cloud)
    assert (found.check, found.severity) == ("rabbitmq-server.units", Severity.DEGRADED)
    assert found.summary == (
        'rabbitmq-server/1 is in error: hook failed: "amqp-relation-changed" (1 of 3 units)'
    )
    assert found.remedy == "juju resolved rabbitmq-server/1"


def test_what_nobody_else_can_tell_and_is_dead_is_a_failure(cloud: models.Model):
    cloud.say("rabbitmq-server", "blocked", "Unit has peers, but RabbitMQ not clustered")
    found = fault(cloud)
    assert (found.check, found.severity) == ("rabbitmq-server.application", Severity.FAILED)
    assert found.summary == (
        "rabbitmq-server is blocked: Unit has peers, but RabbitMQ not clustered "
        "(all of its 3 units)"
    )


def test_of_many_units_some_are_named_after_what_the_charm_says():
    large = models.openstack(computes=20)
    for number in range(9):
        large.say(f"nova-compute/{number}", "blocked", "Services not running: libvirtd")
    assert fault(large).summary == (
        "9 of 20 units of nova-compute are blocked: Services not running: libvirtd "
        "(nova-compute/0, nova-compute/1, nova-compute/2, nova-compute/3, nova-compute/4 "
        "and 4 more)"
    )


def test_a_database_that_answers_through_the_services_does_not_block(cloud: models.Model):
    cloud.say("mysql-innodb-cluster", "blocked", "Cluster is inaccessible from this instance.")
    assert fault(cloud).severity is Severity.DEGRADED


def test_a_database_that_no_service_answers_for_blocks(cloud: models.Model):
    cloud.say("mysql-innodb-cluster", "blocked", "Cluster is inaccessible from this instance.")
    found = fault(cloud, reports.bad("identity", "token"))
    assert found.severity is Severity.FAILED


CANARY = reports.good("metric", "canary")


@pytest.mark.parametrize(
    ("sent", "severity"), [("09:30", Severity.DEGRADED), ("08:30", Severity.FAILED)]
)
def test_a_canary_proves_what_was_complained_about_before_it(
    cloud: models.Model, sent: str, severity: Severity
):
    cloud.say("memcached", "blocked", "Missing relations: cache")  # since 09:00
    sent_at = datetime.datetime.fromisoformat(f"2026-11-22T{sent}:00+00:00")
    (found,) = faults(cloud, *WORKING, CANARY, canaries=Canaries(sent_at, ""))
    assert found.severity is severity


def test_a_canary_proves_nothing_about_a_lost_agent(cloud: models.Model):
    cloud.lose("memcached/0")
    found = faults(cloud, *WORKING, CANARY, canaries=Canaries(NOW, ""))
    assert {finding.severity for finding in found} == {Severity.FAILED}


def test_a_canary_proves_nothing_about_the_message_bus(cloud: models.Model):
    cloud.say("rabbitmq-server", "blocked", "x")
    (found,) = faults(cloud, *WORKING, CANARY, canaries=Canaries(NOW, ""))
    assert found.severity is Severity.FAILED


def test_a_lost_agent_is_told_with_its_machine(cloud: models.Model):
    cloud.lose("nova-compute/1")
    found = {finding.check: finding for finding in faults(cloud)}
    assert found["nova-compute.units"].cause is Cause.AGENT_LOST
    machine = cloud.units("nova-compute")["nova-compute/1"]["machine"]
    assert found["nova-compute.units"].remedy == f"juju show-machine {machine}"


def test_lost_agents_are_told_with_all_their_machines():
    cloud = models.openstack(units=3)
    units = cloud.units("aodh")
    for name in units:
        cloud.lose(name)
    machines = " ".join(unit["machine"] for unit in units.values())
    (found,) = [f for f in faults(cloud) if f.check == "alarming.application"]
    assert found.remedy == f"juju show-machine {machines}"


def test_each_kind_of_trouble_has_its_finding_the_worst_first(cloud: models.Model):
    cloud.say("nova-compute/0", "blocked", "Services not running")
    cloud.lose("nova-compute/1")
    assert [finding.cause for finding in faults(cloud)] == [
        Cause.AGENT_LOST,
        Cause.CHARM_BLOCKED,
    ]


def test_a_paused_application_is_resumed(cloud: models.Model):
    cloud.say("aodh", "maintenance", "Paused. Use 'resume' action to resume normal service.")
    found = fault(cloud)
    assert (found.cause, found.remedy) == (Cause.PAUSED, "juju run aodh/0 resume")


def test_charms_at_work_are_left_to_it(cloud: models.Model):
    cloud.say("aodh", "maintenance", "Installing packages", since="22 Nov 2026 09:45:00Z")
    cloud.say("gnocchi", "waiting", "Incomplete relations", since="22 Nov 2026 09:45:00Z")
    assert faults(cloud) == []
    found = {finding.check: finding.summary for finding in judged(cloud)}
    assert found["alarming.application"].endswith("1 unit, 1 at work or waiting")


def test_charms_that_wait_too_long_are_told(cloud: models.Model):
    cloud.say("aodh", "waiting", "Incomplete relations: database", since="22 Nov 2026 08:55:00Z")
    found = fault(cloud)
    assert found.cause is Cause.CHARM_WAITS
    assert found.summary == ("aodh/0 is still waiting for 65 min: Incomplete relations: database")


def test_a_status_that_memcached_does_not_set_is_no_fault(cloud: models.Model):
    cloud.say("memcached", "unknown")
    assert faults(cloud) == []


def test_what_only_the_application_says_is_told(cloud: models.Model):
    cloud.applications["aodh"]["application-status"] = models.status("blocked", "no leader")
    found = fault(cloud)
    assert found.summary == "the application aodh is blocked: no leader"


def test_an_application_without_units_is_told(cloud: models.Model):
    cloud.applications["memcached"]["units"] = {}
    found = fault(cloud)
    assert (found.cause, found.remedy) == (Cause.NO_UNITS, "juju add-unit memcached")


def test_an_application_that_is_being_removed_is_told(cloud: models.Model):
    cloud.applications["gnocchi"]["life"] = "dying"
    assert fault(cloud).cause is Cause.LEAVING


def test_texts_of_charms_are_made_plain(cloud: models.Model):
    cloud.say("aodh", "blocked", "two\nlines\x00")
    assert fault(cloud).summary == "aodh/0 is blocked: two lines?"


# Ceilometer's own request


def test_ceilometers_request_is_told_elsewhere(cloud: models.Model):
    text = "Run the ceilometer-upgrade action on the leader to initialize ceilometer and gnocchi"
    cloud.say("ceilometer", "blocked", text)
    assert faults(cloud) == []


def test_an_application_that_asks_for_its_action_is_not_all_well():
    cloud = models.openstack(units=2)
    cloud.say("ceilometer", "blocked", "Run the ceilometer-upgrade action on the leader")
    (found,) = [f for f in judged(cloud) if f.check == "telemetry.application"]
    assert found.summary == (
        "Ceilometer in the Juju model: ceilometer, 2 units, "
        "ceilometer/0, ceilometer/1 ask for ceilometer-upgrade"
    )


def test_what_ceilometer_says_beside_its_request_is_told(cloud: models.Model):
    text = "Services not running: ceilometer-agent-notification, Run the ceilometer-upgrade action"
    cloud.say("ceilometer", "blocked", text)
    assert fault(cloud).summary == (
        "ceilometer/0 is blocked: Services not running: ceilometer-agent-notification"
    )


# Integrations


def test_a_missing_integration_is_told_with_the_command(cloud: models.Model):
    cloud.separate("aodh:amqp", "rabbitmq-server:amqp")
    cloud.say("aodh", "blocked", "Missing relations: messaging")
    found = {finding.check: finding for finding in faults(cloud)}
    missing = found["alarming.integrations"]
    assert missing.summary == "aodh is not integrated with rabbitmq-server (amqp)"
    assert missing.remedy == "juju integrate aodh:amqp rabbitmq-server:amqp"
    assert missing.cause is Cause.NOT_INTEGRATED


def test_the_command_names_the_applications_of_the_model():
    renamed = models.openstack()
    renamed.separate("aodh:amqp", "rabbitmq-server:amqp")
    renamed.say("aodh", "waiting", "'amqp' missing", since="22 Nov 2026 09:45:00Z")
    rabbit = renamed.applications.pop("rabbitmq-server")
    renamed.applications["mq"] = {
        **rabbit,
        "units": {f"mq/{n}": unit for n, unit in enumerate(rabbit["units"].values())},
    }
    for entry in renamed.applications.values():
        for others in entry.get("relations", {}).values():
            for other in others:
                if other["related-application"] == "rabbitmq-server":
                    other["related-application"] = "mq"
    found = fault(renamed)
    assert found.remedy == "juju integrate aodh:amqp mq:amqp"


def test_what_is_not_there_must_be_deployed_first(cloud: models.Model):
    cloud.remove("memcached")
    missing = "'coordinator-memcached' missing"
    cloud.say("gnocchi", "waiting", missing, since="22 Nov 2026 09:45:00Z")
    found = fault(cloud)
    assert found.summary == "gnocchi is not integrated with memcached (coordinator-memcached)"
    assert found.remedy == "juju run telemetry-coordinator/leader plan-stack"


def test_gnocchi_may_store_elsewhere_than_in_ceph(cloud: models.Model):
    cloud.remove("ceph-mon")
    assert faults(cloud) == []


def test_a_gnocchi_that_lacks_its_storage_is_told(cloud: models.Model):
    cloud.separate("gnocchi:storage-ceph", "ceph-mon:client")
    cloud.say("gnocchi", "blocked", "Missing relations: storage-ceph")
    assert "juju integrate gnocchi:storage-ceph ceph-mon:client" in [
        finding.remedy for finding in faults(cloud)
    ]


def test_an_application_of_another_model_meets_the_need(cloud: models.Model):
    cloud.remove("rabbitmq-server")
    cloud.consume("queues")
    for name in ("aodh", "barbican", "ceilometer", "ceilometer-agent"):
        cloud.integrate(f"{name}:amqp", "queues:amqp", "rabbitmq")
    assert faults(cloud) == []


def test_another_charm_that_offers_the_same_meets_the_need(cloud: models.Model):
    cloud.remove("keystone-mysql-router")
    cloud.deploy("percona-cluster", 3)
    cloud.integrate("keystone:shared-db", "percona-cluster:shared-db", "mysql-shared")
    assert faults(cloud) == []


def test_of_two_memcacheds_the_one_that_gnocchi_uses_counts(cloud: models.Model):
    cloud.deploy("cache-of-designate", charm="memcached")
    cloud.say("cache-of-designate", "blocked", "x")
    assert faults(cloud) == []


# Subordinates


def test_a_blueprint_without_the_integration_still_tells_a_command_that_works(
    cloud: models.Model,
):
    changes = """
own-agent:
  title: Our agents
  charms: [own-agent]
  beside: [gnocchi]
  needs: [ceilometer-service: ceilometer:ceilometer-service]
"""
    cloud.deploy("own-agent", 0, version="1.0")
    found = faults(cloud, blueprint=loader.load(changes))
    remedies = [f.remedy for f in found if f.cause is Cause.NO_SUBORDINATE]
    assert remedies == ["juju integrate own-agent gnocchi"]


def test_hosts_without_an_agent_are_named(cloud: models.Model):
    for name in ("nova-compute/0", "nova-compute/2"):
        del cloud.units("nova-compute")[name]["subordinates"]
    found = fault(cloud)
    assert (found.check, found.cause) == (
        "ceilometer-agent.subordinates",
        Cause.NO_SUBORDINATE,
    )
    assert found.summary == "ceilometer-agent is missing on nova-compute/0, nova-compute/2"
    assert found.severity is Severity.DEGRADED


def test_of_several_agents_the_first_is_always_the_one_that_is_missing(cloud: models.Model):
    for name in ("blue", "green", "red", "white", "yellow"):
        cloud.attach(name, "nova-compute", charm="ceilometer-agent", version="22.0.0")
        cloud.integrate(f"{name}:nova-ceilometer", "nova-compute:nova-ceilometer", "container")
    del cloud.units("nova-compute")["nova-compute/1"]["subordinates"]
    found = [f.summary for f in faults(cloud) if f.cause is Cause.NO_SUBORDINATE]
    assert found == ["ceilometer-agent is missing on nova-compute/1"]


def test_many_hosts_without_an_agent_are_counted():
    large = models.openstack(computes=20)
    for name in list(large.units("nova-compute"))[:12]:
        del large.units("nova-compute")[name]["subordinates"]
    assert fault(large).summary.endswith("nova-compute/3, nova-compute/4 and 7 more")


def test_a_second_kind_of_hosts_without_agents_is_told(cloud: models.Model):
    cloud.deploy("compute-gpu", 2, charm="nova-compute", version="28.0.1")
    found = fault(cloud)
    assert found.summary == "ceilometer-agent is missing on compute-gpu (all of its 2 units)"
    assert found.remedy == (
        "juju integrate ceilometer-agent:nova-ceilometer compute-gpu:nova-ceilometer"
    )


def test_no_agent_at_all_is_a_failure(cloud: models.Model):
    cloud.remove("ceilometer-agent")
    found = fault(cloud)
    assert found.summary == "ceilometer-agent is missing on nova-compute (all of its 3 units)"
    assert found.severity is Severity.FAILED
    assert found.remedy == "juju run telemetry-coordinator/leader plan-stack"


def test_a_new_unit_without_its_router_is_told():
    wide = models.openstack(units=3)
    beside = wide.units("aodh")["aodh/2"]["subordinates"]
    del beside[next(name for name in beside if name.startswith("aodh-mysql-router"))]
    found = fault(wide)
    assert found.summary == "aodh-mysql-router is missing on aodh/2"
    assert found.remedy == "juju status aodh/2"


def test_a_barbican_without_barbican_vault_lacks_an_integration(cloud: models.Model):
    cloud.remove("barbican-vault")
    cloud.say("barbican", "blocked", "Missing relations: secrets")
    found = {finding.check for finding in faults(cloud)}
    assert found == {"key-manager.application", "key-manager.integrations"}


# What is not there


def test_what_failed_and_is_not_in_the_model_must_be_deployed(cloud: models.Model):
    cloud.remove("aodh")
    missing = reports.bad("alarming", "catalog", cause=Cause.NOT_IN_CATALOG)
    found = fault(cloud, *WORKING[:2], missing, WORKING[3])
    assert (found.check, found.severity, found.cause) == (
        "alarming.application",
        Severity.FAILED,
        Cause.NOT_DEPLOYED,
    )
    assert found.remedy == "juju run telemetry-coordinator/leader plan-stack"


def test_what_works_may_be_in_another_model(cloud: models.Model):
    cloud.remove("aodh")
    assert faults(cloud) == []


def test_an_optional_system_may_be_absent(cloud: models.Model):
    assert all(finding.service != "infra-optim" for finding in judged(cloud))


# Releases


def test_another_release_than_that_of_most_is_told(cloud: models.Model):
    cloud.applications["aodh"]["version"] = "14.0.0"
    found = fault(cloud)
    assert (found.check, found.cause) == ("alarming.release", Cause.MIXED_RELEASES)
    assert found.summary == "aodh is of the release yoga, most of the stack of 2023.2"
    assert found.remedy == "juju config aodh openstack-origin"


def test_a_charm_of_a_newer_track_is_no_newer_release(cloud: models.Model):
    cloud.applications["aodh"]["charm-channel"] = "2024.1/stable"
    assert faults(cloud) == []


@pytest.mark.parametrize("version", ["", "unknown", "4.0.0", "99.0.0"])
def test_a_version_that_says_nothing_is_left_out(cloud: models.Model, version: str):
    cloud.applications["aodh"]["version"] = version
    assert faults(cloud) == []


# While a cloud is being deployed


def test_a_half_deployed_model_is_told_as_it_is(cloud: models.Model):
    """Nothing that the charms still work at is a fault; what waits for a person is."""
    for name in list(cloud.applications):
        cloud.say(name, "waiting", "agent initializing", since="22 Nov 2026 09:58:00Z")
    cloud.say("vault", "blocked", "Vault needs to be initialized")
    nothing = reports.bad("identity", "token")
    found = fault(cloud, nothing)
    assert found.summary.startswith(
        "vault/0 is blocked: Vault needs to be initialized; only where"
    )
    assert found.remedy.endswith("vault operator init")
