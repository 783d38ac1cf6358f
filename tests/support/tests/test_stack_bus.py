"""The way of a service's notification to Gnocchi, on the real bus and beside it."""

import uuid

import pytest

from tests.functional.watching import until
from tests.support.openstack import Stack, StackError
from tests.support.openstack.bus import Bus


def test_notification_of_a_service_becomes_a_resource_with_its_metric(stack: Stack, bus: Bus):
    stack.upgrade_ceilometer()
    image = bus.update_image(size=77)
    metric = stack.wait_for_resource("image", image)["metrics"]["image.size"]
    url = f"{stack.gnocchi_url}/v1/metric/{metric}/measures?refresh=true"
    assert until(lambda: [row[2] for row in stack.session.get(url).json()] == [77.0], 10)


def test_notifications_wait_while_the_agent_is_frozen(stack: Stack, bus: Bus):
    stack.upgrade_ceilometer()
    stack.services["notification"].freeze()
    image = bus.update_image()
    with pytest.raises(StackError, match="404"):
        stack.wait_for_resource("image", image, seconds=2)
    stack.services["notification"].thaw()
    assert stack.wait_for_resource("image", image)


def test_nothing_can_be_sent_without_the_broker_until_reset(stack: Stack, bus: Bus):
    stack.upgrade_ceilometer()
    stack.services["broker"].stop()
    with pytest.raises(StackError, match=r"cannot send image\.update"):
        bus.update_image()
    stack.reset()
    assert stack.wait_for_resource("image", bus.update_image(), seconds=60)


def test_sample_reaches_gnocchi_without_a_bus(stack: Stack):
    stack.upgrade_ceilometer()
    image = str(uuid.uuid4())
    metadata = {"name": "image", "container_format": "bare", "disk_format": "qcow2"}
    stack.send_sample("image.size", image, metadata)
    assert "image.size" in stack.wait_for_resource("image", image)["metrics"]
