"""HTTP/1.1 (RFC 9112) as it is on the wire, with a limit for each part of an answer.

An answer that ends too early, is too large or breaks the rules is an `ApiError`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from coordinator.openstack.errors import ApiError
from coordinator.report.finding import Cause

MAX_BODY = 4 * 1024 * 1024
"""Bytes of one body; the largest honest one is some hundred KiB."""

MAX_HEAD = 64 * 1024
"""Bytes of status line and headers, all interim answers included."""

MAX_HEADERS = 100
"""Headers of one answer."""

MAX_INTERIM = 8
"""Interim answers (1xx) before the final one; honest servers send none that is not asked for."""

_NOT_HTTP = "returned something that is not HTTP"
_CONTRADICTION = "contradicts itself about the length of its answer"
_BROKEN_OFF = "broke off its answer"
_NO_END = "answers with headers that do not end"

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

    def __init__(self, receive: Callable[[], bytes]) -> None:
        """Read from a function that gives what has come, and nothing at the end.

        The function raises `ApiError` when time is over.
        """
        self._receive = receive
        self._waiting = bytearray()
        self._has_ended = False
        self.has_begun = False

    @property
    def is_clean(self) -> bool:
        """True when all that came was read, and more may come."""
        return not self._waiting and not self._has_ended

    def line(self, most: int) -> bytes:
        """The next line, without its end."""
        searched = 0
        while (end := self._waiting.find(b"\n", searched)) < 0 and len(self._waiting) <= most:
            searched = len(self._waiting)
            self._fill()
        if not 0 <= end <= most:
            raise ApiError(Cause.TOO_LARGE, _NO_END)
        return self._taken(end + 1)[:-1].removesuffix(b"\r")

    def exactly(self, count: int) -> bytes:
        """The next bytes."""
        while len(self._waiting) < count:
            self._fill()
        return self._taken(count)

    def rest(self) -> bytes:
        """All until the end of the stream."""
        while piece := self._receive():
            self._waiting += piece
            _hold_to_limit(len(self._waiting))
        self._has_ended = True
        return self._taken(len(self._waiting))

    def _fill(self) -> None:
        piece = self._receive()
        if not piece:
            raise ApiError(Cause.DROPPED)
        self.has_begun = True
        self._waiting += piece

    def _taken(self, count: int) -> bytes:
        piece = bytes(self._waiting[:count])
        del self._waiting[:count]
        return piece


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
        status, headers, left = read_head(stream, left)
        if status >= 200 or status == 101:
            break
    else:
        raise ApiError(Cause.TOO_LARGE, f"answers with more than {MAX_INTERIM} interim answers")
    body = _body(stream, status, headers)
    keeps = "close" not in headers.get("connection", "").lower() and status != 101
    return Answer(status, headers, body, keeps and stream.is_clean)


def read_head(stream: Stream, left: int = MAX_HEAD) -> tuple[int, dict[str, str], int]:
    """Status and headers, and how many bytes of the limit are left."""
    line = stream.line(left)
    found = _STATUS.fullmatch(line)
    if found is None:
        raise ApiError(Cause.DROPPED, _NOT_HTTP)
    version, status = found.groups()
    headers, left = _fields(stream, left - len(line))
    # RFC 9112, section 9.3
    if version == b"0" and "keep-alive" not in headers.get("connection", "").lower():
        headers["connection"] = "close"
    return int(status), headers, left


def _fields(stream: Stream, left: int) -> tuple[dict[str, str], int]:
    """Headers or trailers up to an empty line, and how many bytes of the limit are left."""
    fields: dict[str, str] = {}
    for _ in range(MAX_HEADERS + 1):
        line = stream.line(max(0, left))
        if not line:
            return fields, left
        left -= len(line)
        name, colon, value = line.partition(b":")
        if not colon or not _TOKEN.fullmatch(name):
            raise ApiError(Cause.DROPPED, _NOT_HTTP)
        key, text = name.decode("ascii").lower(), value.strip(b" \t").decode("latin-1")
        if key in ("content-length", "transfer-encoding") and fields.get(key, text) != text:
            raise ApiError(Cause.DROPPED, _CONTRADICTION)
        fields[key] = text
    raise ApiError(Cause.TOO_LARGE, f"answers with more than {MAX_HEADERS} headers")


def _body(stream: Stream, status: int, headers: Mapping[str, str]) -> bytes:
    if status in (101, 204, 304):
        return b""
    encoding = headers.get("content-encoding", "identity").lower()
    transfer = headers.get("transfer-encoding", "").lower()
    if encoding not in ("", "identity") or transfer not in ("", "identity", "chunked"):
        raise ApiError(Cause.NOT_JSON, detail="compressed, although that was not asked for")
    if transfer == "chunked":
        return _chunks(stream)
    length = headers.get("content-length")
    if length is None:
        return stream.rest()
    if not _LENGTH.fullmatch(length):
        raise ApiError(Cause.DROPPED, _CONTRADICTION)
    _hold_to_limit(int(length))
    return stream.exactly(int(length))


def _chunks(stream: Stream) -> bytes:
    """A body in chunks (RFC 9112, section 7.1)."""
    body = bytearray()
    extra = MAX_HEAD
    while True:
        line = stream.line(MAX_HEAD)
        digits = line.partition(b";")[0].strip(b" \t")
        if not _SIZE.fullmatch(digits):
            raise ApiError(Cause.DROPPED, _BROKEN_OFF)
        size = int(digits, 16)
        extra -= len(line) - len(digits)
        _hold_to_limit(len(body) + size)
        if extra < 0:
            raise ApiError(Cause.TOO_LARGE, _NO_END)
        if not size:
            _fields(stream, MAX_HEAD)
            return bytes(body)
        body += stream.exactly(size)
        if stream.line(MAX_HEAD):
            raise ApiError(Cause.DROPPED, _BROKEN_OFF)


def _hold_to_limit(size: int) -> None:
    if size > MAX_BODY:
        raise ApiError(Cause.TOO_LARGE, f"answers with more than {MAX_BODY // 1024 // 1024} MiB")
