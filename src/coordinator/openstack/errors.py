"""Why a request failed: any exception of the HTTP stack told apart and put in plain words."""

from __future__ import annotations

import dataclasses
import logging
import socket
import ssl
import urllib.parse
from collections.abc import Iterator

import requests
import urllib3
from keystoneauth1 import exceptions as keystone_errors

from coordinator.openstack import http
from coordinator.report.finding import Cause
from coordinator.text import plain

logger = logging.getLogger(__name__)

# X509_V_ERR_* of OpenSSL (include/openssl/x509_vfy.h.in)
_EXPIRED = {10}
_WRONG_HOST = {62, 64}

_NO_API = (
    keystone_errors.DiscoveryFailure,
    keystone_errors.InvalidResponse,
    requests.JSONDecodeError,
    requests.exceptions.ContentDecodingError,
    RecursionError,  # JSON nested without end
)

_NO_URL = (requests.exceptions.InvalidURL, UnicodeError, urllib3.exceptions.LocationParseError)


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


class UnusableAnswerError(Exception):
    """An answer came, but it is none that the service would give.

    Attributes:
        fault: what is wrong with it.
    """

    def __init__(self, cause: Cause, text: str) -> None:
        super().__init__(text)
        self.fault = ApiFault(cause, text)


def shown(url: str) -> str:
    """A URL fit for people: without user, password, query and fragment."""
    try:
        parts = urllib.parse.urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        path = parts.path.rstrip("/")
        return plain(urllib.parse.urlunsplit((parts.scheme, host, path, "", "")))
    except ValueError:
        return "a malformed URL"


def explain(error: BaseException, url: str) -> ApiFault:
    """Tell what an exception means that a request to this URL raised."""
    if isinstance(error, UnusableAnswerError):
        return error.fault
    chain = tuple(_chain(error))
    where = shown(url)
    fault = _of_http(chain, where) or _of_tls(chain, where) or _of_network(chain, where)
    if fault is None:
        logger.warning("unexpected at %s: %s", where, plain(repr(chain)))
        return ApiFault(Cause.INTERNAL, f"could not be asked at {where} ({type(error).__name__})")
    return fault


def of_status(status: int, url: str) -> ApiFault:
    """Tell what an HTTP status of 400 or more means."""
    where = shown(url)
    texts = {
        401: (Cause.UNAUTHORIZED, f"refuses the token (HTTP 401) at {where}"),
        403: (Cause.FORBIDDEN, f"forbids this user to read (HTTP 403) at {where}"),
        404: (Cause.NOT_FOUND, f"does not know its own path (HTTP 404) at {where}"),
    }
    if status in texts:
        return ApiFault(*texts[status])
    if status >= 500:
        return ApiFault(Cause.SERVER_ERROR, f"answers HTTP {status} at {where}")
    return ApiFault(Cause.HTTP_ERROR, f"answers HTTP {status} at {where}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that led to it, each once, nearest first."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        # urllib3 keeps the reason as an attribute, requests as an argument
        waiting += [current.__cause__, current.__context__, getattr(current, "reason", None)]
        waiting += current.args


def _of_http(chain: tuple[BaseException, ...], where: str) -> ApiFault | None:
    faults = (_of_answer(error, where) for error in chain)
    return next((fault for fault in faults if fault), None)


def _of_answer(error: BaseException, where: str) -> ApiFault | None:
    """What one exception tells about an answer that came, or about an address that is none."""
    match error:
        case http.Redirected():
            cause, text = Cause.REDIRECTED, f"redirects to {shown(error.target)} from {where}"
        case http.ServerError():
            return of_status(error.status, where)
        case keystone_errors.HttpError():
            return of_status(int(error.http_status), where)
        case http.AnswerTooLarge():
            limit = http.MAX_BODY // 1024 // 1024
            cause, text = Cause.TOO_LARGE, f"answers with more than {limit} MiB at {where}"
        case _ if isinstance(error, _NO_URL):
            cause, text = Cause.BAD_URL, f"has an address that no host can have: {where}"
        case _ if isinstance(error, _NO_API):
            cause, text = Cause.NOT_JSON, f"answers something else than its API at {where}"
        case _:
            return None
    return ApiFault(cause, text)


def _of_tls(chain: tuple[BaseException, ...], where: str) -> ApiFault | None:
    for error in chain:
        if isinstance(error, ssl.SSLCertVerificationError):
            if error.verify_code in _EXPIRED:
                return ApiFault(Cause.TLS_EXPIRED, f"has an expired certificate at {where}")
            if error.verify_code in _WRONG_HOST:
                return ApiFault(
                    Cause.TLS_WRONG_HOST, f"has a certificate for another host at {where}"
                )
            return ApiFault(
                Cause.TLS_UNTRUSTED, f"has a certificate that is not trusted at {where}"
            )
    for error in chain:
        if isinstance(error, ssl.SSLError | requests.exceptions.SSLError):
            reason = getattr(error, "reason", "") or ""
            detail = f" ({reason})" if isinstance(reason, str) and reason else ""
            return ApiFault(Cause.TLS_ERROR, f"does not speak TLS properly at {where}{detail}")
    return None


def _of_network(chain: tuple[BaseException, ...], where: str) -> ApiFault | None:
    texts: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Cause, str], ...] = (
        (socket.gaierror, Cause.UNRESOLVED, "has a name that does not resolve"),
        (ConnectionRefusedError, Cause.REFUSED, "refused the connection"),
        ((TimeoutError, requests.exceptions.Timeout), Cause.TIMEOUT, "did not answer in time"),
        (keystone_errors.ConnectTimeout, Cause.TIMEOUT, "did not answer in time"),
        (
            (ConnectionError, requests.exceptions.ChunkedEncodingError),
            Cause.DROPPED,
            "dropped the connection",
        ),
    )
    if any(isinstance(error, requests.exceptions.ProxyError) for error in chain):
        return ApiFault(Cause.UNREACHABLE, f"cannot be reached through the proxy at {where}")
    for kind, cause, text in texts:
        if any(isinstance(error, kind) for error in chain):
            return ApiFault(cause, f"{text} at {where}")
    if any(isinstance(error, OSError) and error.errno for error in chain):
        return ApiFault(Cause.UNREACHABLE, f"cannot be reached at {where}")
    if any(isinstance(error, requests.exceptions.ConnectionError) for error in chain):
        return ApiFault(Cause.DROPPED, f"dropped the connection at {where}")
    return None
