"""Remedies where there is no coordinator."""

from __future__ import annotations

import datetime

import pytest

from coordinator.checks import certificates
from coordinator.report import remedies as usual
from coordinator.report.finding import Cause
from tools.tryout import remedies
from tools.tryout.remedies import COORDINATOR, OF_VERIFY


@pytest.mark.parametrize("cause", Cause)
@pytest.mark.parametrize("service", ["identity", "metric"])
@pytest.mark.parametrize("available", [(), ("RegionOne",)])
def test_no_remedy_of_a_cause_names_a_coordinator(
    cause: Cause, service: str, available: tuple[str, ...]
):
    for authority in ("", "vault"):
        names = usual.Names(service, "app", "keystone", COORDINATOR, authority, "ROLE")
        told = remedies.told(usual.remedy(cause, names, available), OF_VERIFY)
        assert COORDINATOR not in told


@pytest.mark.parametrize(
    ("remedy", "told"),
    [
        (f"juju config {COORDINATOR} region='Region One'", "OS_REGION_NAME='Region One'"),
        (f"juju config {COORDINATOR} verify-timeout=120", "VERIFY_TIMEOUT=120"),
        (f"juju config {COORDINATOR} canary-timeout=300", "CANARY_TIMEOUT=300"),
        (f'juju config {COORDINATOR} ssl-ca="$(cat ca.pem)"', "OS_CACERT=ca.pem"),
        (
            f'juju config {COORDINATOR} requested-grants=""',
            "ask as a user with more rights: OS_USERNAME",
        ),
        (f"juju exec -a {COORDINATOR} -- timedatectl", "timedatectl"),
        ("juju config keystone region=RegionOne", "juju config keystone region=RegionOne"),
    ],
)
def test_an_option_becomes_a_variable_and_others_are_left_alone(remedy: str, told: str):
    assert remedies.told(remedy, OF_VERIFY) == told


def test_a_ca_that_has_ended_is_named_by_its_variable():
    held = certificates.Authority("option OS_CACERT", datetime.timedelta(-1), COORDINATOR)
    assert remedies.told(held.remedy, OF_VERIFY) == "renew that CA, then OS_CACERT=ca.pem"
