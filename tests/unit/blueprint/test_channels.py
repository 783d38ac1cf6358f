"""Channels of the charms by release."""

import re

import pytest

from coordinator.blueprint import channels, loader


@pytest.mark.parametrize("name", list(channels.releases()))
def test_every_release_has_a_track_for_every_family(name: str):
    release = channels.releases()[name]
    assert set(release.tracks) | {channels.OPENSTACK} == set(channels.families())
    assert re.fullmatch(r"ubuntu@\d\d\.04", release.base)
    assert release.origin == "distro" or release.origin.startswith("cloud:")


def test_every_system_of_the_blueprint_has_its_family():
    families = {system.deploy.track for system in loader.load().systems.values()}
    assert families == set(channels.families())


@pytest.mark.parametrize(
    ("family", "channel"),
    [("openstack", "2023.2/candidate"), ("ceph", "reef/stable"), ("memcached", "latest/stable")],
)
def test_other_charms_get_the_channel_that_goes_with_the_release(family: str, channel: str):
    assert channels.parse("2023.2/candidate").of(family) == channel


def test_the_risk_may_be_left_out():
    assert channels.parse("yoga").of("openstack") == "yoga/stable"


@pytest.mark.parametrize("text", ["", "latest", "2023.3/stable", "yoga/best", "yoga/stable/fix"])
def test_a_channel_that_is_not_known_is_refused_with_those_that_are(text: str):
    with pytest.raises(ValueError, match=r"tracks yoga, zed, 2023\.1, 2023\.2, 2024\.1, such as"):
        channels.parse(text)
