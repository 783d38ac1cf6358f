"""HTTP within bounds: time, size and redirects limited, trust and proxies explicit.

Every request of a verification goes through `open_session`, so that no service can cost more than
its share, whatever it answers.
"""

from __future__ import annotations

import dataclasses
import datetime
import email.utils
import ssl
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

import requests
import requests.adapters
import requests.utils

from coordinator.openstack.proxies import Proxies

MAX_BODY = 4 * 1024 * 1024
"""Bytes of one answer that are read at most; the largest honest one is some hundred KiB."""

CONNECT_TIMEOUT = 5.0
"""Seconds to establish a connection: one lost packet and its repetition on any sane network."""


_environment = threading.Lock()
"""Held where requests looks at no_proxy: it changes os.environ meanwhile, for all threads."""


Ends = dict[str, datetime.datetime]
"""When certificates end, by `origin` of the URLs where they were met."""


@dataclasses.dataclass(frozen=True)
class Clock:
    """What the header `Date` of an answer says about the clock of the host that gave it.

    Attributes:
        ahead: seconds that it is ahead of this unit's; negative: behind.
        doubt: seconds by which that may be wrong.
    """

    ahead: float
    doubt: float


Clocks = dict[str, Clock]
"""The clocks of the hosts that answered, by `origin` of the URLs that were asked."""


class AnswerTooLarge(requests.exceptions.RequestException):
    """A service answered with more than `MAX_BODY` bytes."""


class Redirected(requests.exceptions.RequestException):
    """A service sent us elsewhere; following would carry the token to wherever it says.

    Attributes:
        target: the URL that it named.
    """

    def __init__(self, target: str) -> None:
        super().__init__(f"redirected to {target}")
        self.target = target


class ServerError(requests.exceptions.RequestException):
    """A service answered with a status of 500 or more; its body means nothing to us.

    Attributes:
        status: the HTTP status.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


@dataclasses.dataclass(frozen=True)
class Deadline:
    """A point in time that work must not pass.

    Attributes:
        at: seconds on the monotonic clock.
    """

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


class _BoundedSession(requests.Session):
    """A session whose every request ends by the deadline and reads at most `MAX_BODY` bytes."""

    def __init__(self, deadline: Deadline, proxies: Proxies) -> None:
        super().__init__()
        self._deadline = deadline
        self._explicit_proxies = proxies
        self.trust_env = False  # neither ~/.netrc nor another process's CA settings are ours

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        if self._deadline.passed:
            raise requests.exceptions.ReadTimeout("no time left", request=request)
        left = self._deadline.left
        kwargs["timeout"] = (min(CONNECT_TIMEOUT, left), left)
        kwargs["proxies"] = _proxies_for(request.url or "", self._explicit_proxies)
        return super().send(request, **kwargs)


class _BoundedAdapter(requests.adapters.HTTPAdapter):
    """Reads bodies piece by piece, so that neither their size nor their slowness has no end."""

    def __init__(self, deadline: Deadline, ends: Ends, clocks: Clocks) -> None:
        super().__init__(max_retries=0)
        self._deadline = deadline
        self._ends = ends
        self._clocks = clocks

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["stream"] = True
        begun, began = time.time(), time.monotonic()
        response = super().send(*args, **kwargs)
        self._note_certificate(response)
        self._note_clock(response, begun, time.monotonic() - began)
        if response.is_redirect:
            response.close()
            target = urllib.parse.urljoin(response.url, response.headers["Location"])
            raise Redirected(target)
        if response.status_code >= 500:
            response.close()
            raise ServerError(response.status_code)
        response.raw = _BoundedBody(response.raw, self._deadline, response.url)
        return response

    def _note_certificate(self, response: requests.Response) -> None:
        """The connection is there as long as the body was not read."""
        connection = getattr(response.raw, "connection", None)
        peer = getattr(getattr(connection, "sock", None), "getpeercert", None)
        end = _end_of(peer() or {}) if peer is not None else None
        if end is not None:
            self._ends[origin(response.url)] = end

    def _note_clock(self, response: requests.Response, begun: float, took: float) -> None:
        """Keep the answer that tells the most: the header has whole seconds (RFC 9110, 6.6.1)."""
        try:
            told = email.utils.parsedate_to_datetime(response.headers["Date"])
            ahead = told.timestamp() + 0.5 - (begun + took / 2)
        except (KeyError, ValueError, OverflowError):
            return
        clock, place = Clock(ahead, doubt=took / 2 + 0.5), origin(response.url)
        known = self._clocks.get(place)
        if known is None or clock.doubt < known.doubt:
            self._clocks[place] = clock


class _BoundedBody:
    """What requests reads a body from, with limits."""

    def __init__(self, raw: Any, deadline: Deadline, url: str) -> None:
        self._raw = raw
        self._deadline = deadline
        self._url = url

    def stream(self, _amount: int, decode_content: bool = True) -> Iterator[bytes]:
        received = 0
        # read1 hands over what has come; read would wait for the whole amount, however slow
        for piece in iter(lambda: self._raw.read1(65536, decode_content=decode_content), b""):
            received += len(piece)
            if received > MAX_BODY:
                self.close()
                raise AnswerTooLarge(f"{self._url} answered with more than {MAX_BODY} bytes")
            if self._deadline.passed:
                self.close()
                raise requests.exceptions.ReadTimeout(f"{self._url} did not finish in time")
            yield piece

    def close(self) -> None:
        self._raw.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


def origin(url: str) -> str:
    """What a certificate is for, and what has a clock: host and port of a URL."""
    parts = urllib.parse.urlsplit(url)
    return f"{(parts.hostname or '').lower()}:{parts.port or 443}"


def _end_of(certificate: Mapping[str, object]) -> datetime.datetime | None:
    """When a certificate ends, as the ssl module shows it; None where it does not tell."""
    text = certificate.get("notAfter")
    if not isinstance(text, str):
        return None
    seconds = ssl.cert_time_to_seconds(text)
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def _proxies_for(url: str, proxies: Proxies) -> dict[str, str]:
    """The proxies that a request to this URL uses, in the form that requests takes."""
    with _environment:
        direct = requests.utils.should_bypass_proxies(url, proxies.no_proxy)
    if direct:
        return {}
    return {k: v for k, v in (("http", proxies.http), ("https", proxies.https)) if v}


def open_session(
    deadline: Deadline,
    proxies: Proxies,
    ends: Ends | None = None,
    clocks: Clocks | None = None,
) -> requests.Session:
    """A requests session for one verification; it must not outlive the deadline.

    Args:
        deadline: when every request ends.
        proxies: what lies between.
        ends: where the ends of the certificates that are met are noted.
        clocks: where the clocks of the hosts that answer are noted.
    """
    session = _BoundedSession(deadline, proxies)
    ends = Ends() if ends is None else ends
    clocks = Clocks() if clocks is None else clocks
    for scheme in ("http://", "https://"):
        session.mount(scheme, _BoundedAdapter(deadline, ends, clocks))
    return session
