"""Forks and ends the processes of one stack, and never outlives who asked for it.

Started by `supervision`. Reads one JSON request per line from standard input and
answers each with one line. The end of standard input, however it comes about, ends everything:
so does a signal; and should this process be killed, the kernel ends its children.

It is also what makes a boot fast: libraries are imported once, here, before the forks.
It stays single-threaded, because it forks and because PR_SET_PDEATHSIG is tied to the thread.
"""

import contextlib
import ctypes
import dataclasses
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from tests.support.openstack import storage
from tests.support.openstack.inside import privileges, programs, upgrades
from tests.support.openstack.inside.site import BROKER_ADDRESS, BROKER_PORTS, SERVERS, Site

_PR_SET_PDEATHSIG = 1  # <sys/prctl.h>
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None, use_errno=True)
_ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_GRACE = 3.0  # seconds between asking a process to end and making it
_STORING = ("gnocchi", "metricd")  # tests make their storage read-only, by its mode
_TASK_TIME = 120.0  # seconds; gnocchi-upgrade retries for ever when its database is not there

Answer = dict[str, Any]


@dataclasses.dataclass
class Child:
    """A process group: a forked child, and whatever it starts itself."""

    pid: int
    frozen: bool = False


class Supervisor:
    """The processes of one stack, by name."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._children: dict[str, Child] = {}
        self._reserved = {
            **{name: _reserve(site.address) for name in SERVERS},
            **{name: _reserve(BROKER_ADDRESS) for name in BROKER_PORTS},
        }
        self._defined: dict[str, Callable[[], None]] = {"upgrades": lambda: upgrades.serve(site)}

    @property
    def ports(self) -> dict[str, int]:
        """The port of each server; nobody else can take it while this process lives."""
        return {name: held.getsockname()[1] for name, held in self._reserved.items()}

    def answer(self, request: Answer) -> Answer:
        """Do what one request says."""
        actions: dict[str, Callable[..., Answer]] = {
            "define": self.define,
            "start": self.start,
            "stop": self.stop,
            "signal": self.signal,
            "run": self.run,
            "status": self.status,
        }
        return actions[request.pop("do")](**request)

    def define(self, name: str, words: list[str], variables: dict[str, str]) -> Answer:
        """Make a daemon of any program."""
        self._defined[name] = lambda: programs.become(words, variables)
        return {}

    def start(self, name: str) -> Answer:
        """Start a server or daemon; does nothing when it runs."""
        if not self._alive(name):
            if name in self._defined:
                self._fork(name, self._defined[name])
            elif name in SERVERS:
                listener = _bind(self._site.address, self.ports[name])
                with listener:
                    self._fork(name, lambda: programs.serve(name, listener))
            else:
                self._fork(name, lambda: programs.DAEMONS[name](self._site))
        return {"pid": self._children[name].pid}

    def stop(self, name: str) -> Answer:
        """End a process and all it started; does nothing when it does not run."""
        if self._alive(name):
            # PostgreSQL: SIGINT ends its sessions and shuts down cleanly.
            self._end({name: signal.SIGINT if name == "postgres" else signal.SIGTERM})
        return {}

    def signal(self, name: str, number: int) -> Answer:
        """Send a signal to a process and all it started."""
        if self._alive(name):
            os.killpg(self._children[name].pid, number)
            self._children[name].frozen = number == signal.SIGSTOP
        return {}

    def run(self, names: list[str]) -> Answer:
        """Run tasks side by side to their end; tells which ones failed."""
        for name in names:
            self._fork(name, lambda name=name: programs.TASKS[name](self._site))
        codes: dict[str, int] = {}
        deadline = time.monotonic() + _TASK_TIME
        try:
            while len(codes) < len(names) and time.monotonic() < deadline:
                for name in set(names) - set(codes):
                    pid, status = os.waitpid(self._children[name].pid, os.WNOHANG)
                    if pid:
                        codes[name] = os.waitstatus_to_exitcode(status)
                if _owner_gone():
                    raise SystemExit(1)
                time.sleep(0.01)
        finally:
            self._end(dict.fromkeys(names, signal.SIGKILL))
        return {"failed": sorted(name for name in names if codes.get(name) != 0)}

    def status(self) -> Answer:
        """What runs, with process ids, and what of it is frozen."""
        running = [name for name in list(self._children) if self._alive(name)]
        return {
            "pids": {name: self._children[name].pid for name in running},
            "frozen": [name for name in running if self._children[name].frozen],
        }

    def end(self) -> None:
        """End everything and remove the temporary folders."""
        for number in _ENDING_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        clients = [name for name in self._children if name != "postgres"]
        self._end(dict.fromkeys(clients, signal.SIGTERM))
        if "postgres" in self._children:
            self._end({"postgres": signal.SIGQUIT})  # at once: nobody needs the data
        storage.set_writable(self._site, writable=True)  # or nobody but root could remove it
        for folder in self._site.temporary:
            shutil.rmtree(folder, ignore_errors=True)

    def _fork(self, name: str, work: Callable[[], None]) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _live(name, work, self._site, parent)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.setpgid(pid, pid)  # the child does the same: whoever comes first
        self._children[name] = Child(pid)

    def _alive(self, name: str) -> bool:
        if name not in self._children:
            return False
        if _reap(self._children[name].pid):
            return True
        del self._children[name]
        return False

    def _end(self, signals: dict[str, int]) -> None:
        """Signal groups, thaw them so that they can obey, kill what is left after a while."""
        for name, number in signals.items():
            _kill(self._children[name].pid, number)
            _kill(self._children[name].pid, signal.SIGCONT)
        deadline = time.monotonic() + _GRACE
        waiting = set(signals)
        while waiting:
            if time.monotonic() > deadline:
                for name in waiting:
                    _kill(self._children[name].pid, signal.SIGKILL)
            waiting = {name for name in waiting if _reap(self._children[name].pid)}
            time.sleep(0.01 if waiting else 0)
        for name in signals:
            del self._children[name]


def _live(name: str, work: Callable[[], None], site: Site, parent: int) -> NoReturn:
    """The life of a child, from fork to exit."""
    os._exit(programs.exit_code(lambda: _work(name, work, site, parent)))


def _work(name: str, work: Callable[[], None], site: Site, parent: int) -> None:
    os.setpgid(0, 0)
    for number in _ENDING_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    log = os.open(site.logs / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    _LIBC.prctl(_PR_SET_NAME, name.encode())  # what `ps` and `top` call it
    if name in ("postgres", "initdb") and site.postgres_uid is not None:
        os.setgroups([])
        os.setgid(site.postgres_gid or 0)
        os.setuid(site.postgres_uid)
    if name in _STORING:
        privileges.obey_write_modes()
    # Last of all: a change of user clears it.
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT if name == "postgres" else signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    work()


def _reserve(address: str) -> socket.socket:
    """Hold a free port: bound and not listening, so that connections to it are refused."""
    return _bind(address, 0)


def _bind(address: str, port: int) -> socket.socket:
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    held.bind((address, port))
    return held


def _kill(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _reap(group: int) -> bool:
    """Collect the ended processes of a group; True while any still lives.

    Orphans of a group come to this process, because it is a subreaper.
    """
    try:
        while os.waitpid(-group, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _preload() -> Answer:
    try:
        for module in programs.SHARED_MODULES:
            importlib.import_module(module)
    except Exception:  # noqa: BLE001 - our log goes with us: it is the owner who must learn of it
        return {"error": traceback.format_exc()}
    gc.freeze()  # children do not touch the parent's objects: memory stays shared
    return {"ready": True}


def _answer(supervisor: Supervisor, request: Answer) -> Answer:
    try:
        return supervisor.answer(request)
    except Exception:  # noqa: BLE001 - it is the owner who must learn of it
        return {"error": traceback.format_exc()}


def _say(answer: Answer) -> None:
    os.write(1, json.dumps(answer).encode() + b"\n")


def _owner_gone() -> bool:
    poll = select.poll()
    poll.register(0, 0)
    return bool(poll.poll(0))  # without an event mask only POLLHUP and POLLERR count


def _end_on_signal(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def main() -> None:
    """Serve requests until standard input ends."""
    site = Site.from_json(sys.argv[1])
    sys.stdout = sys.stderr  # file descriptor 1 carries the answers and nothing else
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    for number in _ENDING_SIGNALS:
        signal.signal(number, _end_on_signal)
    supervisor = Supervisor(site)
    try:
        _say({"ports": supervisor.ports})
        _say(_preload())
        for line in sys.stdin:
            _say(_answer(supervisor, json.loads(line)))
    except BrokenPipeError:
        pass  # the owner is gone: end, as at the end of standard input
    finally:
        supervisor.end()


if __name__ == "__main__":
    main()
