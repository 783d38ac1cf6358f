"""A Juju model as its operator sees it: users, applications, tasks."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import sys
import uuid

import trustme
import yaml

from tests.support.juju import models, state

MODEL = "5a0f4e1c-6f0b-4f5e-8d6e-0c2b8f1d7a11"
ASKING = "Run the ceilometer-upgrade action on the leader to initialize ceilometer and gnocchi"
READY = ("active", "Unit is ready")
BLOCKED = ("blocked", ASKING)
NEEDS = {
    "amqp": ["rabbitmq-server"],
    "identity-credentials": ["keystone"],
    "identity-notifications": ["keystone"],
    "metric-service": ["gnocchi"],
}
"""What ceilometer is integrated with."""
CLIENT = pathlib.Path(__file__).with_name("client.py")


class Controller:
    """A controller with one model, and a client on a folder for PATH."""

    def __init__(self, folder: pathlib.Path, version: str = "3.6.9", model: str = MODEL) -> None:
        """Make it.

        Args:
            folder: an empty folder for state and client.
            version: of controller and client.
            model: UUID of the model.
        """
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        self._file = folder / "state.json"
        self.uuid = str(uuid.uuid4())
        self.certificate = trustme.CA().cert_pem.bytes().decode()
        fresh = state.State(self.uuid, model, ("192.0.2.1:17070",), self.certificate, version)
        self._file.write_text(json.dumps(dataclasses.asdict(fresh)))
        client = self.bin / "juju"
        root = CLIENT.parents[3]
        client.write_text(
            f"#!/bin/sh\nPYTHONPATH={root} exec {sys.executable} -m tests.support.juju.client "
            f'{self._file} "$@"\n'
        )
        client.chmod(0o755)

    def opened(self):
        """The state, to read or to change."""
        return state.opened(self._file)

    def agent_conf(self) -> str:
        """What Juju writes beside the charm's folder, as far as it matters here."""
        settings = {
            "tag": "unit-telemetry-coordinator-0",
            "controller": f"controller-{self.uuid}",
            "model": f"model-{MODEL}",
            "cacert": self.certificate,
            "apiaddresses": ["192.0.2.1:17070"],
        }
        return "# format 2.0\n" + yaml.safe_dump(settings)

    # What an operator does

    def add_user(self, name: str, password: str, access: str = "write") -> None:
        with self.opened() as known:
            known.users[name] = state.User(password, access)

    def deploy(
        self,
        name: str = "ceilometer",
        charm: str = "ceilometer",
        *,
        units: int = 1,
        status: tuple[str, str] = READY,
        actions: tuple[str, ...] = ("ceilometer-upgrade",),
        version: str = "",
    ) -> None:
        statuses = {f"{name}/{number}": status for number in range(units)}
        relations = NEEDS if charm == "ceilometer" else {}
        with self.opened() as known:
            known.applications[name] = state.Application(
                charm, statuses, actions, 0 if units else None, version, relations
            )

    def fill(self, model: models.Model) -> None:
        """Put a model's applications beside those that were deployed here, which come first."""
        with self.opened() as known:
            known.document = model.document

    def set_status(self, name: str, status: tuple[str, str]) -> None:
        with self.opened() as known:
            units = known.applications[name].statuses
            units.update(dict.fromkeys(units, status))

    def set_command(self, action: str, *argv: str, then: tuple[str, str] = READY) -> None:
        """What an action really runs from now on."""
        with self.opened() as known:
            known.commands[action] = (list(argv), then)

    def behave(self, mood: str = "") -> None:
        """Answer, or do not: ``, `refuses`, `hangs` or `untrusted`; see `State.mood`."""
        with self.opened() as known:
            known.mood = mood

    def hold(self, held: bool = True) -> None:
        """Leave tasks pending."""
        with self.opened() as known:
            known.held = held

    def finish(
        self, number: str, status: str = "completed", message: str = "", code: int = 0
    ) -> None:
        """End a task, as its unit would."""
        with self.opened() as known:
            task = known.tasks[number]
            task.status, task.message, task.code = status, message, code

    def finish_next(self, status: str = "completed", message: str = "", code: int = 0) -> None:
        """Have the next task end at once."""
        with self.opened() as known:
            known.next_end = (status, message, code)

    # What it remembers

    @property
    def tasks(self) -> dict[str, state.Task]:
        with self.opened() as known:
            return known.tasks

    @property
    def calls(self) -> list[list[str]]:
        with self.opened() as known:
            return known.calls
