"""Counts the tokens that are asked of Keystone: one for each verification of the cloud."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import types
import typing

REQUEST = b"POST /v3/auth/tokens"


@typing.final
class Doorkeeper:
    """Passes connections on to a port of loopback, and counts the requests for tokens."""

    def __init__(self, target: int) -> None:
        """Listen on a free port.

        Args:
            target: the port of Keystone.
        """
        self.tokens = 0
        self._target = target
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._server.server_address[1]

    def __enter__(self) -> Doorkeeper:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def connect(self) -> socket.socket:
        """Connect to Keystone."""
        return socket.create_connection(("127.0.0.1", self._target), timeout=30)


def _handler(keeper: Doorkeeper) -> type[socketserver.BaseRequestHandler]:
    class Connection(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError), keeper.connect() as keystone:
                back = threading.Thread(target=_pass_on, args=(keystone, self.request))
                back.start()
                while data := self.request.recv(65536):
                    keeper.tokens += data.count(REQUEST)
                    keystone.sendall(data)
                keystone.shutdown(socket.SHUT_WR)
                back.join(timeout=30)

    return Connection


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
