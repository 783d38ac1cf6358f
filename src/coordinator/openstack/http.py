"""HTTP within bounds of time and size: trust and proxies are explicit, no redirect is followed.

An answer that is one is refused in client.py.
"""

from __future__ import annotations

import contextlib
import datetime
import email.utils
import itertools
import logging
import queue
import select
import socket
import ssl
import threading
import time
from collections.abc import Generator, Mapping, Sequence

import msgspec

from coordinator.openstack import certificates, urls, wire
from coordinator.openstack.errors import ApiError, of_exception, of_status, shown
from coordinator.openstack.proxies import Proxies, Proxy
from coordinator.report.finding import Cause

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 5.0
"""Seconds to establish a connection: one lost packet and its repetition on any sane network."""

LONGEST_IDLE = 3.0
"""Seconds after which a connection is not used again: web servers close theirs after 5 or more."""

MOST_AHEAD = 100 * 365 * 86400.0
"""Seconds that a clock is said to be ahead or behind at most: others cannot be added to a time."""

_OURS = {"User-Agent": "telemetry-coordinator"}

Ends = dict[str, datetime.datetime]
"""The ends of certificates, by `Url.origin`."""


class Clock(msgspec.Struct, frozen=True):
    """The clock of a host, by the header `Date` of its answers.

    Attributes:
        ahead: seconds that it is ahead of this unit's; negative: behind.
        margin: seconds by which that may be wrong.
    """

    ahead: float
    margin: float


Clocks = dict[str, Clock]
"""The clocks of the hosts that answered, by `Url.origin`."""


class Deadline(msgspec.Struct, frozen=True):
    """A point in time that work must not pass, in seconds on the monotonic clock."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """The deadline some seconds from now."""
        return cls(time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds left; never less than a moment, so that it can serve as a timeout."""
        return max(0.05, self.at - time.monotonic())

    @property
    def passed(self) -> bool:
        """True when no time is left."""
        return time.monotonic() >= self.at


class Transport:
    """Sends requests, for several threads, and notes what answers tell beside their bodies.

    Connections are kept open, so that several requests to a host share one TLS handshake.
    """

    def __init__(self, trusted: Sequence[str] = (), proxies: Proxies | None = None) -> None:
        """Open nothing yet; trust CA certificates (PEM) beside the system's."""
        self.ends: Ends = {}
        self.clocks: Clocks = {}
        self._trusted = trusted
        self._proxies = proxies or Proxies()
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        self._idle: dict[str, list[_Connection]] = {}
        self._is_closed = False

    def __enter__(self) -> Transport:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._is_closed = True
            for connection in itertools.chain(*self._idle.values()):
                connection.close()
            self._idle.clear()

    def ask(
        self,
        method: str,
        url: str,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> wire.Answer:
        """Send one request; every status is an answer.

        Raises:
            ApiError: there is no answer.
        """
        target = urls.parse(url)
        if deadline.passed:
            raise ApiError(Cause.TIMEOUT)
        proxy = self._proxies.find(target)
        path, whole = target.path, {**_OURS, **(headers or {})}
        if proxy and target.scheme == "http":
            path = f"{target.place}{path}"
            whole |= proxy.headers
        request = wire.request(method, path, target.authority, whole, body)
        logger.debug("%s %s", method, shown(url))
        kept = self._take(target.place)
        if kept is not None:
            try:
                return self._exchange(kept, target, request, deadline)
            except ApiError as error:
                # a service may close a connection just when it is used again; what it has not
                # begun to answer may be sent once more, unless that could do it twice
                is_lost = error.cause is Cause.DROPPED and not kept.has_answered
                if not is_lost or method not in ("GET", "DELETE"):
                    raise
        return self._exchange(self._connect(target, proxy, deadline), target, request, deadline)

    def _exchange(
        self, connection: _Connection, target: urls.Url, request: bytes, deadline: Deadline
    ) -> wire.Answer:
        sent_at, began = time.time(), time.monotonic()
        answer = connection.ask(request, deadline)
        self._note_clock(target.origin, answer.headers, sent_at, time.monotonic() - began)
        with self._lock:
            if answer.reusable and not self._is_closed:
                self._idle.setdefault(target.place, []).append(connection)
                return answer
        connection.close()
        return answer

    def _note_clock(
        self, origin: str, headers: Mapping[str, str], sent_at: float, took: float
    ) -> None:
        """Keep the answer that tells the most: the header has whole seconds (RFC 9110, 6.6.1)."""
        try:
            told = email.utils.parsedate_to_datetime(headers["date"]).timestamp()
        except (KeyError, ValueError, TypeError, IndexError, OverflowError):
            return
        ahead = told + 0.5 - (sent_at + took / 2)
        clock = Clock(max(-MOST_AHEAD, min(MOST_AHEAD, ahead)), margin=took / 2 + 0.5)
        known = self.clocks.get(origin)
        if known is None or clock.margin < known.margin:
            self.clocks[origin] = clock

    def _take(self, place: str) -> _Connection | None:
        """A kept connection that is still good."""
        while True:
            with self._lock:
                kept = self._idle.get(place)
                connection = kept.pop() if kept else None
            if connection is None or connection.is_usable:
                return connection
            connection.close()

    def _connect(self, target: urls.Url, proxy: Proxy | None, deadline: Deadline) -> _Connection:
        sock = _dial(target, proxy, deadline)
        if target.scheme == "https":
            with _guarding(sock):
                sock.settimeout(deadline.left)
                sock = self._trusting().wrap_socket(sock, server_hostname=target.host)
            # now, since a server that ends the connection with its answer may end TLS with it
            if end := certificates.end_of(sock.getpeercert()):
                self.ends[target.origin] = end
        return _Connection(sock)

    def _trusting(self) -> ssl.SSLContext:
        """The trust of all connections; it takes long to make, so one thread does."""
        with self._lock:
            if self._context is None:
                self._context = certificates.trusting(self._trusted)
            return self._context


class _Connection:
    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._used_at = 0.0
        self.has_answered = False  # the last request, in part at least

    def ask(self, request: bytes, deadline: Deadline) -> wire.Answer:
        stream = wire.Stream(lambda: _receive(self._sock, deadline))
        try:
            with _guarding(self._sock):
                # a service may answer, and hang up, before it has read the whole request
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    self._sock.settimeout(deadline.left)
                    self._sock.sendall(request)
                answer = wire.read(stream)
        finally:
            self.has_answered = stream.has_begun
        self._used_at = time.monotonic()
        return answer

    @property
    def is_usable(self) -> bool:
        """True when the service surely holds the connection, and has said nothing unasked."""
        if time.monotonic() - self._used_at > LONGEST_IDLE:
            return False
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        self._sock.close()


@contextlib.contextmanager
def _guarding(sock: socket.socket) -> Generator[None]:
    """Close the socket when its use fails, and tell the error as an `ApiError`."""
    try:
        yield
    except BaseException as error:
        sock.close()
        if isinstance(error, OSError):
            raise of_exception(error) from error
        raise


def _receive(sock: socket.socket, deadline: Deadline, most: int = 65536) -> bytes:
    """Some bytes, as soon as there are any; none at the end of the connection."""
    if deadline.passed:
        raise ApiError(Cause.TIMEOUT)
    sock.settimeout(deadline.left)
    return sock.recv(most)


def _dial(target: urls.Url, proxy: Proxy | None, deadline: Deadline) -> socket.socket:
    """A connection to the service: for https through the proxy's tunnel, for http to the proxy."""
    if urls.is_link_local(target.host):
        raise ApiError(Cause.UNSAFE_URL)
    if proxy is None:
        addresses = _resolve(target.host, target.port, deadline)
        if any(urls.is_link_local(address) for address in addresses):
            raise ApiError(Cause.UNSAFE_URL)
        return _open(addresses, target.port, deadline)
    try:
        sock = _open(_resolve(proxy.host, proxy.port, deadline), proxy.port, deadline)
        if target.scheme == "https":
            with _guarding(sock):
                _tunnel(sock, target, proxy.headers, deadline)
    except ApiError as error:
        raise ApiError(Cause.UNREACHABLE, "cannot be reached through the proxy") from error
    return sock


def _resolve(host: str, port: int, deadline: Deadline) -> list[str]:
    """The addresses of a host; a silent name server costs no more than a connection."""
    answers: queue.SimpleQueue[list[str]] = queue.SimpleQueue()

    def work() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found = []
        # without IPv6, Python gives raw bytes for the address
        answers.put([where[0] for *_, where in found if isinstance(where[0], str)])

    if urls.address_of(host):
        work()
    else:
        threading.Thread(target=work, name="resolver", daemon=True).start()
    try:
        addresses = answers.get(timeout=min(CONNECT_TIMEOUT, deadline.left))
    except queue.Empty:
        late = "has a name that no name server resolved in time"
        raise ApiError(Cause.UNRESOLVED, late) from None
    if not addresses:
        raise ApiError(Cause.UNRESOLVED)
    return addresses


def _open(addresses: list[str], port: int, deadline: Deadline) -> socket.socket:
    """A connection to the first address that takes it."""
    failed: OSError = TimeoutError()
    for address in addresses:
        if deadline.passed:
            break
        try:
            timeout = min(CONNECT_TIMEOUT, deadline.left)
            sock = socket.create_connection((address, port), timeout)
        except OSError as error:
            failed = error
        else:
            with _guarding(sock):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
    raise of_exception(failed) from failed


def _tunnel(
    sock: socket.socket, target: urls.Url, headers: Mapping[str, str], deadline: Deadline
) -> None:
    """Have a proxy open a tunnel (RFC 9110, section 9.3.6)."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    whole = f"{host}:{target.port}"
    sock.settimeout(deadline.left)
    sock.sendall(wire.request("CONNECT", whole, whole, {**_OURS, **headers}, None))
    # byte by byte: what follows the head belongs to the tunnel
    status, *_ = wire.read_head(wire.Stream(lambda: _receive(sock, deadline, 1)))
    if not 200 <= status < 300:
        raise of_status(status)
