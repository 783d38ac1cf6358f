"""Who gives certificates to a cloud, and who takes them."""

from __future__ import annotations

import msgspec
import pytest

from coordinator.blueprint import loader
from coordinator.blueprint.systems import Blueprint, Integration
from coordinator.checks.model import certificates
from coordinator.checks.model.certificates import Server
from coordinator.juju import discovery, status
from tests.support.juju import models

BLUEPRINT = loader.load()
GNOCCHI = BLUEPRINT.systems["gnocchi"]
USE = Integration("identity-service", "keystone", "identity-service")
TAKE = Integration("certificates", "vault", "certificates", optional=True)
OTHERS = (Integration("amqp", "vault", "amqp"), Integration("shared-db", "vault", "shared-db"))


@pytest.fixture
def cloud() -> models.Model:
    return models.openstack()


def server(cloud: models.Model, blueprint: Blueprint = BLUEPRINT) -> Server | None:
    stack = discovery.find(status.parse(cloud.document), blueprint)
    return certificates.server(blueprint, stack)


def test_clients_of_keystone_that_can_take_certificates_do():
    takes = {
        key
        for key, system in BLUEPRINT.systems.items()
        if certificates.endpoint_of(system, BLUEPRINT)
    }
    assert takes == {"gnocchi", "aodh", "barbican", "watcher", "ceilometer"}


@pytest.mark.parametrize(
    ("integrations", "endpoint"),
    [
        ((USE, TAKE), "certificates"),
        ((USE, *OTHERS), ""),
        ((TAKE, *OTHERS), ""),
        ((msgspec.structs.replace(USE, optional=True), TAKE), ""),
    ],
)
def test_it_takes_both(integrations: tuple[Integration, ...], endpoint: str):
    system = msgspec.structs.replace(GNOCCHI, integrations=integrations)
    assert certificates.endpoint_of(system, BLUEPRINT) == endpoint


def test_who_gives_keystone_its_certificates_gives_them_to_all(cloud: models.Model):
    assert server(cloud) == Server("vault", "certificates")


def test_the_order_of_the_blueprint_does_not_matter(cloud: models.Model):
    turned = msgspec.structs.replace(
        BLUEPRINT, systems=dict(reversed(list(BLUEPRINT.systems.items())))
    )
    assert server(cloud, turned) == Server("vault", "certificates")


def test_the_endpoint_of_another_giver_is_its_own(cloud: models.Model):
    cloud.separate("keystone:certificates", "vault:certificates")
    cloud.deploy("easyrsa", channel="latest/stable")
    cloud.integrate("keystone:certificates", "easyrsa:client", "tls-certificates")
    assert server(cloud) == Server("easyrsa", "client")


def test_a_keystone_without_certificates_has_no_giver_though_others_have(cloud: models.Model):
    cloud.separate("keystone:certificates", "vault:certificates")
    assert server(cloud) is None
