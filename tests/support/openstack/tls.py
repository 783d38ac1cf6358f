"""A TLS-terminating TCP proxy, as an operator's load balancer in front of a service."""

import asyncio
import contextlib
import queue
import socket
import ssl
import threading
import types
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the environments of the release sets import this package without trustme
    import trustme
    from typing_extensions import Self

_ADDRESS = "127.0.0.1"
_TIME = 10.0  # seconds that starting or stopping may take
_CHUNK = 65536  # bytes


class TlsProxy:
    """Listens with TLS on loopback and passes the bytes on to a port in plain text.

    It does not look into them: links that a service writes into its answers stay http.
    """

    def __init__(
        self, target_port: int, certificate: "trustme.LeafCert", listen_port: int = 0
    ) -> None:
        """Describe a proxy; `listen_port` 0 takes a free one and keeps it over stop and start."""
        self.port = listen_port
        self._target = target_port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(self._context)
        self._thread: threading.Thread | None = None
        self._stop: Callable[[], object] = lambda: None

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"https://{_ADDRESS}:{self.port}"

    def __enter__(self) -> "Self":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; does nothing when it does. Raises OSError when the port is taken."""
        if self._thread is not None:
            return
        listener = socket.create_server((_ADDRESS, self.port))
        self.port = listener.getsockname()[1]
        stops: queue.Queue[Callable[[], object]] = queue.Queue()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(listener, stops)), name="tls-proxy", daemon=True
        )
        self._thread.start()
        self._stop = stops.get(timeout=_TIME)

    def stop(self) -> None:
        """Stop listening and break every connection; safe to call again."""
        if self._thread is not None:
            self._stop()
            self._thread.join(_TIME)
            self._thread = None

    async def _serve(
        self, listener: socket.socket, stops: "queue.Queue[Callable[[], object]]"
    ) -> None:
        """Run until told to stop; asyncio.run then cancels the connections."""
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connect, sock=listener, ssl=self._context)
        stops.put(lambda: loop.call_soon_threadsafe(stop.set))
        await stop.wait()
        server.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either side ends it."""
        with contextlib.suppress(OSError), contextlib.closing(writer):
            plain_reader, plain_writer = await asyncio.open_connection(_ADDRESS, self._target)
            with contextlib.closing(plain_writer):
                tasks = [
                    asyncio.create_task(_copy(reader, plain_writer)),
                    asyncio.create_task(_copy(plain_reader, writer)),
                ]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
