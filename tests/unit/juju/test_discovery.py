"""Which applications of a model are the stack's."""

from coordinator.blueprint import loader
from coordinator.juju import discovery, status
from tests.support.juju import models

BLUEPRINT = loader.load()


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
