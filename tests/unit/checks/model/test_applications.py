"""How bad it is what an application shows, where no answer of the cloud tells it."""

from __future__ import annotations

import pytest

from coordinator.report.finding import Cause, Finding, Severity
from tests.support.juju import models
from tests.unit import reports
from tests.unit.checks.model.test_systems import faults

UNASKED = (reports.good("identity", "token"),)
"""Answers from which nothing follows about Gnocchi or its parts."""


@pytest.fixture
def cloud() -> models.Model:
    return models.openstack()


def about(cloud: models.Model, check: str, *answers: Finding) -> Finding:
    (found,) = (f for f in faults(cloud, *(answers or UNASKED)) if f.check == check)
    return found


def test_an_application_that_leaves_is_no_proof_that_its_service_is_down(cloud: models.Model):
    cloud.applications["gnocchi"]["life"] = "dying"
    found = about(cloud, "metric.application")
    assert (found.severity, found.cause) == (Severity.DEGRADED, Cause.LEAVING)
    assert found.summary == "gnocchi is being removed from the Juju model"
    assert found.remedy == "juju status gnocchi"


def test_an_application_that_cannot_leave_is_told_with_the_units_that_hold_it(
    cloud: models.Model,
):
    cloud = models.openstack(units=3)
    cloud.applications["gnocchi"]["life"] = "dying"
    cloud.say("gnocchi/0", "blocked", "Missing relations: database")
    cloud.say("gnocchi/1", "error", 'hook failed: "stop"')
    found = about(cloud, "metric.application")
    assert found.summary == (
        "gnocchi is being removed from the Juju model, and gnocchi/1 is in error"
    )
    assert found.remedy == "juju resolved gnocchi/1"


def test_what_leaves_on_a_machine_that_is_down_waits_for_that_machine(cloud: models.Model):
    cloud.applications["gnocchi"]["life"] = "dying"
    machine = cloud.units("gnocchi")["gnocchi/0"]["machine"]
    cloud.stop(machine)
    down = next(f for f in faults(cloud, *UNASKED) if f.cause is Cause.MACHINE_DOWN)
    assert about(cloud, "metric.application").behind == down.check


def test_what_only_the_application_says_is_no_proof_that_its_service_is_down(
    cloud: models.Model,
):
    cloud.applications["gnocchi"]["application-status"] = models.status("blocked", "no leader")
    assert about(cloud, "metric.application").severity is Severity.DEGRADED


def test_an_application_without_units_is_down_where_nothing_answers_for_it(cloud: models.Model):
    cloud.applications["gnocchi"]["units"] = {}
    found = about(cloud, "metric.application")
    assert (found.severity, found.cause) == (Severity.FAILED, Cause.NO_UNITS)


def test_of_two_applications_without_units_the_first_is_told(cloud: models.Model):
    cloud.deploy("gnocchi-two", 0, charm="gnocchi")
    cloud.applications["gnocchi"]["units"] = {}
    assert about(cloud, "metric.application").summary == "gnocchi has no units"


def test_what_juju_cannot_tell_is_no_proof_that_a_service_is_down(cloud: models.Model):
    cloud.applications["gnocchi"] = {"status-error": "cannot read", "charm-name": "gnocchi"}
    found = about(cloud, "metric.application")
    assert (found.severity, found.cause) == (Severity.DEGRADED, Cause.JUJU_ERROR)


@pytest.mark.parametrize("name", ["gnocchi-vip", "address"])
def test_what_holds_the_address_is_told_with_its_charm_where_its_name_does_not(
    cloud: models.Model, name: str
):
    cloud.attach(name, "gnocchi", charm="hacluster", channel="2.4/stable")
    cloud.integrate("gnocchi:ha", f"{name}:ha", "hacluster", "container")
    cloud.say(name, "blocked", "Insufficient peer units")
    found = about(cloud, "metric.address")
    assert found.summary.startswith(f"{name}/0 (hacluster) is blocked")


def test_a_machine_is_as_bad_as_what_it_took_down(cloud: models.Model):
    machine = cloud.units("gnocchi")["gnocchi/0"]["machine"]
    cloud.stop(machine)
    found = about(cloud, f"machines.{machine}")
    assert (found.severity, found.cause) == (Severity.FAILED, Cause.MACHINE_DOWN)
    assert found.summary.startswith(f"machine {machine} is down, and gnocchi/0, ")


def test_a_machine_of_somebody_else_is_not_told(cloud: models.Model):
    cloud.stop(cloud.units("glance")["glance/0"]["machine"])
    assert faults(cloud, *UNASKED) == []
