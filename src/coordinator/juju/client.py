"""The Juju controller, asked through the juju client: the model, and tasks.

The client keeps its data in a private folder that lives as long as one question; the password is
in a file there, never in an argument. Every call of the client is bounded (bounded_juju.sh).
"""

from __future__ import annotations

import contextlib
import datetime
import json
import pathlib
import re
from collections.abc import Callable, Generator

import jubilant
import yaml

from coordinator import private_files
from coordinator.juju import ceilometer, controller_back_off, errors, foreign, snap, status
from coordinator.juju.access import Access
from coordinator.juju.controller_back_off import BackOff

ACTION = "ceilometer-upgrade"
POLL = 1.0
"""Seconds that a hook waits for a task that it began: an action of a unit on the same machine
cannot begin before the hook has ended."""

LIMIT = 15
"""Seconds that a call of the client may take."""

WRAPPER = pathlib.Path(__file__).with_name("bounded_juju.sh")
"""Runs the client within that limit, which it finds beside it."""

_NAME = "controller"
_TIMED_OUT = {124, 137}
"""Exit codes of timeout(1)."""


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


class Controller:
    """The controller of this model, for one user.

    Attributes:
        back_off: what is to be remembered after the last call; None where it was answered.
    """

    def __init__(
        self,
        access: Access,
        client: pathlib.Path,
        remembered: BackOff | None = None,
        *,
        insists: bool = False,
        clock: Callable[[], datetime.datetime] = _now,
    ) -> None:
        """Prepare, without asking anything.

        Args:
            access: who asks, and where.
            client: the juju command.
            remembered: the back-off after an earlier call.
            insists: ask in spite of it: a person waits.
            clock: tells the time.
        """
        self.access = access
        self.back_off = remembered
        self._command = client
        self._insists = insists
        self._clock = clock

    def look(self, number: str = "") -> tuple[status.Model, ceilometer.Task | None]:
        """Read the model, and a task if its number is given.

        Raises:
            JujuError: the controller could not be asked.
        """
        with self._client() as juju:
            # with names, `juju status` leaves out what these do not name
            model = status.parse(foreign.load(juju.cli("status", "--format", "json")))
            return model, self._task(juju, number) if number else None

    def start(self, application: str, *, anew: bool = True) -> str:
        """Enqueue ceilometer-upgrade on the application's leader and return the task's number.

        A task that waits or runs already, whoever began it, is as good as a new one; where none
        is to be begun anew, the number is empty without it.

        Raises:
            JujuError: the controller would not; UnclearError: it may have enqueued it.
        """
        with self._client(application, "running tasks") as juju:
            listed = juju.cli(
                "operations",
                *("--apps", application, "--actions", ACTION, "--status", "pending,running"),
                *("--format", "json"),
            )
            going = ceilometer.unfinished(foreign.load(listed), application, ACTION)
            return going or (self._enqueue(juju, application) if anew else "")

    def _enqueue(self, juju: jubilant.Juju, application: str) -> str:
        """The number is in the client's progress lines, wherever jubilant puts them."""
        try:
            number = juju.run(f"{application}/leader", ACTION, wait=POLL).id
        except jubilant.TaskError as error:
            number = error.task.id
        except jubilant.CLIError as error:
            number = _begun(error.stderr or "")
            if not number and error.returncode in _TIMED_OUT:
                self._extend_back_off()
                raise errors.UnclearError(errors.silent(self.access)) from None
            if not number:
                raise
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError, RecursionError):
            number = ""  # it ended well, and jubilant did not understand what it printed
        except (TimeoutError, ValueError) as error:
            number = _begun(str(error))
            if not number:
                self.back_off = None
                fault = errors.of_client(str(error), self.access, application)
                raise errors.JujuError(fault) from None
        if not re.fullmatch(foreign.NUMBER, number):
            fault = errors.not_understood("the task that was begun", self.access.us)
            raise errors.UnclearError(fault)
        return number

    def _task(self, juju: jubilant.Juju, number: str) -> ceilometer.Task:
        try:
            shown = juju.cli("show-task", number, "--format", "json")
        except jubilant.CLIError as error:
            if "not found" in (error.stderr or ""):
                return ceilometer.Task(number, ceilometer.State.LOST)
            raise
        return ceilometer.task(number, foreign.load(shown))

    def _extend_back_off(self) -> BackOff:
        self.back_off = controller_back_off.extend(
            self.back_off, self.access.endpoints, self._clock()
        )
        return self.back_off

    @contextlib.contextmanager
    def _client(self, application: str = "", what: str = "the model") -> Generator[jubilant.Juju]:
        """A client that is logged in by its data, and what it fails of in plain words."""
        waits = self.back_off if not self._insists else None
        if waits and waits.covers(self.access.endpoints, self._clock()):
            raise errors.JujuError(errors.silent(self.access, waits))
        try:
            with private_files.folder(snap.private_parent(self._command)) as folder:
                self._write(folder)
                (folder / "client").symlink_to(self._command)
                (folder / "juju").symlink_to(WRAPPER)
                place = f"{_NAME}:{self.access.model}"
                yield jubilant.Juju(model=place, cli_binary=folder / "juju")
                self.back_off = None
        except jubilant.CLIError as error:
            if error.returncode in _TIMED_OUT:
                fault = errors.silent(self.access, self._extend_back_off())
            else:
                self.back_off = None
                fault = errors.of_client(error.stderr or "", self.access, application)
            raise errors.JujuError(fault) from None
        except OSError as error:
            said = f"ERROR {self._command} could not be run ({error.strerror})"
            raise errors.JujuError(errors.of_client(said, self.access)) from None
        except (foreign.NotUnderstoodError, UnicodeDecodeError):
            raise errors.JujuError(errors.not_understood(what, self.access.us)) from None

    def _write(self, folder: pathlib.Path) -> None:
        """The limit, and the client's data in the form of its store (juju/juju, jujuclient)."""
        private_files.write(folder / "limit", f"{LIMIT}\n")
        access = self.access
        controller = {
            "uuid": access.controller,
            "api-endpoints": list(access.endpoints),
            "ca-cert": access.certificate,
        }
        account = {"user": access.username, "password": str(access.password)}
        for file, entry in (("controllers.yaml", controller), ("accounts.yaml", account)):
            private_files.write(folder / file, yaml.safe_dump({"controllers": {_NAME: entry}}))


def _begun(said: str) -> str:
    """The number of a task that was begun, in what the client said; else empty."""
    begun = re.search(r"\btask ([0-9]{1,9}) on\b", said)
    return begun[1] if begun else ""
