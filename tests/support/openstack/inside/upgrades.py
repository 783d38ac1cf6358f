"""Runs ceilometer-upgrade as often as it is asked to, and does its imports once.

Most of what a run costs is its imports, and tests want many runs.
"""

import gc
import importlib
import json
import os
import signal
import socket

from tests.support.openstack.inside import programs
from tests.support.openstack.inside.site import Site


def serve(site: Site) -> None:
    """Fork a process for each request of `upgrade_client`."""
    importlib.import_module("ceilometer.cmd.storage")
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel collects what ended
    with socket.socket(socket.AF_UNIX) as listener:
        path = site.upgrades_socket
        path.unlink(missing_ok=True)
        listener.bind(str(path))
        listener.listen()
        while True:
            client, _ = listener.accept()
            with client:
                if os.fork() == 0:
                    _run(client)


def _run(client: socket.socket) -> None:
    """The life of a child: it ends with the command, and tells the exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    text, streams, _, _ = socket.recv_fds(client, 65536, 3)
    while not text.endswith(b"\n"):
        text += client.recv(65536)
    request = json.loads(text)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.environ.clear()
    os.environ.update(request["variables"])
    code = programs.exit_code(lambda: programs.command(*request["words"]))
    client.send(bytes([code]))
    os._exit(code)
