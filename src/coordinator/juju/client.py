"""The Juju controller, asked through the juju client: the stack's applications, and tasks.

The client keeps its data in a private folder that lives as long as one question; the password is
in a file there, never in an argument. Every call of the client is bounded (bounded_juju.sh).
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import pathlib
import pwd
import re
from collections.abc import Callable, Generator, Sequence
from typing import Any, cast

import jubilant
import yaml

from coordinator import private_files
from coordinator.blueprint import loader
from coordinator.juju import ceilometer, discovery, errors
from coordinator.juju import status as juju_status
from coordinator.juju.access import Access

logger = logging.getLogger(__name__)

ACTION = "ceilometer-upgrade"
POLL = 1.0
"""Seconds that a hook waits for a task that it began: an action of a unit on the same machine
cannot begin before the hook has ended."""

_NAME = "controller"
_WRAPPER = pathlib.Path(__file__).with_name("bounded_juju.sh")
_TIMED_OUT = {124, 137}
"""Exit codes of timeout(1)."""

_SNAPS = "/snap/"

_NO_SELECTORS = "patterns are not implemented"
"""What Juju 4.0 says to names in `juju status` before 4.0.6 (juju/juju, issue 22161)."""


class Controller:
    """The controller of this model, for one user."""

    def __init__(
        self,
        access: Access,
        find_client: Callable[[], pathlib.Path],
        us: str = "",
        search: discovery.Search | None = None,
    ) -> None:
        """Prepare, without asking anything.

        Args:
            access: who asks, and where.
            find_client: finds or installs the juju command; raises trouble.Refused.
            us: name of the coordinator's application, for remedies.
            search: what to look for in the model; by default the charm's own blueprint.
        """
        self.access = access
        self.us = us
        self._find_client = find_client
        self._search = search or discovery.Search(loader.load())

    def look(self, number: str = "") -> ceilometer.View:
        """The stack's applications, and one task if it is asked for. Raises nothing."""
        try:
            with self._client() as juju:
                status = self._status(juju)
                task = self._task(juju, number) if number else None
                applications = ceilometer.applications(status)
                return ceilometer.View(applications, task, model=juju_status.parse(status))
        except errors.JujuError as refused:
            return ceilometer.View(fault=refused.fault)
        except ValueError:
            return ceilometer.View(fault=errors.not_understood("the model"))

    def survey(self) -> juju_status.Model:
        """All applications of the model, with their integrations.

        What is not there can only be told from all of it: an application may have a name that
        nothing leads to.

        Raises:
            trouble.Refused: the controller would not.
        """
        with self._client() as juju:
            output = juju.cli("status", "--format", "json")
        try:
            return juju_status.parse(_parsed(output))
        except ValueError:
            raise errors.JujuError(errors.not_understood("the model")) from None

    def _status(self, juju: jubilant.Juju) -> dict[str, Any]:
        """What `juju status` tells of the stack's applications, whose names are found on the way.

        All of the model is read only where there is no other way: Juju 4.0 before 4.0.6 takes no
        names, and a Ceilometer may have a name that nothing leads to.
        """
        asked: tuple[str, ...] = ()
        names = self._search.usual_names()
        seen: dict[str, Any] = {}
        try:
            for _ in range(discovery.ROUNDS):
                more = _parsed(juju.cli("status", "--format", "json", *names))
                seen = _merged(seen, more, names)
                asked += names
                names = self._search.further_names(juju_status.parse(seen), asked)
                if not names:
                    break
        except jubilant.CLIError as error:
            if _NO_SELECTORS not in (error.stderr or ""):
                raise
            seen = {}
        if not seen or not ceilometer.applications(seen):
            return _parsed(juju.cli("status", "--format", "json"))
        return seen

    def start(self, application: str, *, anew: bool = True) -> str:
        """Enqueue ceilometer-upgrade on the application's leader and return the task's number.

        A task that waits or runs already, whoever began it, is as good as a new one; where none
        is to be begun anew, the number is empty without it.

        Raises:
            trouble.Refused: the controller would not; Unclear: it may have enqueued it.
        """
        with self._client(application) as juju:
            try:
                listed = juju.cli(
                    "operations",
                    *("--apps", application, "--actions", ACTION, "--status", "pending,running"),
                    *("--format", "json"),
                )
                going = ceilometer.unfinished(_parsed(listed), application, ACTION)
            except ValueError:
                raise errors.JujuError(errors.not_understood("running tasks")) from None
            return going or (self._enqueue(juju, application) if anew else "")

    def _enqueue(self, juju: jubilant.Juju, application: str) -> str:
        """The number is in the client's progress lines, wherever jubilant puts them."""
        try:
            return juju.run(f"{application}/leader", ACTION, wait=POLL).id
        except jubilant.TaskError as error:
            return error.task.id
        except jubilant.CLIError as error:
            said, failure = error.stderr or "", error
        except (TimeoutError, ValueError) as error:
            said, failure = str(error), error
        begun = re.search(r"\btask (\d+) on\b", said)
        if begun:
            return begun[1]
        if isinstance(failure, jubilant.CLIError) and failure.returncode in _TIMED_OUT:
            raise errors.UnclearError(errors.too_slow(self.access))
        logger.debug("ceilometer-upgrade could not be enqueued: %s", type(failure).__name__)
        raise errors.JujuError(errors.of_client(said, self.access, application))

    def _task(self, juju: jubilant.Juju, number: str) -> ceilometer.Task:
        try:
            shown = juju.cli("show-task", number, "--format", "json")
        except jubilant.CLIError as error:
            if "not found" in (error.stderr or ""):
                return ceilometer.Task(number, ceilometer.State.LOST)
            raise
        return ceilometer.task(number, _parsed(shown))

    @contextlib.contextmanager
    def _client(self, application: str = ceilometer.CHARM) -> Generator[jubilant.Juju]:
        """A client that is logged in by its data, and what it fails of in plain words."""
        client = self._find_client()
        try:
            with private_files.folder(_parent(client)) as folder:
                self._write(folder)
                (folder / "client").symlink_to(client)
                (folder / "juju").symlink_to(_WRAPPER)
                place = f"{_NAME}:{self.access.model}"
                yield jubilant.Juju(model=place, cli_binary=folder / "juju")
        except jubilant.CLIError as error:
            if error.returncode in _TIMED_OUT:
                raise errors.JujuError(errors.too_slow(self.access)) from None
            said = errors.of_client(error.stderr or "", self.access, application)
            raise errors.JujuError(said) from None
        except OSError as error:
            said = f"ERROR {client} could not be run ({error.strerror})"
            raise errors.JujuError(errors.of_client(said, self.access)) from None

    def _write(self, folder: pathlib.Path) -> None:
        """The client's data, in the form of its store (juju/juju, package jujuclient)."""
        access = self.access
        controller = {
            "uuid": access.controller,
            "api-endpoints": list(access.endpoints),
            "ca-cert": access.certificate,
        }
        account = {"user": access.username, "password": access.password}
        for file, entry in (("controllers.yaml", controller), ("accounts.yaml", account)):
            private_files.write(folder / file, yaml.safe_dump({"controllers": {_NAME: entry}}))


def _merged(seen: dict[str, Any], more: object, names: Sequence[str]) -> dict[str, Any]:
    """Two answers in one: what was asked for by name is complete, other things may not be.

    Raises:
        ValueError: it is no answer.
    """
    if not isinstance(more, dict):
        raise ValueError("not the output of juju status")  # noqa: TRY004 - the answer is wrong
    answer = cast("dict[str, dict[str, Any] | None]", more)
    merged: dict[str, Any] = {**answer, **seen}
    for part in ("applications", "application-endpoints"):
        old: dict[str, Any] = seen.get(part) or {}
        new = answer.get(part) or {}
        asked = {name: entry for name, entry in new.items() if name in names}
        merged[part] = {**new, **old, **asked}
    return merged


def _parsed(output: str) -> Any:
    """Output as JSON; the client prints nothing where there is nothing to print."""
    return json.loads(output) if output.strip() else {}


def _parent(client: pathlib.Path) -> pathlib.Path | None:
    """Where the client's folder must be; None where the client does not care.

    The snap is confined: of the hidden places it may read and write its own common folder only.
    """
    if not str(client).startswith(_SNAPS):
        return None
    common = pathlib.Path(pwd.getpwuid(os.getuid()).pw_dir, "snap/juju/common")
    common.mkdir(parents=True, exist_ok=True)
    return common
