"""Why a request to the cloud failed, and in which words that is told.

A check needs no more than `explain`, which makes a fault of any exception: its cause, and a phrase
that follows the name of what was asked.
"""

from __future__ import annotations

import logging
import re
import socket
import ssl
import urllib.parse
from collections.abc import Iterator

import msgspec

from coordinator.report.finding import Cause
from coordinator.text import plain

logger = logging.getLogger(__name__)

_USUAL = {
    # the URL cannot be asked
    Cause.BAD_URL: "has an address that no host can have",
    Cause.UNSAFE_URL: "has a link-local address, which gets no token",
    # no connection, or a broken one
    Cause.UNRESOLVED: "has a name that does not resolve",
    Cause.REFUSED: "refused the connection",
    Cause.UNREACHABLE: "cannot be reached",
    Cause.DROPPED: "dropped the connection",
    Cause.TIMEOUT: "did not answer in time",
    # the handshake failed
    Cause.TLS_ERROR: "does not speak TLS properly",
    Cause.TLS_UNTRUSTED: "has a certificate that is not trusted",
    Cause.TLS_EXPIRED: "has an expired certificate",
    Cause.TLS_WRONG_HOST: "has a certificate for another host",
    # the status is no success
    Cause.UNAUTHORIZED: "refuses the token (HTTP 401)",
    Cause.FORBIDDEN: "forbids this user to read (HTTP 403)",
    Cause.NOT_FOUND: "returned 404 for a path of its API",
    # what came is no answer
    Cause.TOO_LARGE: "answers with too much",
    Cause.NOT_JSON: "returned something that is not its API",
}
"""What happened, where nothing more is known of it."""

_PLACED = {
    Cause.BAD_URL: "{phrase}: {where}",
    Cause.NOT_FOUND: "{phrase} at {where}: wrong URL in the catalog?",
}
"""How the place is told; else it is `at` one."""

_OF_STATUS = {401: Cause.UNAUTHORIZED, 403: Cause.FORBIDDEN, 404: Cause.NOT_FOUND}

_OF_EXCEPTION: tuple[tuple[type[OSError], Cause], ...] = (
    (ssl.SSLEOFError, Cause.DROPPED),
    (ssl.SSLZeroReturnError, Cause.DROPPED),
    (socket.gaierror, Cause.UNRESOLVED),
    (ConnectionRefusedError, Cause.REFUSED),
    (TimeoutError, Cause.TIMEOUT),
    (ConnectionError, Cause.DROPPED),
)

# X509_V_ERR_* of OpenSSL (include/openssl/x509_vfy.h.in)
_NOT_YET_VALID = 9
_OF_CERTIFICATE = {
    _NOT_YET_VALID: Cause.TLS_EXPIRED,
    10: Cause.TLS_EXPIRED,
    62: Cause.TLS_WRONG_HOST,
    64: Cause.TLS_WRONG_HOST,
}

_UNFIT = re.compile(r"[^A-Za-z0-9._~:/\[\]%@+,=-]")
"""What is not shown of an address: neither a shell nor a terminal takes the rest for more."""


class ApiFault(msgspec.Struct, frozen=True):
    """One way in which a request failed.

    Attributes:
        text: a phrase that follows the name of what was asked, such as
            "refused the connection at http://192.0.2.30:8041".
    """

    cause: Cause
    text: str


class ApiError(Exception):
    """A request failed.

    Attributes:
        phrase: what happened, in words that follow the name of what was asked.
    """

    def __init__(self, cause: Cause, phrase: str = "") -> None:
        self.cause = cause
        self.phrase = phrase or _USUAL[cause]
        super().__init__(self.phrase)


class UnusableAnswerError(ApiError):
    """An answer came, but it is none that the service would give: the phrase says it all."""

    @property
    def fault(self) -> ApiFault:
        """What is wrong with it."""
        return ApiFault(self.cause, self.phrase)


def not_json(detail: str = "") -> ApiError:
    """The body is not the JSON of an API."""
    usual = _USUAL[Cause.NOT_JSON]
    return ApiError(Cause.NOT_JSON, f"{usual} ({detail})" if detail else "")


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
            form = _PLACED.get(known.cause, "{phrase} at {where}")
            return ApiFault(known.cause, form.format(phrase=known.phrase, where=where))
    # texts of exceptions may quote what was sent
    logger.warning("unexpected at %s: %s", where, " from ".join(_named(one) for one in chain))
    return ApiFault(Cause.INTERNAL, f"could not be asked at {where} ({type(error).__name__})")


def of_status(status: int, deed: str = "read") -> ApiError:
    """The error for a status that is no success, whatever was tried: `read` or `write`.

    One above 599 counts as the service's own.

    Source: RFC 9110, section 15.
    """
    if status == 403:
        return ApiError(Cause.FORBIDDEN, f"forbids this user to {deed} (HTTP 403)")
    if status in _OF_STATUS:
        return ApiError(_OF_STATUS[status])
    cause = Cause.SERVER_ERROR if status >= 500 else Cause.HTTP_ERROR
    return ApiError(cause, f"answers HTTP {status}")


def translate(error: BaseException) -> ApiError | None:
    """The error for an exception of sockets and TLS; None for any other."""
    if isinstance(error, ssl.SSLCertVerificationError):
        early = "has a certificate that is not valid yet (or a clock is wrong)"
        phrase = early if error.verify_code == _NOT_YET_VALID else ""
        return ApiError(_OF_CERTIFICATE.get(error.verify_code, Cause.TLS_UNTRUSTED), phrase)
    for kind, cause in _OF_EXCEPTION:
        if isinstance(error, kind):
            return ApiError(cause)
    if isinstance(error, ssl.SSLError):
        reason = plain(error.reason or "", limit=60)
        usual = _USUAL[Cause.TLS_ERROR]
        return ApiError(Cause.TLS_ERROR, f"{usual} ({reason})" if reason else "")
    return ApiError(Cause.UNREACHABLE) if isinstance(error, OSError) and error.errno else None


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
