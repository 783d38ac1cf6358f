"""One readout of `juju status --format json` as values."""

import contextlib
import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.juju import status as juju_status
from coordinator.juju.foreign import Json, NotUnderstoodError
from coordinator.juju.status import CharmStatus, JujuIntegration, JujuLevel

SINCE = "22 Nov 2026 10:00:00Z"


def status(current: str = "active", message: str = "Unit is ready") -> dict[str, str]:
    return {"current": current, "message": message, "since": SINCE}


def relation(application: str, interface: str) -> dict[str, str]:
    return {"related-application": application, "interface": interface, "scope": "global"}


NOVA = {
    "charm": "ch:amd64/nova-compute-700",
    "charm-name": "nova-compute",
    "charm-channel": "2023.2/stable",
    "application-status": status(),
    "version": "28.0.1",
    "relations": {
        "compute-peer": [relation("compute", "nova")],
        "nova-ceilometer": [relation("agent", "nova-ceilometer")],
    },
    "units": {
        "compute/0": {
            "workload-status": status(),
            "juju-status": {"current": "idle", "since": SINCE, "version": "3.6.9"},
            "leader": True,
            "machine": "7",
            "subordinates": {
                "agent/3": {
                    "workload-status": status("blocked", "Missing relations:\nmessaging"),
                    "juju-status": {"current": "lost"},
                }
            },
        }
    },
}
AGENT = {
    "charm-name": "ceilometer-agent",
    "application-status": status("blocked"),
    "subordinate-to": ["compute"],
    "life": "dying",
    "relations": {
        "nova-ceilometer": [relation("compute", "nova-ceilometer")],
        "amqp": [relation("rabbit", "rabbitmq")],
    },
}


def read(**more: Any) -> juju_status.Model:
    return juju_status.parse({"applications": {"compute": NOVA, "agent": AGENT}, **more})


def test_an_application_is_found_by_its_charm():
    (found,) = read().of_charm("nova-compute")
    assert (found.name, found.channel, found.version) == ("compute", "2023.2/stable", "28.0.1")
    assert found.status == CharmStatus(
        JujuLevel.ACTIVE,
        "Unit is ready",
        datetime.datetime(2026, 11, 22, 10, 0, tzinfo=datetime.timezone.utc),
    )


def test_a_unit_has_its_statuses_and_its_place():
    (unit,) = read().applications["compute"].units
    assert (unit.name, unit.application, unit.machine) == ("compute/0", "compute", "7")
    assert (unit.workload.level, unit.agent.level) == (JujuLevel.ACTIVE, JujuLevel.IDLE)
    assert unit.subordinates == ("agent/3",)


def test_the_units_of_a_subordinate_are_its_own_with_their_principals():
    agent = read().applications["agent"]
    (unit,) = agent.units
    assert (unit.name, unit.principal, unit.agent.level) == (
        "agent/3",
        "compute/0",
        JujuLevel.LOST,
    )
    assert unit.workload.message == "Missing relations: messaging"
    assert (agent.subordinate_to, agent.life) == (("compute",), "dying")


def test_integrations_name_both_ends_and_no_peers():
    assert read().applications["compute"].integrations == (
        JujuIntegration("nova-ceilometer", "agent", "nova-ceilometer", "nova-ceilometer"),
    )


def test_the_end_of_an_application_that_is_not_shown_is_not_known():
    agent = read().applications["agent"]
    assert agent.integrated("amqp") == (JujuIntegration("amqp", "rabbit", "", "rabbitmq"),)


def test_an_end_that_could_be_two_is_not_guessed():
    twice = {
        "charm-name": "b",
        "relations": {"one": [relation("a", "http")], "two": [relation("a", "http")]},
    }
    once = {"charm-name": "a", "relations": {"web": [relation("b", "http")]}}
    found = juju_status.parse({"applications": {"a": once, "b": twice}})
    assert found.applications["a"].integrated("web")[0].other == ""


def test_integrations_may_be_lists_of_names():
    old = {"charm-name": "aodh", "relations": {"amqp": ["rabbitmq-server"]}}
    found = juju_status.parse({"applications": {"aodh": old}})
    assert found.applications["aodh"].integrations == (JujuIntegration("amqp", "rabbitmq-server"),)


def test_applications_of_other_models_are_known_by_name():
    remote = {"keystone": {"url": "admin/identity.keystone", "endpoints": {}}}
    assert read(**{"application-endpoints": remote}).remote.keys() == {"keystone"}


def test_what_could_not_be_asked_is_a_status():
    broken = {"status-error": "cannot get unit"}
    found = juju_status.parse(
        {"applications": {"aodh": {"charm-name": "aodh", "units": {"aodh/0": broken}}}}
    )
    (unit,) = found.applications["aodh"].units
    assert unit.workload == CharmStatus(JujuLevel.UNREADABLE, "cannot get unit")
    assert unit.unreadable


@pytest.mark.parametrize("since", ["22 Nov 2026 12:00:00+02:00", "2026-11-22 10:00:00Z"])
def test_times_are_read_in_both_forms(since: str):
    entry = {"application-status": {"current": "active", "since": since}}
    found = juju_status.parse({"applications": {"aodh": entry}}).applications["aodh"]
    assert found.status.since == datetime.datetime(2026, 11, 22, 10, tzinfo=datetime.timezone.utc)


def test_a_model_without_applications_is_empty():
    assert juju_status.parse({"applications": None}) == juju_status.Model()


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        None,
        "x",
        {"applications": 5},
        {"applications": {"a": []}},
        {"applications": {"a": {"units": [1]}}},
        {"applications": {"a": {"relations": {"amqp": [{}]}}}},
        {"applications": {"A b": {}}},
        {"applications": {"a": {"charm-name": "a; reboot"}}},
        {"applications": {"a": {"charm-name": 5}}},
        {"applications": {"a": {"life": []}}},
        {"applications": {"a": {"relations": {"a b": []}}}},
        {"applications": {"a": {"relations": {"amqp": {"b": 1}}}}},
        {"applications": {"a": {"subordinate-to": "b"}}},
        {"applications": {"a": {"subordinate-to": [1]}}},
        {"applications": {"a": {"units": {"a": {}}}}},
        {"applications": {"a": {"units": {"b/0": {}}}}},
        {"applications": {"a": {"units": {"a/1\u0663": {}}}}},
        {"applications": {"a": {"units": {"a/0": {"machine": "1\u0663"}}}}},
        {"applications": {"a": {"units": {"a/0": {"machine": 1}}}}},
        {"applications": {"a": {"units": {"a/0": {"workload-status": "active"}}}}},
        {"applications": {}, "machines": {"01": {}}},
        {"applications": {}, "machines": {"1": {"containers": {"1/LXD/0": {}}}}},
        {"applications": {}, "application-endpoints": {"a": {"relations": {"b": [1]}}}},
    ],
)
def test_what_is_no_status_is_refused(document: Json):
    with pytest.raises(NotUnderstoodError):
        juju_status.parse(document)


def test_containers_of_any_depth_are_read():
    machine: dict[str, Json] = {}
    for _ in range(2000):
        machine = {"containers": {"0/lxd/0": machine}}
    found = juju_status.parse({"applications": {}, "machines": {"0": machine}})
    assert found.machines.keys() == {"0", "0/lxd/0"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "applications",
                        "units",
                        "relations",
                        "charm-name",
                        "application-status",
                        "a/0",
                    ]
                ),
                inner,
            )
        ),
    )
)
def test_whatever_comes_it_is_read_or_refused(document: Json):
    with contextlib.suppress(NotUnderstoodError):
        juju_status.parse(document)
