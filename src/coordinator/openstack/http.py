"""HTTP within bounds: time, size and redirects limited, trust and proxies explicit.

Every request of a verification goes through a `Transport`, so that no service can cost more than
its share, whatever it answers. It keeps connections open, so that several reads of one host share
one TLS handshake, and may be used by several threads at once. What fails is an `ApiError`, or, as
long as nobody has translated it, an `OSError`.
"""

from __future__ import annotations

import base64
import contextlib
import datetime
import email.utils
import logging
import queue
import select
import socket
import ssl
import threading
import time
import urllib.parse
import weakref
from collections.abc import Callable, Mapping, Sequence

import msgspec

from coordinator.openstack import certificates, errors, urls, wire
from coordinator.openstack.proxies import Proxies
from coordinator.report.finding import Cause

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 5.0
"""Seconds to establish a connection: one lost packet and its repetition on any sane network."""

LONGEST_IDLE = 3.0
"""Seconds after which a connection is not used again: web servers close theirs after 5 or more."""

MOST_AHEAD = 100 * 365 * 86400.0
"""Seconds that a clock is said to be ahead or behind at most, so that times can be reckoned."""

USER_AGENT = "telemetry-coordinator"
PROXY = "cannot be reached through the proxy"

Ends = dict[str, datetime.datetime]
"""When certificates end, by `origin` of the URLs where they were met."""

Addresses = Sequence[tuple[socket.AddressFamily, tuple[str | int | bytes, ...]]]
"""Where a host is: families and addresses as sockets take them, the best first."""

Resolver = Callable[[str, int], Addresses]
"""Finds the addresses of a host and port; raises OSError."""


class Clock(msgspec.Struct, frozen=True):
    """What the header `Date` of an answer says about the clock of the host that gave it.

    Attributes:
        ahead: seconds that it is ahead of this unit's; negative: behind.
        margin: seconds by which that may be wrong.
    """

    ahead: float
    margin: float


Clocks = dict[str, Clock]
"""The clocks of the hosts that answered, by `origin` of the URLs that were asked."""


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
        """Whether no time is left."""
        return time.monotonic() >= self.at


def resolve(host: str, port: int) -> Addresses:
    """Ask the system where a host is."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # without IPv6, Python gives raw bytes for the address
    return [(family, where) for family, _, _, _, where in found if isinstance(where[0], str)]


class _Connection:
    """An open connection.

    Attributes:
        was_silent: whether nothing at all came in answer to the last request.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._used_at = time.monotonic()
        self.was_silent = True

    def ask(self, head_and_body: bytes, deadline: Deadline) -> wire.Answer:
        """Send a request and read its answer."""
        stream = wire.Stream(lambda most: _receive(self._sock, deadline, most))
        # a service may answer, and hang up, before it has read the whole request
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._sock.settimeout(deadline.left)
            self._sock.sendall(head_and_body)
        try:
            answer = wire.read(stream)
        finally:
            self.was_silent = not stream.begun
        self._used_at = time.monotonic()
        return answer

    @property
    def is_usable(self) -> bool:
        """Whether the other side surely holds the connection, and has said nothing unasked."""
        if time.monotonic() - self._used_at > LONGEST_IDLE:
            return False
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        """Close it; safe to call again."""
        self._sock.close()


class Transport:
    """Sends requests and keeps what the answers tell beside their bodies.

    Attributes:
        ends: when the certificates end that were met.
        clocks: of the hosts that answered.
    """

    def __init__(
        self,
        trusted: Sequence[str] = (),
        proxies: Proxies | None = None,
        resolver: Resolver = resolve,
    ) -> None:
        """Open nothing yet."""
        self.ends: Ends = {}
        self.clocks: Clocks = {}
        self._trusted = tuple(trusted)
        self._proxies = proxies or Proxies()
        self._resolver = resolver
        self._context: ssl.SSLContext | None = None
        self._lock = threading.Lock()
        self._idle: dict[str, list[_Connection]] = {}
        self.close = weakref.finalize(self, _close_all, self._idle)

    def __enter__(self) -> Transport:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(
        self,
        method: str,
        url: str,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> wire.Answer:
        """Send one request; redirects are not followed, and every status is an answer."""
        target = urls.parse(url)
        if deadline.passed:
            raise errors.ApiError(Cause.TIMEOUT)
        proxy = self._proxies.between(target.scheme, target.host, target.port)
        whole = {"User-Agent": USER_AGENT, **(headers or {})}
        path = target.path
        if proxy and target.scheme == "http":
            path = f"{target.place}{path}"
            whole |= _proxy_login(proxy)
        request = wire.request(method, path, target.authority, whole, body)
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s %s", method, errors.shown(f"{target.place}{target.path}"))
        try:
            return self._send(method, target, proxy, request, deadline)
        except OSError as error:
            known = errors.translate(error)
            if known is None:
                raise
            raise known from error

    def _send(
        self, method: str, target: urls.Url, proxy: str, request: bytes, deadline: Deadline
    ) -> wire.Answer:
        kept = self._take(target.place)
        if kept is not None:
            try:
                return self._exchange(kept, target, request, deadline)
            except (errors.ApiError, ConnectionError) as error:
                # a service may close a connection just when it is used again; what it has not
                # begun to answer may be sent once more, unless that could do it twice
                late = isinstance(error, errors.ApiError) and error.cause is not Cause.DROPPED
                if late or not kept.was_silent or method not in ("GET", "DELETE"):
                    raise
        return self._exchange(self._connect(target, proxy, deadline), target, request, deadline)

    def _exchange(
        self, connection: _Connection, target: urls.Url, request: bytes, deadline: Deadline
    ) -> wire.Answer:
        begun, began = time.time(), time.monotonic()
        try:
            answer = connection.ask(request, deadline)
        except BaseException:
            connection.close()
            raise
        self._note_clock(target.origin, answer.headers, begun, time.monotonic() - began)
        if answer.reusable:
            self._give(target.place, connection)
        else:
            connection.close()
        return answer

    def _note_clock(
        self, place: str, headers: Mapping[str, str], begun: float, took: float
    ) -> None:
        """Keep the answer that tells the most: the header has whole seconds (RFC 9110, 6.6.1)."""
        try:
            told = email.utils.parsedate_to_datetime(headers["date"])
            ahead = told.timestamp() + 0.5 - (begun + took / 2)
        except (KeyError, ValueError, TypeError, IndexError, OverflowError):
            return
        ahead = max(-MOST_AHEAD, min(MOST_AHEAD, ahead))
        clock = Clock(ahead, margin=took / 2 + 0.5)
        known = self.clocks.get(place)
        if known is None or clock.margin < known.margin:
            self.clocks[place] = clock

    # Connections

    def _take(self, place: str) -> _Connection | None:
        """A kept connection that is still good."""
        while True:
            with self._lock:
                kept = self._idle.get(place)
                connection = kept.pop() if kept else None
            if connection is None or connection.is_usable:
                return connection
            connection.close()

    def _give(self, place: str, connection: _Connection) -> None:
        with self._lock:
            if self.close.alive:
                self._idle.setdefault(place, []).append(connection)
                return
        connection.close()

    def _connect(self, target: urls.Url, proxy: str, deadline: Deadline) -> _Connection:
        if urls.is_link_local(target.host):
            raise errors.ApiError(Cause.UNSAFE_URL)
        sock = self._dial_proxy(target, proxy, deadline) if proxy else self._dial(target, deadline)
        if target.scheme == "http":
            return _Connection(sock)
        try:
            sock.settimeout(deadline.left)
            safe = self._tls().wrap_socket(sock, server_hostname=target.host)
        except BaseException:
            sock.close()
            raise
        # now, since a server that ends the connection with its answer may end TLS with it
        if end := certificates.end_of(safe.getpeercert()):
            self.ends[target.origin] = end
        return _Connection(safe)

    def _dial(self, target: urls.Url, deadline: Deadline) -> socket.socket:
        found = self._addresses(target.host, target.port, deadline)
        if any(urls.is_link_local(str(address[0])) for _, address in found):
            raise errors.ApiError(Cause.UNSAFE_URL)
        return _open(found, deadline)

    def _dial_proxy(self, target: urls.Url, proxy: str, deadline: Deadline) -> socket.socket:
        """A connection through the proxy: for https a tunnel, for http one to the proxy itself."""
        place = _proxy_place(proxy)
        with contextlib.ExitStack() as failed:
            try:
                sock = _open(self._addresses(place.host, place.port, deadline), deadline)
                failed.callback(sock.close)
                if target.scheme == "https":
                    _tunnel(sock, target, _proxy_login(proxy), deadline)
            except (errors.ApiError, OSError) as error:
                raise errors.ApiError(Cause.UNREACHABLE, PROXY) from error
            failed.pop_all()
        return sock

    def _addresses(self, host: str, port: int, deadline: Deadline) -> Addresses:
        """Resolve a name; a name server that never answers costs no more than a connection."""
        answers: queue.SimpleQueue[Addresses | OSError] = queue.SimpleQueue()

        def work() -> None:
            try:
                answers.put(self._resolver(host, port))
            except OSError as error:
                answers.put(error)
            except UnicodeError:
                answers.put(socket.gaierror(socket.EAI_NONAME, "no name of a host"))

        if _is_address(host):
            work()
        else:
            threading.Thread(target=work, name="resolver", daemon=True).start()
        try:
            found = answers.get(timeout=min(CONNECT_TIMEOUT, deadline.left))
        except queue.Empty:
            late = "has a name that no name server resolved in time"
            raise errors.ApiError(Cause.UNRESOLVED, late) from None
        if isinstance(found, OSError):
            raise errors.ApiError(Cause.UNRESOLVED) from found
        if not found:
            raise errors.ApiError(Cause.UNRESOLVED)
        return found

    def _tls(self) -> ssl.SSLContext:
        """What is trusted; made when it is first needed, since the system trusts many."""
        with self._lock:
            if self._context is None:
                self._context = certificates.trusting(self._trusted)
            return self._context


def _close_all(idle: dict[str, list[_Connection]]) -> None:
    for connections in idle.values():
        for connection in connections:
            connection.close()
    idle.clear()


def _receive(sock: socket.socket, deadline: Deadline, most: int) -> bytes:
    """What has come, as soon as anything has; nothing at the end of the connection."""
    if deadline.passed:
        raise errors.ApiError(Cause.TIMEOUT)
    sock.settimeout(deadline.left)
    return sock.recv(most)


def _open(addresses: Addresses, deadline: Deadline) -> socket.socket:
    """A connection to the first address that takes it."""
    failed: OSError | errors.ApiError = errors.ApiError(Cause.TIMEOUT)
    for family, address in addresses:
        if deadline.passed:
            break
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(min(CONNECT_TIMEOUT, deadline.left))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            sock.close()
            failed = error
        else:
            return sock
    raise failed


def _tunnel(
    sock: socket.socket, target: urls.Url, login: Mapping[str, str], deadline: Deadline
) -> None:
    """Have a proxy open a tunnel (RFC 9110, section 9.3.6)."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    whole = f"{host}:{target.port}"
    sock.settimeout(deadline.left)
    sock.sendall(wire.request("CONNECT", whole, whole, {"User-Agent": USER_AGENT, **login}, None))
    # byte by byte: what follows the head belongs to the tunnel
    stream = wire.Stream(lambda _most: _receive(sock, deadline, 1))
    status = wire.read_head(stream)
    if not 200 <= status < 300:
        raise errors.of_status(status)


def _proxy_place(proxy: str) -> urls.Url:
    """Where a proxy is."""
    try:
        place = urls.parse(proxy)
    except errors.ApiError as error:
        text = "cannot be reached: the URL of the proxy is none"
        raise errors.ApiError(Cause.UNREACHABLE, text) from error
    if place.scheme != "http":
        text = "cannot be reached: the URL of the proxy is not http://"
        raise errors.ApiError(Cause.UNREACHABLE, text)
    return place


def _proxy_login(proxy: str) -> dict[str, str]:
    """The header that names the proxy's user, where its URL has one."""
    _proxy_place(proxy)
    parts = urllib.parse.urlsplit(proxy)
    if parts.username is None:
        return {}
    user, password = (urllib.parse.unquote(one or "") for one in (parts.username, parts.password))
    secret = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
    return {"Proxy-Authorization": f"Basic {secret}"}


def _is_address(host: str) -> bool:
    """Whether no name server is needed."""
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError):
            socket.inet_pton(family, host)
            return True
    return False
