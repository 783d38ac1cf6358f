"""Ceilometer as the Juju model shows it: its application, and whether it asks for its action."""

from __future__ import annotations

import enum
from collections.abc import Sequence

import msgspec

from coordinator.juju import errors, foreign
from coordinator.juju.foreign import Entry
from coordinator.juju.status import Application, CharmStatus, Level, Model, application_of
from coordinator.report.kept import Json
from coordinator.text import plain

CHARM = "ceilometer"
REQUEST = "Run the ceilometer-upgrade action"
"""What ceilometer's status contains until the action ran (charm-ceilometer,
`src/lib/charm/openstack/ceilometer.py`); it may be
prefixed or joined with others."""


class CeilometerApplication(msgspec.Struct, frozen=True):
    """An application of the ceilometer charm.

    Attributes:
        asks: whether one of its units asks for its action ceilometer-upgrade.
        release: version of Ceilometer, where the charm tells it.
    """

    name: str
    asks: bool = False
    release: str = ""


class State(enum.Enum):
    """How far a task of Juju is."""

    GOING = "going"  # pending or running
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"  # cancelled, aborted, or not known any more


class Task(msgspec.Struct, frozen=True):
    """A task of Juju."""

    number: str
    state: State
    cause: str = ""


class View(msgspec.Struct, frozen=True):
    """What the controller told in one hook.

    Attributes:
        applications: all of the ceilometer charm.
        task: the task that was asked for; None when none was, or it could not be seen.
        fault: why the controller could not be asked, None when it answered.
        model: the whole model; None when it did not answer.
    """

    applications: tuple[CeilometerApplication, ...] = ()
    task: Task | None = None
    fault: errors.JujuFault | None = None
    model: Model | None = None


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


def applications(model: Model) -> tuple[CeilometerApplication, ...]:
    """Ceilometer's applications in a model, by name."""
    found = sorted(model.of_charm(CHARM), key=lambda app: app.name)
    return tuple(CeilometerApplication(app.name, asks(app), app.version) for app in found)


def asks(app: Application) -> bool:
    """Whether an application asks for its action ceilometer-upgrade."""
    messages = (app.status.message, *(unit.workload.message for unit in app.units))
    return any(REQUEST in message for message in messages)


def without_request(status: CharmStatus) -> CharmStatus:
    """A status without ceilometer's request for its action; well where it says nothing else."""
    if REQUEST not in status.message:
        return status
    rest = status.message.partition(REQUEST)[0].strip(" ,;.")
    return msgspec.structs.replace(
        status, level=status.level if rest else Level.ACTIVE, message=rest
    )


def task(number: str, shown: Json) -> Task:
    """A task in the output of `juju show-task --format json`."""
    entry = Entry(shown, "task")
    state = _STATES.get(entry.text("status"))
    if state is None:
        raise foreign.NotUnderstoodError("task.status: no status of a task")
    if state is not State.FAILED:
        return Task(number, state)
    cause = entry.text("message") or _outcome(entry.entry("results"))
    return Task(number, state, plain(cause, 200))


def _outcome(results: Entry) -> str:
    """What a failed task left besides a message."""
    said = _said(results, "outcome") or _said(results, "stderr")
    code = results.number("return-code")
    return errors.last_words(said) if said else f"it ended with exit code {code}"


def _said(results: Entry, key: str) -> str:
    """A result as text: charms name and form their results as they like."""
    try:
        return results.text(key)
    except foreign.NotUnderstoodError:
        return ""


def unfinished(operations: Json, application: str, action: str) -> str:
    """Number of a task of an action that waits or runs already; empty when there is none.

    The operations are the output of `juju operations --format json`.
    """
    listed = Entry({"operations": operations}, "output")
    for _, operation in listed.entries("operations", foreign.TASK):
        # of several tasks, each has the name
        name = operation.entry("action").text("name")
        for number, entry in operation.entries("tasks", foreign.TASK):
            going = _STATES.get(entry.text("status")) is State.GOING
            ours = application_of(entry.text("host")) == application
            if going and ours and action == (name or entry.text("name")):
                return number
    return ""


def target(
    view: View, members: Sequence[str], us: str, model: str
) -> CeilometerApplication | errors.JujuFault:
    """The application whose action is to be run, or why it is not clear which."""
    if view.fault is not None:
        return view.fault
    named = tuple(app for app in view.applications if app.name in members)
    meant = list(named or view.applications)
    if not meant:
        return errors.no_ceilometer(model)
    if len(meant) > 1:
        return errors.several_ceilometers([app.name for app in meant], us, related=bool(named))
    return meant[0]
