"""Why a request to the cloud failed, and in which words that is told.

Every failure of a request is one of these exceptions. A check needs no more than `explain`, which
makes a fault of any exception: its cause, and a phrase that follows the name of what was asked.

    ApiError
    ├── AddressError                    the URL cannot be asked
    │   ├── BadUrlError                 malformed-url
    │   └── UnsafeUrlError              unsafe-url
    ├── NetworkError                    no connection, or a broken one
    │   ├── UnresolvedError             name-does-not-resolve
    │   ├── RefusedError                connection-refused
    │   ├── UnreachableError            unreachable
    │   │   └── ProxyError              unreachable
    │   ├── DroppedError                connection-dropped
    │   └── LateError                   timed-out
    ├── TlsError                        tls-error
    │   ├── UntrustedError              tls-not-trusted
    │   ├── ExpiredError                tls-expired
    │   └── WrongHostError              tls-wrong-host
    ├── StatusError                     unexpected-http-status
    │   ├── RedirectedError             redirected
    │   ├── UnauthorizedError           unauthorized
    │   ├── ForbiddenError              forbidden
    │   ├── NotFoundError               not-found
    │   └── ServerError                 server-error
    └── AnswerError                     what came is no answer
        ├── NotHttpError                connection-dropped
        ├── TooLargeError               answer-too-large
        └── NotJsonError                not-json

    UnusableAnswerError                 a service's own answer that it would not give: any cause
"""

from __future__ import annotations

import dataclasses
import logging
import re
import socket
import ssl
import urllib.parse
from collections.abc import Iterator
from typing import ClassVar

from coordinator.report.finding import Cause
from coordinator.text import plain

logger = logging.getLogger(__name__)

# X509_V_ERR_* of OpenSSL (include/openssl/x509_vfy.h.in)
_NOT_YET_VALID = {9}
_EXPIRED = {10}
_WRONG_HOST = {62, 64}

_UNFIT = re.compile(r"[^A-Za-z0-9._~:/\[\]%@+,=-]")
"""What is not shown of an address: neither a shell nor a terminal takes the rest for more."""


@dataclasses.dataclass(frozen=True)
class ApiFault:
    """One way in which a request failed.

    Attributes:
        cause: which.
        text: a phrase that follows the name of what was asked, such as
            "refused the connection at http://192.0.2.30:8041".
    """

    cause: Cause
    text: str


class ApiError(Exception):
    """A request failed.

    Attributes:
        cause: which way.
        phrase: what happened, in words that follow the name of what was asked.
    """

    cause: ClassVar[Cause]
    usual: ClassVar[str] = ""

    def __init__(self, phrase: str = "") -> None:
        self.phrase = phrase or self.usual
        super().__init__(self.phrase)

    def tell(self, where: str) -> str:
        """The phrase with the place at which it happened."""
        return f"{self.phrase} at {where}"


class AddressError(ApiError):
    """The URL cannot be asked."""


class BadUrlError(AddressError):
    """No host has such an address."""

    cause = Cause.BAD_URL
    usual = "has an address that no host can have"

    def tell(self, where: str) -> str:
        """The phrase with the address."""
        return f"{self.phrase}: {where}"


class UnsafeUrlError(AddressError):
    """A token must not go to such an address."""

    cause = Cause.UNSAFE_URL
    usual = "has a link-local address, which gets no token"


class NetworkError(ApiError):
    """There was no connection, or it broke."""


class UnresolvedError(NetworkError):
    """No name server knows the host, or none answers."""

    cause = Cause.UNRESOLVED
    usual = "has a name that does not resolve"


class RefusedError(NetworkError):
    """Nothing listens on the port."""

    cause = Cause.REFUSED
    usual = "refused the connection"


class UnreachableError(NetworkError):
    """There is no way to the host."""

    cause = Cause.UNREACHABLE
    usual = "cannot be reached"


class ProxyError(UnreachableError):
    """The proxy on the way does not work."""

    usual = "cannot be reached through the proxy"


class DroppedError(NetworkError):
    """The connection ended before the answer did."""

    cause = Cause.DROPPED
    usual = "dropped the connection"


class LateError(NetworkError):
    """The deadline came before the answer."""

    cause = Cause.TIMEOUT
    usual = "did not answer in time"


class TlsError(ApiError):
    """The TLS handshake failed."""

    cause = Cause.TLS_ERROR
    usual = "does not speak TLS properly"


class UntrustedError(TlsError):
    """The certificate comes from an authority that is not trusted, or is not valid yet."""

    cause = Cause.TLS_UNTRUSTED
    usual = "has a certificate that is not trusted"


class ExpiredError(TlsError):
    """The certificate has ended."""

    cause = Cause.TLS_EXPIRED
    usual = "has an expired certificate"


class WrongHostError(TlsError):
    """The certificate is for another host."""

    cause = Cause.TLS_WRONG_HOST
    usual = "has a certificate for another host"


class StatusError(ApiError):
    """The answer has a status that is no success.

    Attributes:
        status: the HTTP status.
    """

    cause = Cause.HTTP_ERROR

    def __init__(self, status: int, phrase: str = "") -> None:
        self.status = status
        super().__init__(phrase or f"answers HTTP {status}")


class RedirectedError(StatusError):
    """The answer points elsewhere; password and token would go along.

    Attributes:
        target: where it points, such as `https://192.0.2.31:8041`; empty where it does not say.
    """

    cause = Cause.REDIRECTED

    def __init__(self, status: int, target: str = "") -> None:
        self.target = target
        place = f"to '{target}'" if target else "without a usable address"
        super().__init__(status, f"redirects {place} (HTTP {status})")


class UnauthorizedError(StatusError):
    """The token, or the password, is not taken."""

    cause = Cause.UNAUTHORIZED

    def __init__(self) -> None:
        super().__init__(401, "refuses the token (HTTP 401)")


class ForbiddenError(StatusError):
    """The user may not do this."""

    cause = Cause.FORBIDDEN

    def __init__(self, deed: str = "read") -> None:
        super().__init__(403, f"forbids this user to {deed} (HTTP 403)")


class NotFoundError(StatusError):
    """There is nothing at this path."""

    cause = Cause.NOT_FOUND

    def __init__(self) -> None:
        super().__init__(404, "returned 404 for a path of its API")

    def tell(self, where: str) -> str:
        """The phrase with the place, and the likeliest reason."""
        return f"{self.phrase} at {where}: wrong URL in the catalog?"


class ServerError(StatusError):
    """The service itself failed. A status above 599 counts as such (RFC 9110, section 15)."""

    cause = Cause.SERVER_ERROR


class AnswerError(ApiError):
    """What came is no answer of an API."""


class NotHttpError(AnswerError):
    """What came is not HTTP/1."""

    cause = Cause.DROPPED
    usual = "returned something that is not HTTP"


class TooLargeError(AnswerError):
    """The answer is larger than any honest one."""

    cause = Cause.TOO_LARGE
    usual = "answers with too much"


class NotJsonError(AnswerError):
    """The body is not the JSON of an API."""

    cause = Cause.NOT_JSON
    usual = "returned something that is not its API"

    def __init__(self, detail: str = "") -> None:
        super().__init__(f"{self.usual} ({detail})" if detail else "")


class UnusableAnswerError(Exception):
    """An answer came, but it is none that the service would give.

    Attributes:
        fault: what is wrong with it.
    """

    def __init__(self, cause: Cause, text: str) -> None:
        super().__init__(text)
        self.fault = ApiFault(cause, text)


def shown(url: str) -> str:
    """A URL fit for people: without user, password, query and fragment, in a narrow alphabet."""
    try:
        parts = urllib.parse.urlsplit(url)
        well_formed = bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError:
        return "a malformed URL"
    # a password may hold a slash or a question mark, and then only looks like a part of the rest
    if not well_formed or "@" in parts.path + parts.query + parts.fragment:
        return "a malformed URL"
    host = parts.netloc.rpartition("@")[2]
    whole = urllib.parse.urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
    return _UNFIT.sub("?", plain(whole)).replace("@", "?")


def explain(error: BaseException, url: str) -> ApiFault:
    """Tell what an exception means that a request to this URL raised."""
    if isinstance(error, UnusableAnswerError):
        return error.fault
    where = shown(url)
    chain = tuple(_chain(error))
    for one in chain:
        known = one if isinstance(one, ApiError) else translate(one)
        if known is not None:
            return ApiFault(known.cause, known.tell(where))
    # texts of exceptions may quote what was sent
    logger.warning("unexpected at %s: %s", where, " from ".join(_named(one) for one in chain))
    return ApiFault(Cause.INTERNAL, f"could not be asked at {where} ({type(error).__name__})")


def of_status(status: int, deed: str = "read") -> StatusError:
    """The error for an HTTP status that is no success.

    Args:
        status: the status.
        deed: what was tried: `read` or `write`.
    """
    if status == 401:
        return UnauthorizedError()
    if status == 403:
        return ForbiddenError(deed)
    if status == 404:
        return NotFoundError()
    return ServerError(status) if status >= 500 else StatusError(status)


def translate(error: BaseException) -> ApiError | None:
    """The error for an exception of sockets and TLS; None for any other."""
    if isinstance(error, ssl.SSLError):
        return _of_tls(error)
    known: tuple[tuple[type[OSError], type[NetworkError]], ...] = (
        (socket.gaierror, UnresolvedError),
        (ConnectionRefusedError, RefusedError),
        (TimeoutError, LateError),
        (ConnectionError, DroppedError),
    )
    for kind, meaning in known:
        if isinstance(error, kind):
            return meaning()
    return UnreachableError() if isinstance(error, OSError) and error.errno else None


def _of_tls(error: ssl.SSLError) -> ApiError:
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _EXPIRED:
            return ExpiredError()
        if error.verify_code in _WRONG_HOST:
            return WrongHostError()
        if error.verify_code in _NOT_YET_VALID:
            return UntrustedError("has a certificate that is not valid yet (or a clock is wrong)")
        return UntrustedError()
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return DroppedError()
    reason = plain(error.reason or "", limit=60)
    return TlsError(f"{TlsError.usual} ({reason})" if reason else "")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and those that led to it, each once, nearest first."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__


def _named(error: BaseException) -> str:
    """Class and number of an exception, never its text."""
    number = f" {error.errno}" if isinstance(error, OSError) and error.errno else ""
    return f"{type(error).__name__}{number}"
