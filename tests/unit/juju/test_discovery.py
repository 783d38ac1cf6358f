"""Which applications of a model are the stack's, and under which names they are looked for."""

import pytest

from coordinator.blueprint import loader
from coordinator.juju import discovery, status
from tests.support.juju import models, selection

BLUEPRINT = loader.load()
SEARCH = discovery.Search(BLUEPRINT, ("keystone", "gnocchi"))


def rename(cloud: models.Model, old: str, new: str) -> None:
    """Give an application another name, with its units and in all integrations."""
    entry = cloud.applications.pop(old)
    cloud.applications[new] = entry
    if "units" in entry:
        entry["units"] = {name.replace(old, new, 1): unit for name, unit in entry["units"].items()}
    for other in cloud.applications.values():
        other["subordinate-to"] = [
            new if name == old else name for name in other.get("subordinate-to", [])
        ]
        for ends in other.get("relations", {}).values():
            for end in ends:
                if end["related-application"] == old:
                    end["related-application"] = new
        for unit in other.get("units", {}).values():
            beside = unit.get("subordinates", {})
            for name in [name for name in beside if name.partition("/")[0] == old]:
                beside[name.replace(old, new, 1)] = beside.pop(name)


def searched(
    cloud: models.Model, version: str = "3.6.9", search: discovery.Search = SEARCH
) -> tuple[set[str], int]:
    """What is found of a model in how many questions."""
    names = search.usual_names()
    asked: tuple[str, ...] = ()
    seen: dict[str, object] = {}
    rounds = 0
    while names and rounds < discovery.ROUNDS:
        answer = selection.select(cloud.document, list(names), version)
        seen |= answer["applications"]
        asked += names
        rounds += 1
        names = search.further_names(status.parse({"applications": seen}), asked)
    return set(seen), rounds


GUIDE = {"nova-cloud-controller"}
STACK = {
    "telemetry-coordinator",
    "keystone",
    "gnocchi",
    "aodh",
    "barbican",
    "ceilometer",
    "ceilometer-agent",
    "nova-compute",
    "rabbitmq-server",
    "mysql-innodb-cluster",
    "memcached",
    "ceph-mon",
    "barbican-vault",
    "vault",
    "keystone-mysql-router",
    "gnocchi-mysql-router",
    "aodh-mysql-router",
    "barbican-mysql-router",
    "vault-mysql-router",
}


@pytest.mark.parametrize("version", ["3.6.9", "4.0.6"])
def test_the_stack_is_found_and_no_more(version: str):
    found, rounds = searched(models.openstack(), version)
    assert found - {"nova-cloud-controller-mysql-router"} == STACK | GUIDE
    assert rounds <= 2


@pytest.mark.parametrize("version", ["3.6.9", "4.0.6"])
@pytest.mark.parametrize(
    "name",
    sorted(
        STACK
        - {"keystone", "gnocchi", "telemetry-coordinator", "ceilometer-agent", "barbican-vault"}
    ),
)
def test_an_application_of_another_name_is_found_by_its_integrations(name: str, version: str):
    cloud = models.openstack()
    rename(cloud, name, "renamed")
    found, rounds = searched(cloud, version)
    assert "renamed" in found
    assert rounds <= discovery.ROUNDS
    assert not found & {"ceph-osd"}


def test_a_second_ceilometer_is_found():
    cloud = models.openstack()
    cloud.deploy("second", charm="ceilometer")
    cloud.integrate("second:metric-service", "gnocchi:metric-service", "gnocchi")
    assert "second" in searched(cloud)[0]


@pytest.mark.parametrize("version", ["3.6.9", "4.0.6"])
def test_hosts_without_agents_are_found(version: str):
    cloud = models.openstack()
    cloud.deploy("gpu", 2, charm="nova-compute")
    cloud.integrate("gpu:cloud-compute", "nova-cloud-controller:cloud-compute", "nova-compute")
    assert "gpu" in searched(cloud, version)[0]


def test_hosts_that_came_for_their_agents_are_asked_for_as_a_whole():
    cloud = models.openstack()
    rename(cloud, "nova-compute", "hosts")
    del cloud.units("hosts")["hosts/1"]["subordinates"]
    first = selection.select(cloud.document, list(SEARCH.usual_names()), "3.6.9")
    assert "hosts/1" not in first["applications"]["hosts"]["units"]
    assert "hosts" in SEARCH.further_names(status.parse(first), SEARCH.usual_names())


def test_applications_of_other_models_are_not_asked_for():
    cloud = models.openstack()
    cloud.remove("rabbitmq-server")
    cloud.consume("queues")
    cloud.integrate("aodh:amqp", "queues:amqp", "rabbitmq")
    seen = status.parse(cloud.document)
    assert "queues" not in SEARCH.further_names(seen, SEARCH.usual_names())


def test_an_optional_system_that_is_not_there_is_not_searched_for():
    cloud = models.openstack()
    assert "glance" not in searched(cloud)[0]


def found(cloud: models.Model, key: str, *known: str) -> list[str]:
    stack = discovery.find(status.parse(cloud.document), BLUEPRINT, known)
    return sorted(app.name for app in stack.of(key))


def test_an_application_that_the_coordinator_is_related_to_is_the_one():
    cloud = models.openstack()
    cloud.deploy("keystone-of-others", charm="keystone")
    assert found(cloud, "keystone") == ["keystone", "keystone-of-others"]
    assert found(cloud, "keystone", "keystone", "gnocchi") == ["keystone"]


def test_of_several_the_one_that_the_stack_is_integrated_with_is_the_one():
    cloud = models.openstack()
    cloud.deploy("other-rabbit", charm="rabbitmq-server")
    assert found(cloud, "rabbitmq-server") == ["rabbitmq-server"]


def test_all_hosts_are_the_stacks():
    cloud = models.openstack()
    cloud.deploy("compute-gpu", charm="nova-compute")
    assert found(cloud, "nova-compute") == ["compute-gpu", "nova-compute"]


def test_routers_are_those_of_the_stack_and_those_that_are_free():
    cloud = models.openstack()
    cloud.applications["spare-router"] = cloud._application("mysql-router", "", "", None)
    assert found(cloud, "mysql-router") == [
        "aodh-mysql-router",
        "barbican-mysql-router",
        "gnocchi-mysql-router",
        "keystone-mysql-router",
        "spare-router",
        "vault-mysql-router",
    ]
