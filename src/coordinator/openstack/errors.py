"""Errors of requests to the cloud, and the words for them."""

from __future__ import annotations

import logging
import re
import ssl
import urllib.parse

import msgspec

from coordinator.report.finding import Cause
from coordinator.text import plain

logger = logging.getLogger(__name__)

_PHRASES = {
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
    Cause.NOT_FOUND: "returned 404 for a path of its API",
    # the answer is not usable
    Cause.TOO_LARGE: "answers with too much",
    Cause.NOT_JSON: "returned something that is not its API",
}

# X509_V_ERR_* of OpenSSL (include/openssl/x509_vfy.h.in)
_OF_CERTIFICATE = {
    9: (Cause.TLS_EXPIRED, "has a certificate that is not valid yet (or a clock is wrong)"),
    10: (Cause.TLS_EXPIRED, ""),
    62: (Cause.TLS_WRONG_HOST, ""),
    64: (Cause.TLS_WRONG_HOST, ""),
}
_UNTRUSTED = (Cause.TLS_UNTRUSTED, "")

_UNSAFE = re.compile(r"[^A-Za-z0-9._~:/\[\]%@+,=-]")
"""Characters that are not shown: a shell or a terminal may give them a meaning."""


class ApiFault(msgspec.Struct, frozen=True):
    """One way in which a request failed, in words that follow the name of the service."""

    cause: Cause
    text: str


class ApiError(Exception):
    """A request failed; the phrase follows the name of the service."""

    def __init__(self, cause: Cause, phrase: str = "", detail: str = "") -> None:
        self.cause = cause
        self.phrase = phrase or _PHRASES[cause]
        if detail:
            self.phrase += f" ({detail})"
        super().__init__(self.phrase)


class UnusableAnswerError(ApiError):
    """The service would not give such an answer; the phrase needs no URL."""


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
    return _UNSAFE.sub("?", plain(whole)).replace("@", "?")


def explain(error: BaseException, url: str) -> ApiFault:
    """The fault behind an exception that a request to this URL raised."""
    if isinstance(error, UnusableAnswerError):
        return ApiFault(error.cause, error.phrase)
    where = shown(url)
    if isinstance(error, ApiError):
        joint = ":" if error.cause is Cause.BAD_URL else " at"
        hint = ": wrong URL in the catalog?" if error.cause is Cause.NOT_FOUND else ""
        return ApiFault(error.cause, f"{error.phrase}{joint} {where}{hint}")
    # never its text: that may quote what was sent
    name = type(error).__name__
    logger.warning("unexpected at %s: %s", where, name)
    return ApiFault(Cause.INTERNAL, f"could not be asked at {where} ({name})")


def of_status(status: int, deed: str = "read") -> ApiError:
    """The error for an HTTP status that is no success, whatever was tried: `read` or `write`.

    Source: RFC 9110, section 15.
    """
    if status == 401:
        return ApiError(Cause.UNAUTHORIZED)
    if status == 403:
        return ApiError(Cause.FORBIDDEN, f"forbids this user to {deed} (HTTP 403)")
    if status == 404:
        return ApiError(Cause.NOT_FOUND)
    cause = Cause.SERVER_ERROR if status >= 500 else Cause.HTTP_ERROR
    return ApiError(cause, f"answers HTTP {status}")


def of_exception(error: OSError) -> ApiError:
    """The error for an exception of sockets or TLS."""
    match error:
        case ssl.SSLCertVerificationError():
            return ApiError(*_OF_CERTIFICATE.get(error.verify_code, _UNTRUSTED))
        case ConnectionRefusedError():
            return ApiError(Cause.REFUSED)
        case ConnectionError() | ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return ApiError(Cause.DROPPED)
        case ssl.SSLError():
            return ApiError(Cause.TLS_ERROR, detail=plain(error.reason or "", limit=60))
        case TimeoutError():
            return ApiError(Cause.TIMEOUT)
        case _:
            return ApiError(Cause.UNREACHABLE)
