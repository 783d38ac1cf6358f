"""The plan for models of real-world kinds."""

from typing import Any

import pytest

from coordinator.blueprint import loader, platforms
from coordinator.juju import status
from coordinator.plan import completion
from coordinator.plan.plan import Plan, Wishes
from tests.unit.checks.model import documents


def planned(name: str, channel: str = "", changes: str = "watcher: null") -> Plan:
    wishes = Wishes(channel=platforms.parse(channel) if channel else None)
    model = status.parse(documents.read(name))
    return completion.complete(loader.load(changes), model, wishes)


def lines(plan: Plan) -> set[str]:
    """What is planned, the coordinator left out."""
    found = {f"{link.one} {link.other}" for link in plan.missing}
    return {line for line in found if not line.startswith("telemetry-coordinator")}


def deployed(plan: Plan) -> dict[str, str]:
    """Base of each application that is planned."""
    return {app.name: app.base for app in plan.additions if app.name != "telemetry-coordinator"}


@pytest.mark.parametrize(
    "name",
    ["vault-raft", "vault-raft-sealed", "ceph-proxy", "mysql-elsewhere", "gnocchi-s3"],
)
def test_nothing_is_planned_where_all_are_served(name: str):
    plan = planned(name)
    assert deployed(plan) == {}
    assert lines(plan) == set()


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("vault-raft", "vault:shared-db"),
        ("vault-raft-sealed", "vault:shared-db"),
        ("gnocchi-s3", "gnocchi:storage-ceph"),
        ("recorded-subordinate-missing", "aodh:shared-db"),
    ],
)
def test_where_data_live_is_a_question_to_a_person(name: str, asked: str):
    plan = planned(name)
    (question,) = [one for one in plan.questions if one.link.one == asked]
    assert "runs without it: its data are elsewhere" in question.reason
    assert not any(link.one == asked for link in plan.missing)


def test_a_router_that_is_free_is_named_in_the_question():
    plan = planned("recorded-subordinate-missing")
    assert "aodh-mysql-router:shared-db" in [one.link.other for one in plan.questions]


def test_what_is_new_runs_on_the_base_of_the_model():
    plan = planned("focal-yoga", "yoga/stable")
    assert deployed(plan) == {"ceilometer-agent": "ubuntu@20.04"}


def test_the_origin_is_that_of_the_models_base():
    plan = planned("focal-ussuri", "yoga/stable")
    (aodh,) = [app for app in plan.additions if app.name == "aodh"]
    assert aodh.base == "ubuntu@20.04"
    assert aodh.origin == {"openstack-origin": "cloud:focal-yoga"}


def test_another_release_than_that_of_the_model_is_told():
    assert planned("focal-ussuri", "yoga/stable").notes == (
        "The model's own charms are for ussuri, not for yoga",
    )


def test_a_release_that_no_document_names_for_the_base_is_refused():
    with pytest.raises(ValueError, match=r"no document names 2024\.1 on ubuntu@20\.04"):
        planned("focal-ussuri", "2024.1/stable")


def test_a_service_that_the_release_has_no_charm_for_is_left_out_with_the_reason():
    plan = planned("focal-yoga", changes="")
    assert "watcher" not in deployed(plan)
    assert any(note.startswith("watcher is left out") for note in plan.notes)


def test_where_keystone_has_certificates_all_clients_get_them():
    plan = planned("tls")
    assert {
        "aodh:certificates vault:certificates",
        "gnocchi:certificates vault:certificates",
        "barbican:certificates vault:certificates",
    } <= lines(plan)
    ours = [link.one for link in plan.missing]
    assert "telemetry-coordinator:certificates" in ours


def test_a_new_service_uses_the_database_that_the_others_use():
    plan = planned("mysql-elsewhere", changes="")
    assert "mysql-innodb-cluster" not in deployed(plan)


def without(document: dict[str, Any], *names: str) -> dict[str, Any]:
    """A document without some applications and their integrations."""
    for name in names:
        del document["applications"][name]
    for app in document["applications"].values():
        for endpoint, others in list(app.get("relations", {}).items()):
            kept = [one for one in others if one["related-application"] not in names]
            app["relations"][endpoint] = kept
            if not kept:
                del app["relations"][endpoint]
        for unit in app.get("units", {}).values():
            beside = unit.get("subordinates", {})
            for sub in [sub for sub in beside if sub.partition("/")[0] in names]:
                del beside[sub]
    return document


def say(document: dict[str, Any], name: str, level: str, message: str) -> None:
    """Let all units of an application say this."""
    said = {"current": level, "message": message}
    app = document["applications"][name]
    for entry in (app, *app["units"].values()):
        key = "application-status" if entry is app else "workload-status"
        entry[key] = {**entry[key], **said}


@pytest.mark.parametrize("kind", ["database", "metric-service"])
def test_a_ceilometer_that_is_blocked_gets_the_new_gnocchi_and_its_action(kind: str):
    document = without(documents.read("vault-raft"), "gnocchi", "gnocchi-mysql-router")
    say(document, "ceilometer", "blocked", f"Missing relations: {kind}")
    plan = completion.complete(loader.load("watcher: null"), status.parse(document), Wishes())
    assert "ceilometer:metric-service gnocchi:metric-service" in lines(plan)
    assert plan.asks == ("ceilometer",)


@pytest.mark.parametrize("agent", ["idle", "lost"])
def test_a_ceilometer_that_may_run_well_elsewhere_is_a_question(agent: str):
    document = without(documents.read("vault-raft"), "gnocchi", "gnocchi-mysql-router")
    for unit in document["applications"]["ceilometer"]["units"].values():
        unit["juju-status"]["current"] = agent
    plan = completion.complete(loader.load("watcher: null"), status.parse(document), Wishes())
    (reason,) = [q.reason for q in plan.questions if q.link.one == "ceilometer:metric-service"]
    assert reason.endswith("(after this plan has deployed gnocchi)")
    assert plan.asks == ()


def test_what_only_a_question_needs_is_not_deployed_and_that_is_told():
    (reason,) = [q.reason for q in planned("vault-raft").questions]
    assert reason.endswith("(vault-mysql-router would have to be deployed first)")


def test_an_agent_is_asked_about_the_ceilometer_that_the_plan_deploys():
    document = without(documents.read("vault-raft"), "ceilometer")
    plan = completion.complete(loader.load("watcher: null"), status.parse(document), Wishes())
    asked = {question.link.one: question.reason for question in plan.questions}
    assert asked["ceilometer-agent:ceilometer-service"] == (
        "ceilometer-agent is content without it (after this plan has deployed ceilometer)"
    )


def test_a_new_service_is_integrated_with_the_broker_of_another_model():
    document = without(
        documents.read("vault-raft"), "aodh", "aodh-mysql-router", "rabbitmq-server"
    )
    document["application-endpoints"] = {
        "queues": {"url": "admin/other.queues", "endpoints": {"amqp": {"interface": "rabbitmq"}}}
    }
    for name in ("barbican", "ceilometer", "ceilometer-agent", "nova-compute"):
        relations = document["applications"][name]["relations"]
        relations["amqp"] = [{"related-application": "queues", "interface": "rabbitmq"}]
    plan = completion.complete(loader.load("watcher: null"), status.parse(document), Wishes())
    assert set(deployed(plan)) == {"aodh", "aodh-mysql-router"}
    assert "aodh:amqp queues:amqp" in lines(plan)


def test_a_new_service_uses_percona_cluster_where_the_others_do():
    routers = [f"{name}-mysql-router" for name in ("keystone", "gnocchi", "aodh", "barbican")]
    document = without(documents.read("vault-raft"), "aodh", "mysql-innodb-cluster", *routers)
    document["applications"]["mysql"] = {
        "charm-name": "percona-cluster",
        "application-status": {"current": "active", "message": "Unit is ready"},
        "relations": {
            "shared-db": [
                {"related-application": name, "interface": "mysql-shared"}
                for name in ("keystone", "gnocchi", "barbican")
            ]
        },
    }
    for name in ("keystone", "gnocchi", "barbican"):
        relations = document["applications"][name]["relations"]
        relations["shared-db"] = [{"related-application": "mysql", "interface": "mysql-shared"}]
    plan = completion.complete(loader.load("watcher: null"), status.parse(document), Wishes())
    assert set(deployed(plan)) == {"aodh"}
    assert "aodh:shared-db mysql:shared-db" in lines(plan)


def test_of_two_brokers_the_one_that_the_hosts_use_is_taken():
    plan = planned("two-brokers")
    brokers = {link.other for link in plan.missing if link.one.endswith(":amqp")}
    assert brokers == {"rabbitmq:amqp"}


def test_nothing_is_planned_for_what_is_being_removed():
    plan = planned("recorded-machine-stopped", changes="")
    assert "watcher" not in deployed(plan)
    assert not any("watcher:" in line for line in lines(plan))
    assert "watcher: being removed, so nothing is planned for it" in plan.notes


def test_what_juju_could_not_tell_is_not_planned():
    document = documents.read("vault-raft")
    document["applications"]["aodh"] = {"status-error": "cannot get status"}
    model = status.parse(document)
    plan = completion.complete(loader.load(), model, Wishes())
    assert [app.name for app in plan.additions if app.name != "telemetry-coordinator"] == []
    assert "Juju could not tell about aodh: nothing is deployed" in plan.notes


def test_nothing_is_integrated_with_what_juju_could_not_tell():
    document = documents.read("vault-raft")
    document["applications"]["vault"] = {"status-error": "cannot get status"}
    del document["applications"]["barbican-vault"]["relations"]["secrets-storage"]
    for unit in document["applications"]["barbican"]["units"].values():
        for beside in unit["subordinates"].values():
            beside["workload-status"]["message"] = "'secrets-storage' missing"
    plan = completion.complete(loader.load("watcher: null"), status.parse(document), Wishes())
    assert not any(link.other.startswith("vault:") for link in plan.missing)


@pytest.mark.parametrize(("kind", "charm"), [("", "keystone-k8s"), ("caas", "keystone")])
def test_a_kubernetes_model_is_refused(kind: str, charm: str):
    document = documents.read("vault-raft")
    document["model"]["type"] = kind
    document["applications"]["keystone"]["charm-name"] = charm
    with pytest.raises(ValueError, match="Kubernetes model"):
        completion.complete(loader.load(), status.parse(document), Wishes())


def test_what_no_document_tells_is_a_question_and_the_rest_is_planned():
    plan = planned("noble")
    found = {app.name: app for app in plan.additions}
    assert (found["aodh"].channel, found["aodh"].base) == ("2025.1/stable", "ubuntu@24.04")
    assert found["aodh"].origin == {"openstack-origin": "cloud:noble-epoxy"}
    assert found["memcached"].channel == "latest/stable"
    assert "barbican:secrets barbican-vault:secrets" in lines(plan)
    (vault,) = plan.undecided
    assert (
        vault.open_question
        == "no channel of the charm vault is documented for 2025.1 on ubuntu@24.04"
    )
    asked = {one.link.one: one.reason for one in plan.questions}
    assert asked["barbican-vault:secrets-storage"] == "vault must be deployed first"
    assert not any(" vault:" in line for line in lines(plan))


def test_what_packages_come_from_is_a_question_where_it_is_not_known():
    document = documents.read("noble")
    for app in document["applications"].values():
        app["charm-channel"] = app["charm-channel"].replace("2025.1", "2026.1")
    plan = completion.complete(loader.load("watcher: null"), status.parse(document), Wishes())
    (aodh,) = [app for app in plan.undecided if app.name == "aodh"]
    assert aodh.open_question == "no openstack-origin is documented for 2026.1 on ubuntu@24.04"
    assert aodh.origin == {"openstack-origin": "ORIGIN"}
    assert not any("aodh:" in line for line in lines(plan))
