"""Ceilometer as the Juju model shows it: its application, and whether it asks for its action."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator, Sequence
from typing import Any, cast

from coordinator.juju import errors
from coordinator.juju.status import Model
from coordinator.text import plain

_Tree = dict[str, Any]

CHARM = "ceilometer"
REQUEST = "Run the ceilometer-upgrade action"
"""What ceilometer's status contains until the action ran (charm-ceilometer,
`src/lib/charm/openstack/ceilometer.py`); it may be
prefixed or joined with others."""


@dataclasses.dataclass(frozen=True)
class CeilometerApplication:
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


@dataclasses.dataclass(frozen=True)
class Task:
    """A task of Juju.

    Attributes:
        cause: why it failed, for people.
    """

    number: str
    state: State
    cause: str = ""


@dataclasses.dataclass(frozen=True)
class View:
    """What the controller told in one hook.

    Attributes:
        applications: all of the ceilometer charm.
        task: the task that was asked for; None when none was, or it could not be seen.
        fault: why the controller could not be asked, None when it answered.
        model: the stack's applications and what came with them; None when it did not answer.
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


def applications(status: object) -> tuple[CeilometerApplication, ...]:
    """Ceilometer's applications in the output of `juju status --format json`.

    Raises:
        ValueError: it is no such output.
    """
    try:
        entries = cast("dict[str, _Tree]", cast("_Tree", status)["applications"] or {})
        return tuple(
            CeilometerApplication(
                name=name,
                asks=any(REQUEST in message for message in _messages(entry)),
                release=plain(str(entry.get("version") or ""), 40),
            )
            for name, entry in sorted(entries.items())
            if entry.get("charm-name") == CHARM
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not the output of juju status") from error


def _messages(entry: _Tree) -> Iterator[str]:
    yield str(entry.get("application-status", {}).get("message") or "")
    for unit in cast("dict[str, _Tree]", entry.get("units") or {}).values():
        yield str(unit.get("workload-status", {}).get("message") or "")


def task(number: str, shown: object) -> Task:
    """A task in the output of `juju show-task --format json`.

    Raises:
        ValueError: it is no such output.
    """
    try:
        entry = cast("_Tree", shown)
        state = _STATES[str(entry["status"])]
        cause = str(entry.get("message") or _outcome(entry.get("results") or {}))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not the output of juju show-task") from error
    return Task(number, state, plain(cause, 200) if state is State.FAILED else "")


def _outcome(results: _Tree) -> str:
    """What a failed task left besides a message."""
    said = str(results.get("outcome") or results.get("stderr") or "")
    code = results.get("return-code")
    return errors.last_words(said) if said else f"it ended with exit code {code}"


def unfinished(operations: object, application: str, action: str) -> str:
    """Number of a task of an action that waits or runs already; empty when there is none.

    Args:
        operations: output of `juju operations --format json`.
        application: name of the application.
        action: name of the action.

    Raises:
        ValueError: it is no such output.
    """
    try:
        for operation in cast("dict[str, _Tree]", operations).values():
            if operation.get("action", {}).get("name") != action:
                continue
            for number, entry in cast("dict[str, _Tree]", operation.get("tasks") or {}).items():
                going = _STATES.get(str(entry.get("status"))) is State.GOING
                if going and str(entry.get("host")).partition("/")[0] == application:
                    return number
    except (TypeError, AttributeError) as error:
        raise ValueError("not the output of juju operations") from error
    return ""


def target(
    view: View, members: Sequence[str], us: str, model: str
) -> CeilometerApplication | errors.JujuFault:
    """The application whose action is to be run, or why it is not clear which.

    Args:
        view: what the controller told.
        members: related applications that are Ceilometer; they decide among several.
        us: name of the coordinator's application.
        model: the model, for the remedy.
    """
    if view.fault is not None:
        return view.fault
    named = tuple(app for app in view.applications if app.name in members)
    meant = list(named or view.applications)
    if not meant:
        return errors.no_ceilometer(model)
    if len(meant) > 1:
        return errors.several_ceilometers([app.name for app in meant], us, related=bool(named))
    return meant[0]
