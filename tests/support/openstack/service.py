"""One service of a running stack, to be stopped, frozen and brought back."""

import contextlib
import dataclasses
import signal
import socket
import time

import requests

from tests.support.openstack.errors import StackError
from tests.support.openstack.inside.site import BROKER_ADDRESS
from tests.support.openstack.supervision import Supervision

START_TIME = 180.0  # seconds; a start takes 2 to 6 on two idle cores, and a minute on busy ones


@dataclasses.dataclass(frozen=True)
class Service:
    """A server or daemon: `url` is empty for what speaks no HTTP, `port` 0 for a daemon."""

    name: str
    port: int
    url: str
    _supervision: Supervision

    @property
    def pid(self) -> int:
        """Its process id, 0 when it does not run. Its process group has the same number."""
        return self._supervision.ask("status")["pids"].get(self.name, 0)

    @property
    def running(self) -> bool:
        """Whether its process exists, frozen or not."""
        return self.pid != 0

    def stop(self) -> None:
        """End it; connections to its port are then refused."""
        self._supervision.ask("stop", name=self.name)

    def start(self) -> None:
        """Start it on the port that it always has, and wait until it answers.

        Raises StackError when it does not.
        """
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start it and do not wait."""
        self._supervision.ask("start", name=self.name)

    def wait(self) -> None:
        """Wait until it answers HTTP, with whatever status, or takes connections to its port.

        A daemon without a port is not waited for. Raises StackError.
        """
        deadline = time.monotonic() + START_TIME
        while self.port and not self._answers():
            if not self.running or time.monotonic() > deadline:
                raise StackError(f"{self.name} does not answer")
            time.sleep(0.05)

    def _answers(self) -> bool:
        if not self.url:
            with contextlib.suppress(OSError):
                socket.create_connection((BROKER_ADDRESS, self.port), timeout=5).close()
                return True
            return False
        with requests.Session() as session, contextlib.suppress(requests.RequestException):
            session.trust_env = False
            session.get(self.url, timeout=5, allow_redirects=False)
            return True
        return False

    def freeze(self) -> None:
        """Suspend all its processes: connections are accepted and never answered."""
        self._supervision.ask("signal", name=self.name, number=signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        self._supervision.ask("signal", name=self.name, number=signal.SIGCONT)
