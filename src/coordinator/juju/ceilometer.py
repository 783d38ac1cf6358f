"""Ceilometer as Juju shows it: its applications, and tasks of its action."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Sequence

import msgspec

from coordinator.juju import errors, foreign
from coordinator.juju.foreign import Node
from coordinator.juju.status import Application, CharmStatus, JujuLevel, Model, application_of
from coordinator.report.kept import Json
from coordinator.text import plain

CHARM = "ceilometer"
REQUEST = "Run the ceilometer-upgrade action"
"""Part of ceilometer's status until the action ran (charm-ceilometer,
`src/lib/charm/openstack/ceilometer.py`)."""


class State(enum.Enum):
    """The state of a task of Juju."""

    GOING = "going"  # pending or running
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"  # cancelled, aborted, or not known any more


class Task(msgspec.Struct, frozen=True):
    """A task of Juju."""

    number: str
    state: State
    cause: str = ""


_STATES = {
    "pending": State.GOING,
    "running": State.GOING,
    "aborting": State.GOING,
    "completed": State.DONE,
    "failed": State.FAILED,
    "error": State.FAILED,
    "cancelled": State.LOST,
    "aborted": State.LOST,
}


def applications(model: Model) -> list[Application]:
    """Ceilometer's applications in a model, by name."""
    return sorted(model.of_charm(CHARM), key=lambda app: app.name)


def asks(app: Application) -> bool:
    """Tell if an application asks for its action ceilometer-upgrade."""
    messages = (app.status.message, *(unit.workload.message for unit in app.units))
    return any(REQUEST in message for message in messages)


def without_request(status: CharmStatus) -> CharmStatus:
    """A status without ceilometer's request for its action; well where it says nothing else."""
    if REQUEST not in status.message:
        return status
    rest = status.message.partition(REQUEST)[0].strip(" ,;.")
    return msgspec.structs.replace(
        status, level=status.level if rest else JujuLevel.ACTIVE, message=rest
    )


def task(number: str, shown: Json) -> Task:
    """Read the output of `juju show-task --format json`."""
    node = Node(shown)
    state = _STATES.get(node.text("status"))
    if state is None:
        raise foreign.NotUnderstoodError("no status of a task")
    if state is not State.FAILED:
        return Task(number, state)
    cause = node.text("message") or _outcome(node.node("results"))
    return Task(number, state, plain(cause, 200))


def _outcome(results: Node) -> str:
    """The reason in the results of a failed task, which charms form as they like."""
    code = results.number("return-code")
    for key in ("outcome", "stderr"):
        with contextlib.suppress(foreign.NotUnderstoodError):
            if said := results.text(key):
                return errors.last_words(said)
    return errors.last_words("") if code is None else f"it ended with exit code {code}"


def unfinished(operations: Json, application: str, action: str) -> str:
    """Number of a task of an action that waits or runs; empty when there is none.

    The operations are the output of `juju operations --format json`.
    """
    listed = Node({"operations": operations})
    for operation in listed.nodes("operations", foreign.NUMBER).values():
        # of several tasks, each has the name
        name = operation.node("action").text("name")
        for number, found in operation.nodes("tasks", foreign.NUMBER).items():
            going = _STATES.get(found.text("status")) is State.GOING
            ours = application_of(found.text("host")) == application
            if going and ours and action == (name or found.text("name")):
                return number
    return ""


def target(
    found: Sequence[Application], members: Sequence[str], us: str, model: str
) -> Application | errors.JujuFault:
    """The application whose action is to be run, or why it is not clear which.

    Args:
        found: all of the ceilometer charm.
        members: applications that are related to the coordinator.
        us: name of the coordinator's application.
        model: name of the model.
    """
    named = [app for app in found if app.name in members]
    meant = named or found
    if not meant:
        return errors.no_ceilometer(model)
    if len(meant) > 1:
        return errors.several_ceilometers([app.name for app in meant], us, related=bool(named))
    return meant[0]
