"""Which integrations are told to be missing, and which are left to what tells more."""

from __future__ import annotations

import pytest

from tests.support.juju import models
from tests.unit import reports
from tests.unit.checks.model.test_systems import faults

UNASKED = (reports.good("identity", "token"),)


@pytest.fixture
def cloud() -> models.Model:
    return models.openstack()


def missing(cloud: models.Model) -> list[str]:
    return [f.summary for f in faults(cloud, *UNASKED) if f.question == "integrations"]


def test_what_an_agent_lacks_of_a_ceilometer_that_is_there_is_told(cloud: models.Model):
    cloud.separate("ceilometer-agent:ceilometer-service", "ceilometer:ceilometer-service")
    cloud.say("ceilometer-agent", "blocked", "Missing relations: ceilometer-service")
    told = "ceilometer-agent is not integrated with ceilometer (ceilometer-service)"
    assert missing(cloud) == [told]


def test_a_ceilometer_that_is_not_there_at_all_is_not_told_as_an_integration(
    cloud: models.Model,
):
    cloud.remove("ceilometer")
    cloud.say("ceilometer-agent", "blocked", "Missing relations: ceilometer-service")
    assert missing(cloud) == []


@pytest.mark.parametrize(
    ("level", "message", "told"),
    [
        ("active", models.READY, []),
        ("blocked", "no luck", ["aodh is not integrated with mysql-router (shared-db)"]),
    ],
)
def test_a_database_of_its_own_is_believed_as_long_as_the_charm_is_content(
    cloud: models.Model, level: str, message: str, told: list[str]
):
    cloud.remove("aodh-mysql-router")
    cloud.say("aodh", level, message)
    assert missing(cloud) == told
