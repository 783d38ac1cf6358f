"""What the outputs of the juju client say about Ceilometer."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.juju import ceilometer, errors, status
from coordinator.juju.ceilometer import State, Task
from coordinator.juju.foreign import Json, NotUnderstoodError
from coordinator.juju.status import Application
from coordinator.report.finding import Cause

ASKING = "Run the ceilometer-upgrade action on the leader to initialize ceilometer and gnocchi"


def entry(*messages: str, charm: str = "ceilometer", **more: Any) -> dict[str, Any]:
    """An application in `juju status --format json`, with a unit for each message."""
    units = {
        f"app/{number}": {"workload-status": {"current": "blocked", "message": message}}
        for number, message in enumerate(messages)
    }
    return {
        "charm": f"ch:amd64/{charm}-500",
        "charm-name": charm,
        "application-status": {"current": "active", "message": "Unit is ready"},
        "units": units,
        **more,
    }


def asks(shown: dict[str, Any]) -> bool:
    model = status.parse({"applications": {"app": shown}})
    return ceilometer.asks(model.applications["app"])


@pytest.mark.parametrize(
    "message", [ASKING, f"Missing relations: messaging, {ASKING}", f"Paused. {ASKING}!"]
)
def test_the_request_is_recognised_wherever_it_stands(message: str):
    assert asks(entry("Unit is ready", message))


def test_the_request_of_the_application_itself_counts():
    asking = {**entry(), "application-status": {"current": "blocked", "message": ASKING}}
    assert asks(asking)


def test_an_application_without_units_and_messages_does_not_ask():
    assert not asks({"charm-name": "ceilometer", "units": None})


# Tasks


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("pending", State.GOING),
        ("running", State.GOING),
        ("aborting", State.GOING),
        ("completed", State.DONE),
        ("cancelled", State.LOST),
        ("aborted", State.LOST),
    ],
)
def test_the_status_of_a_task_is_its_state(status: str, state: State):
    assert ceilometer.task("12", {"id": "12", "status": status}) == Task("12", state)


@pytest.mark.parametrize(
    ("shown", "cause"),
    [
        ({"message": "Gnocchi\nis down"}, "Gnocchi is down"),
        ({"results": {"outcome": "ERROR nothing works"}}, "nothing works"),
        ({"results": {"stderr": "Traceback\nValueError: x\n"}}, "ValueError: x"),
        ({"results": {"return-code": 3}}, "it ended with exit code 3"),
        ({"results": {"outcome": {"a": "b"}, "return-code": 3}}, "it ended with exit code 3"),
        ({}, "it gave no reason"),
    ],
)
def test_a_failed_task_says_why(shown: dict[str, Any], cause: str):
    assert ceilometer.task("12", {"status": "failed", **shown}) == Task("12", State.FAILED, cause)


@pytest.mark.parametrize(
    "shown",
    [
        {},
        [],
        None,
        {"status": "odd"},
        {"status": 5},
        {"status": "failed", "results": 5},
        {"status": "failed", "message": 5},
        {"status": "failed", "results": {"return-code": 10**40}},
    ],
)
def test_what_is_no_task_is_refused(shown: Json):
    with pytest.raises(NotUnderstoodError):
        ceilometer.task("12", shown)


def operations(status: str, host: str = "ceilometer/0", action: str = "ceilometer-upgrade") -> Any:
    task = {"host": host, "status": status}
    return {"11": {"action": {"name": action, "parameters": {}}, "tasks": {"12": task}}}


OF_SEVERAL_UNITS = {
    "30": {
        "tasks": {
            "31": {"name": "pause", "host": "ceilometer/0", "status": "running"},
            "32": {"name": "ceilometer-upgrade", "host": "ceilometer/1", "status": "pending"},
        }
    }
}
"""Without a name of its own, as when an action is run on several units."""


@pytest.mark.parametrize(
    ("listed", "number"),
    [
        ({}, ""),
        (operations("pending"), "12"),
        (operations("running", "ceilometer/3"), "12"),
        (operations("completed"), ""),
        (operations("running", "ceilometer-two/0"), ""),
        (operations("running", action="pause"), ""),
        ({"11": {"action": {"name": "ceilometer-upgrade"}, "status": "error"}}, ""),
        ({"16": {"summary": 'action "ceilometer-upgrade"', "status": "error"}}, ""),
        (OF_SEVERAL_UNITS, "32"),
    ],
)
def test_a_task_that_waits_or_runs_already_is_found(listed: Json, number: str):
    assert ceilometer.unfinished(listed, "ceilometer", "ceilometer-upgrade") == number


@pytest.mark.parametrize(
    "listed",
    [[], "x", {"--help": {}}, {"11": {"tasks": {"12;": {}}}}, {"11": {"tasks": {"1\u0663": {}}}}],
)
def test_what_is_no_list_of_operations_is_refused(listed: Json):
    with pytest.raises(NotUnderstoodError):
        ceilometer.unfinished(listed, "ceilometer", "ceilometer-upgrade")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_any_json_is_understood_or_refused(tree: Json):
    for read in (
        lambda tree: ceilometer.task("1", tree),
        lambda tree: ceilometer.unfinished(tree, "ceilometer", "ceilometer-upgrade"),
    ):
        with contextlib.suppress(NotUnderstoodError):  # anything else fails the test
            read(tree)


# Which application is meant

ONE, TWO = Application("ceilometer", "ceilometer"), Application("telemetry", "ceilometer")


def target(
    *members: str, among: tuple[Application, ...] = (ONE, TWO)
) -> Application | errors.JujuFault:
    return ceilometer.target(among, members, "telemetry-coordinator", "openstack")


def test_the_only_application_is_meant():
    assert target(among=(ONE,)) == ONE


def test_a_related_application_is_meant_among_several():
    assert target("aodh", "telemetry") == TWO


def test_several_applications_are_named():
    meant = target()
    assert meant == errors.JujuFault(
        Cause.SEVERAL_CEILOMETERS,
        "several applications are of the charm ceilometer: ceilometer, telemetry",
        "juju integrate telemetry-coordinator:member ceilometer:juju-info",
    )


def test_several_related_applications_are_not_told_apart():
    meant = target("ceilometer", "telemetry")
    assert isinstance(meant, errors.JujuFault)
    assert meant.cause is Cause.SEVERAL_CEILOMETERS
    assert meant.remedy == "juju remove-relation telemetry-coordinator:member telemetry"


def test_a_model_without_ceilometer_is_told():
    assert target(among=()) == errors.no_ceilometer("openstack")
