"""HTTP/1.1 as it is on the wire, for answers of which every part has a limit.

The standard library's http.client has no limit for a whole answer: it waits anew for each byte,
reads any number of `100 Continue`, and takes a body that ends early for a whole one. Here what
comes is read through a `Stream` that has a deadline, and is held to RFC 9112. What ends too
early, is too large, or is none that HTTP or the request allows, is an `ApiError`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from coordinator.openstack.errors import ApiError, not_json
from coordinator.report.finding import Cause

MAX_BODY = 4 * 1024 * 1024
"""Bytes of one body that are read at most; the largest honest one is some hundred KiB."""

MAX_HEAD = 64 * 1024
"""Bytes of status line and headers, all interim answers included."""

MAX_HEADERS = 100
"""Headers of one answer."""

MAX_INTERIM = 8
"""Interim answers (1xx) before the final one; honest servers send none that is not asked for."""

NOT_HTTP = "returned something that is not HTTP"
CONTRADICTS = "contradicts itself about the length of its answer"
BROKE_OFF = "broke off its answer"
NO_END = "answers with headers that do not end"

_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9]\d\d)(?: [^\r\n]*)?")
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")
_LENGTH = re.compile(r"\d{1,15}")


class Answer(msgspec.Struct, frozen=True):
    """An answer.

    Attributes:
        headers: by their names in lower case; of several of one name, the last.
        reusable: whether the connection can serve another request.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    reusable: bool = False


class Stream:
    """Bytes that come from elsewhere, read piece by piece."""

    def __init__(self, receive: Callable[[int], bytes]) -> None:
        """Read from a function that gives up to some bytes, and none at the end.

        The function raises `ApiError` when time is over.
        """
        self._receive = receive
        self._waiting = bytearray()
        self.begun = False

    @property
    def is_drained(self) -> bool:
        """Whether nothing is left that came and was not read."""
        return not self._waiting

    def line(self, most: int) -> bytes:
        """The next line, without its end."""
        searched = 0
        while (end := self._waiting.find(b"\n", searched)) < 0:
            searched = len(self._waiting)
            if searched > most:
                raise ApiError(Cause.TOO_LARGE, NO_END)
            self._fill()
        if end > most:
            raise ApiError(Cause.TOO_LARGE, NO_END)
        line = bytes(self._waiting[:end])
        del self._waiting[: end + 1]
        return line.removesuffix(b"\r")

    def exactly(self, count: int) -> bytes:
        """The next bytes."""
        while len(self._waiting) < count:
            self._fill()
        piece = bytes(self._waiting[:count])
        del self._waiting[:count]
        return piece

    def rest(self) -> bytes:
        """All until the end of the stream."""
        while piece := self._receive(65536):
            self._waiting += piece
            _hold_to_limit(len(self._waiting))
        whole = bytes(self._waiting)
        self._waiting.clear()
        return whole

    def _fill(self) -> None:
        piece = self._receive(65536)
        if not piece:
            raise ApiError(Cause.DROPPED)
        self.begun = True
        self._waiting += piece


def request(
    method: str, target: str, authority: str, headers: Mapping[str, str], body: bytes | None
) -> bytes:
    """A request as it is sent."""
    own = {"Host": authority, "Accept-Encoding": "identity", **headers}
    if body is not None:
        own["Content-Length"] = str(len(body))
    if any(not value.isprintable() for value in (target, *own.values())):
        raise ValueError("a header holds control characters")
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in own.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


def read(stream: Stream) -> Answer:
    """The final answer to a request."""
    left = MAX_HEAD
    for _ in range(MAX_INTERIM + 1):
        status, headers, left = _head(stream, left)
        if status >= 200 or status == 101:
            break
    else:
        raise ApiError(Cause.TOO_LARGE, f"answers with more than {MAX_INTERIM} interim answers")
    body, ends_by_itself = _body(stream, status, headers)
    keeps = "close" not in headers.get("connection", "").lower() and status != 101
    return Answer(status, headers, body, keeps and ends_by_itself and stream.is_drained)


def read_head(stream: Stream) -> int:
    """The status of an answer whose body, if any, means nothing: that of a proxy to CONNECT."""
    return _head(stream, MAX_HEAD)[0]


def _head(stream: Stream, left: int) -> tuple[int, dict[str, str], int]:
    """Status and headers, and how many bytes of the limit are left."""
    line = stream.line(left)
    found = _STATUS.fullmatch(line)
    if found is None:
        raise ApiError(Cause.DROPPED, NOT_HTTP)
    left -= len(line)
    headers: dict[str, str] = {}
    for _ in range(MAX_HEADERS + 1):
        line = stream.line(max(0, left))
        if not line:
            # RFC 9112, section 9.3
            if found[1] == b"0" and "keep-alive" not in headers.get("connection", "").lower():
                headers["connection"] = "close"
            return int(found[2]), headers, left
        left -= len(line)
        name, colon, value = line.partition(b":")
        if not colon or not _TOKEN.fullmatch(name):
            raise ApiError(Cause.DROPPED, NOT_HTTP)
        key, text = name.decode("ascii").lower(), value.strip(b" \t").decode("latin-1")
        if key in ("content-length", "transfer-encoding") and headers.get(key, text) != text:
            raise ApiError(Cause.DROPPED, CONTRADICTS)
        headers[key] = text
    raise ApiError(Cause.TOO_LARGE, f"answers with more than {MAX_HEADERS} headers")


def _body(stream: Stream, status: int, headers: Mapping[str, str]) -> tuple[bytes, bool]:
    """The body, and whether its end could be told without the end of the connection."""
    if status in (101, 204, 304):
        return b"", True
    encoding = headers.get("content-encoding", "identity").lower()
    transfer = headers.get("transfer-encoding", "").lower()
    if encoding not in ("", "identity") or transfer not in ("", "identity", "chunked"):
        raise not_json("compressed, although that was not asked for")
    if transfer == "chunked":
        return _chunks(stream), True
    length = headers.get("content-length")
    if length is None:
        return stream.rest(), False
    if not _LENGTH.fullmatch(length):
        raise ApiError(Cause.DROPPED, CONTRADICTS)
    _hold_to_limit(int(length))
    return stream.exactly(int(length)), True


def _chunks(stream: Stream) -> bytes:
    """A body in chunks (RFC 9112, section 7.1); what follows them is passed over."""
    body = bytearray()
    extra = MAX_HEAD
    while True:
        line = stream.line(MAX_HEAD)
        size = line.partition(b";")[0].strip(b" \t")
        if not _SIZE.fullmatch(size):
            raise ApiError(Cause.DROPPED, BROKE_OFF)
        extra -= max(0, len(line) - len(size))
        _hold_to_limit(len(body) + int(size, 16))
        if extra < 0:
            raise ApiError(Cause.TOO_LARGE, NO_END)
        if int(size, 16) == 0:
            break
        body += stream.exactly(int(size, 16))
        if stream.line(MAX_HEAD):
            raise ApiError(Cause.DROPPED, BROKE_OFF)
    for _ in range(MAX_HEADERS + 1):
        if not stream.line(MAX_HEAD):
            return bytes(body)
    raise ApiError(Cause.TOO_LARGE, f"answers with more than {MAX_HEADERS} headers")


def _hold_to_limit(size: int) -> None:
    if size > MAX_BODY:
        raise ApiError(Cause.TOO_LARGE, f"answers with more than {MAX_BODY // 1024 // 1024} MiB")
