"""What the stand-in controller knows, in one file that several processes may use at once."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import pathlib
from collections.abc import Generator
from typing import Any


@dataclasses.dataclass
class User:
    """Someone who may log in.

    Attributes:
        access: to the model: `none` (nor to any other), `read`, `write` or `admin`.
    """

    password: str
    access: str = "write"
    enabled: bool = True


@dataclasses.dataclass
class Application:
    """An application.

    Attributes:
        leader: number of a unit, None while there is none.
        relations: endpoint → names of the applications that it is integrated with.
    """

    charm: str
    statuses: dict[str, tuple[str, str]]
    actions: tuple[str, ...] = ("ceilometer-upgrade",)
    leader: int | None = 0
    version: str = ""
    relations: dict[str, list[str]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Task:
    """A task, in an operation of its own with the number before.

    Attributes:
        code: exit code of the charm's process; a charm that says that its action failed ends
            with 0 all the same.
    """

    application: str
    unit: str
    action: str
    user: str
    status: str = "pending"
    message: str = ""
    code: int = 0


@dataclasses.dataclass
class State:
    """Everything.

    Attributes:
        commands: what an action really runs, and the status that its units have after a success.
        mood: how the controller answers: ``, `refuses`, `hangs` or `untrusted`. The client
            hangs for the first two.
        next_end: how the next task ends at once: status, message and code; empty for not.
        held: whether tasks stay pending, as while the machine of a unit is busy with a hook.
        calls: arguments of every call of the client.
        document: the output of `juju status` for all other applications (`models`).
    """

    uuid: str
    model: str
    endpoints: tuple[str, ...]
    certificate: str
    version: str
    users: dict[str, User] = dataclasses.field(default_factory=dict)
    applications: dict[str, Application] = dataclasses.field(default_factory=dict)
    tasks: dict[str, Task] = dataclasses.field(default_factory=dict)
    commands: dict[str, tuple[list[str], tuple[str, str]]] = dataclasses.field(
        default_factory=dict
    )
    mood: str = ""
    next_end: tuple[str, str, int] | tuple[()] = ()
    held: bool = False
    calls: list[list[str]] = dataclasses.field(default_factory=list)
    document: dict[str, Any] = dataclasses.field(default_factory=dict)


@contextlib.contextmanager
def opened(path: pathlib.Path) -> Generator[State]:
    """The state, locked; what is changed in it is kept, all of it or nothing."""
    with path.with_suffix(".lock").open("a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = _load(json.loads(path.read_text(encoding="utf-8")))
        yield state
        new = path.with_suffix(".new")  # a client may be killed while it writes
        new.write_text(json.dumps(dataclasses.asdict(state)), encoding="utf-8")
        new.replace(path)


def _load(data: dict[str, Any]) -> State:
    kinds = {"users": User, "applications": Application, "tasks": Task}
    for key, kind in kinds.items():
        data[key] = {name: kind(**entry) for name, entry in data[key].items()}
    return State(**data)
