"""The owner's end of the pipe to a stack's supervisor process."""

import json
import os
import pathlib
import select
import subprocess
import threading
import time
from typing import Any

from tests.support.openstack import environment
from tests.support.openstack.errors import StackError
from tests.support.openstack.inside.site import Site

_CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
_ANSWER_TIME = 150.0  # seconds; longer than the supervisor lets any request take
_END_TIME = 15.0


class Supervision:
    """A supervisor process: starts, stops and signals the processes of one stack.

    When this process ends, for whatever reason, the supervisor ends all of them.
    """

    def __init__(self, site: Site, tools: environment.Environment) -> None:
        self._lock = threading.Lock()
        self._buffer = b""
        with (site.logs / "supervisor.log").open("ab") as log:
            self._process = subprocess.Popen(
                [tools.python, "-m", "tests.support.openstack.inside.supervisor", site.to_json()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                bufsize=0,
                cwd=site.root,
                env=variables(site, tools),
                start_new_session=True,  # Ctrl-C is for the owner, who then ends us in order
            )
        try:
            self.ports: dict[str, int] = self._receive()["ports"]
        except BaseException:
            self.close()
            raise

    def wait_until_ready(self) -> None:
        """Wait until the libraries are loaded. Raises StackError."""
        self._receive()

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Send one request, return its answer. Raises StackError."""
        line = json.dumps({"do": do, **arguments}).encode() + b"\n"
        assert self._process.stdin is not None
        with self._lock:
            try:
                self._process.stdin.write(line)
            except (OSError, ValueError) as error:  # ValueError: closed by us
                raise StackError("the stack's supervisor has ended") from error
            return self._receive()

    def run(self, *tasks: str) -> None:
        """Run setup tasks side by side to their end. Raises StackError."""
        failed = self.ask("run", names=list(tasks))["failed"]
        if failed:
            raise StackError(f"failed: {', '.join(failed)}")

    def close(self) -> None:
        """End the supervisor and with it every process of the stack."""
        process = self._process
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            process.wait(_END_TIME)
        except subprocess.TimeoutExpired:
            process.kill()  # the kernel then ends its children
            process.wait(_END_TIME)

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        deadline = time.monotonic() + _ANSWER_TIME
        while b"\n" not in self._buffer:
            readable, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
            if not readable:
                raise StackError("the stack's supervisor does not answer")
            data = os.read(pipe, 65536)
            if not data:
                raise StackError("the stack's supervisor has ended")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer = json.loads(line)
        if "error" in answer:
            raise StackError(f"the stack's supervisor failed:\n{answer['error']}")
        return answer


def variables(site: Site, tools: environment.Environment) -> dict[str, str]:
    """A clean environment: no proxies, no OS_* variables, no HOME of a person."""
    return {
        "HOME": str(site.home),
        "XDG_CACHE_HOME": str(tools.cache),
        "PATH": f"{tools.folder / 'bin'}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(_CHECKOUT),
        # The services' own deprecations are none of our business.
        "PYTHONWARNINGS": "ignore",
        # One thread per process for numpy: Gnocchi's arrays are tiny here.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
