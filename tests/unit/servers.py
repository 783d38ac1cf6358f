"""Small servers on loopback that answer as a broken service would; real sockets, real HTTP."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator

Answer = Callable[[socket.socket, bytes], None]
"""What a server does with a connection on which it has read the head of a request."""

THREAD = "test-server"
"""Begin of the names of the servers' threads."""

PORTS: set[int] = set()
"""Ports of the servers that there were: connections to these are the tests' own."""

TLS_HANDSHAKE = b"\x16"
"""What a TLS client sends first (RFC 8446, ContentType)."""


class Server:
    """A server of one thread per connection, ended with the test.

    Attributes:
        requests: heads of the requests that came, the first of each connection.
        connections: how many there were.
    """

    def __init__(self, answer: Answer, context: ssl.SSLContext | None = None) -> None:
        self._answer = answer
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        PORTS.add(self.port)
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.requests: list[bytes] = []
        self.connections = 0

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._listening.getsockname()[1]

    @property
    def url(self) -> str:
        """Its base URL."""
        scheme = "https" if self._context else "http"
        return f"{scheme}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Begin to accept connections."""
        self._spawn(self._accept)

    def is_quiet(self, seconds: float) -> bool:
        """Whether within this time all connections were ended."""
        end = time.monotonic() + seconds
        while any(thread.is_alive() for thread in self._threads[1:]):
            if time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def close(self) -> None:
        """Close all connections and wait for the threads."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in list(self._threads):
            thread.join(timeout=5)
            assert not thread.is_alive(), "a server of this test does not end"

    def _spawn(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name=THREAD, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            self._spawn(lambda connection=connection: self._serve(connection))

    def _serve(self, connection: socket.socket) -> None:
        # clients that give up are what these tests are about
        with contextlib.suppress(OSError):
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            with connection:
                head = b""
                # as web servers do: what is not HTTP at all is answered at once
                while b"\r\n\r\n" not in head and not head.startswith(TLS_HANDSHAKE):
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    head += piece
                self.requests.append(head)
                self._answer(connection, head)


@contextlib.contextmanager
def serving(answer: Answer, context: ssl.SSLContext | None = None) -> Generator[Server]:
    """A running server."""
    server = Server(answer, context)
    server.start()
    try:
        yield server
    finally:
        server.close()


def http(
    status: int = 200, body: bytes | str = b"{}", kind: str = "application/json", **headers: str
) -> Answer:
    """An ordinary answer."""
    content = body.encode() if isinstance(body, str) else body
    extra = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = (
        f"HTTP/1.1 {status} Some Reason\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(content)}\r\nConnection: close\r\n{extra}\r\n"
    )
    return lambda connection, _head: connection.sendall(head.encode() + content)


def silence(connection: socket.socket, _head: bytes) -> None:
    """Accept and never answer."""
    while connection.recv(65536):
        pass


def hang_up(connection: socket.socket, _head: bytes) -> None:
    """Close the connection instead of an answer."""
    connection.shutdown(socket.SHUT_RDWR)


def drip_body(connection: socket.socket, _head: bytes) -> None:
    """Send a body byte by byte, never to end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.02)


def drip_head(connection: socket.socket, _head: bytes) -> None:
    """Send a header byte by byte, never to end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
    while True:
        connection.sendall(b"x")
        time.sleep(0.02)


def flood_of_continue(connection: socket.socket, _head: bytes) -> None:
    """Send interim answers, never to end."""
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.02)


def tunnel_to(port: int) -> Answer:
    """Stand for a proxy: whatever is asked for, open a tunnel to a port of this machine."""

    def answer(connection: socket.socket, _head: bytes) -> None:
        with socket.create_connection(("127.0.0.1", port)) as other:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\nX-Proxy: y\r\n\r\n")
            back = threading.Thread(target=_copy, args=(other, connection), daemon=True)
            back.start()
            _copy(connection, other)
            back.join(5)

    return answer


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_RDWR)


def truncated_body(connection: socket.socket, _head: bytes) -> None:
    """Close the connection in the middle of a body, as a proxy does whose backend died."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n[")
    connection.shutdown(socket.SHUT_RDWR)


def short_body(connection: socket.socket, _head: bytes) -> None:
    """Send less than was announced."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[")
    connection.shutdown(socket.SHUT_RDWR)


def endless_body(connection: socket.socket, _head: bytes) -> None:
    """Send a body as fast as it is read, never to end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        connection.sendall(b" " * 65536)


def rubbish(connection: socket.socket, _head: bytes) -> None:
    """Speak another protocol."""
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]
