"""What of units and applications counts as alive, settled or asked for."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from coordinator.checks.model import needs
from coordinator.juju import status
from coordinator.juju.status import Application, Unit
from tests.support.juju import models


def aodh(level: str = "active", message: str = models.READY) -> Application:
    """Aodh's application, whose only unit says this."""
    cloud = models.openstack()
    cloud.say("aodh/0", level, message)
    return status.parse(cloud.document).applications["aodh"]


def unit(**changes: Any) -> Unit:
    """A unit that is well but for this."""
    return msgspec.structs.replace(aodh().units[0], **changes)


def test_a_unit_that_is_well_is_alive_and_settled():
    assert needs.is_alive(unit())
    assert needs.is_settled(unit())


@pytest.mark.parametrize("fault", ["lost", "unreadable"])
def test_a_unit_that_is_gone_or_cannot_be_read_is_neither_alive_nor_settled(fault: str):
    assert not needs.is_alive(unit(**{fault: True}))
    assert not needs.is_settled(unit(**{fault: True}))


@pytest.mark.parametrize("message", ["waiting for machine", "agent initialising"])
def test_a_unit_that_has_just_come_is_not_settled(message: str):
    assert not needs.is_settled(aodh("waiting", message).units[0])


@pytest.mark.parametrize(
    ("message", "asks"),
    [
        ("Missing relations: messaging", True),
        ("'amqp' missing", True),
        ("Missing relations: database", False),
        ("messaging is incomplete", False),
    ],
)
def test_an_endpoint_is_asked_for_where_the_charm_says_that_it_is_missing(
    message: str, asks: bool
):
    assert needs.asks_for(aodh("blocked", message), "amqp") is asks
