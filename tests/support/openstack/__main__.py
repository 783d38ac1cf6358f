"""`python -m tests.support.openstack up | status | down`: a stack that stays up, to try things on.

`up` leaves a keeper process behind, detached from the terminal, which owns the stack: whatever
ends the keeper ends the services. Only one stack per folder.
"""

import argparse
import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import NoReturn

from tests.support.openstack import environment
from tests.support.openstack.errors import StackError
from tests.support.openstack.inside.site import ADMIN_PASSWORD, REGION
from tests.support.openstack.release import Release
from tests.support.openstack.stack import Stack

_CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
_DOWN_TIME = 40.0  # seconds
_LOCK, _STATE, _OPENRC = "keeper.lock", "state.json", "openrc"


def main() -> int:
    """Run one command; return its exit code."""
    arguments = _parser().parse_args()
    # a folder of our own: what goes down removes all that is in it
    arguments.folder = arguments.folder.resolve() / "telemetry-stack"
    commands = {"up": _up, "status": _status, "down": _down, "keep": _keep}
    try:
        return commands[arguments.command](arguments)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.support.openstack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="up|status|down")
    for name in ("up", "status", "down", "keep"):
        command = commands.add_parser(name)
        command.add_argument("--folder", type=pathlib.Path, default=environment.home() / "run")
        if name in ("up", "keep"):
            command.add_argument(
                "--release", type=Release, choices=list(Release), default=Release.LATEST
            )
            command.add_argument("--address", default="127.0.0.1", help="where to listen")
            command.add_argument("--password-hash-rounds", type=int, default=4)
    return parser


def _up(arguments: argparse.Namespace) -> int:
    """Start the keeper and show what it says until it has nothing more to say."""
    if _kept(arguments.folder):
        print(f"already up; the openrc is {arguments.folder / _OPENRC}")
        return 0
    arguments.folder.mkdir(parents=True, exist_ok=True)
    options = ["--folder", arguments.folder.parent, "--release", arguments.release]
    options += ["--address", arguments.address]
    options += ["--password-hash-rounds", arguments.password_hash_rounds]
    keeper = subprocess.Popen(
        [sys.executable, "-m", "tests.support.openstack", "keep", *map(str, options)],
        cwd=_CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert keeper.stdout is not None
    try:
        for line in keeper.stdout:
            print(line, end="", flush=True)
    except KeyboardInterrupt:
        keeper.terminate()
        keeper.wait(_DOWN_TIME)
        return 130
    if not _kept(arguments.folder):
        return 1
    print(f"up; to use it: source {arguments.folder / _OPENRC}")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    """Show where the services are; exit code 1 when the stack is down."""
    state = _read(arguments.folder)
    if state is None:
        print("down")
        return 1
    print(f"up: {state['release']} in {arguments.folder}")
    for name, url in state["urls"].items():
        print(f"  {name:<10} {url}")
    return 0


def _down(arguments: argparse.Namespace) -> int:
    """End the keeper, and with it the services."""
    state = _read(arguments.folder)
    if state is None:
        print("down already")
        return 0
    os.kill(state["pid"], signal.SIGTERM)
    deadline = time.monotonic() + _DOWN_TIME
    while _kept(arguments.folder):
        if time.monotonic() > deadline:
            raise StackError(f"process {state['pid']} does not end")
        time.sleep(0.1)
    print("down")
    return 0


def _keep(arguments: argparse.Namespace) -> int:
    """Own a stack until told to end."""
    signal.signal(signal.SIGTERM, _end)
    with _lock(arguments.folder):
        stack = Stack(
            arguments.release,
            arguments.folder,
            address=arguments.address,
            password_hash_rounds=arguments.password_hash_rounds,
        )
        try:
            stack.up(_progress())
            _write(arguments.folder, stack)
            _detach()
            while True:
                signal.pause()
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            stack.down()
            _clear(arguments.folder)


def _progress() -> environment.Progress:
    started = time.monotonic()
    return lambda text: print(f"[{time.monotonic() - started:5.1f} s] {text}", flush=True)


def _detach() -> None:
    """Leave the terminal: `up` waits until nobody can write to it any more."""
    null = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(null, descriptor)
    os.close(null)


def _end(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(0)


def _write(folder: pathlib.Path, stack: Stack) -> None:
    urls = {name: service.url for name, service in stack.services.items() if service.url}
    state = {"pid": os.getpid(), "release": str(stack.release), "urls": urls}
    (folder / _STATE).write_text(json.dumps(state))
    variables = {
        "OS_AUTH_URL": f"{stack.keystone_url}/v3",
        "OS_IDENTITY_API_VERSION": "3",
        "OS_AUTH_TYPE": "password",
        "OS_USERNAME": "admin",
        "OS_PASSWORD": ADMIN_PASSWORD,
        "OS_USER_DOMAIN_ID": "default",
        "OS_PROJECT_NAME": "admin",
        "OS_PROJECT_DOMAIN_ID": "default",
        "OS_REGION_NAME": REGION,
    }
    lines = [f"export {name}={value}\n" for name, value in variables.items()]
    (folder / _OPENRC).write_text("".join(lines))


def _read(folder: pathlib.Path) -> dict | None:
    """What the keeper wrote; None when there is none, or it is not done booting."""
    with contextlib.suppress(FileNotFoundError):
        if _kept(folder):
            return json.loads((folder / _STATE).read_text())
    return None


def _clear(folder: pathlib.Path) -> None:
    """Remove all but the lock."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != _LOCK:
            path.unlink()


def _kept(folder: pathlib.Path) -> bool:
    """Whether a keeper lives for this folder: it holds the lock as long as it lives."""
    try:
        with (folder / _LOCK).open("r") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


@contextlib.contextmanager
def _lock(folder: pathlib.Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StackError(f"another stack uses {folder}") from error
        yield


if __name__ == "__main__":
    sys.exit(main())
