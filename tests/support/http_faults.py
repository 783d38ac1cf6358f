"""Everything that a web service, or whoever answers in its place, has done wrong somewhere.

Each fault is a function that gets a connection on which the head of a request was read, and the
causes that a person would call right for it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import socket
import struct
import time
from collections.abc import Callable

from coordinator.report.finding import Cause

Answer = Callable[[socket.socket, bytes], None]

OK = "HTTP/1.1 200 OK\r\n"
PAUSE = 0.02
"""Seconds between two pieces of what drips."""


@dataclasses.dataclass(frozen=True)
class Fault:
    """One way to fail.

    Attributes:
        causes: those that are right; empty where it must do no harm at all.
        tls: whether it happens behind TLS.
    """

    name: str
    answer: Answer
    causes: frozenset[Cause]


def sending(*pieces: bytes | str) -> Answer:
    """Send this and close."""
    whole = b"".join(p.encode("latin-1") if isinstance(p, str) else p for p in pieces)

    def answer(connection: socket.socket, _head: bytes) -> None:
        connection.sendall(whole)

    return answer


def body(content: bytes | str, kind: str = "application/json", more: str = "") -> Answer:
    """An ordinary answer with this body."""
    raw = content.encode() if isinstance(content, str) else content
    return sending(
        f"{OK}Content-Type: {kind}\r\nContent-Length: {len(raw)}\r\n"
        f"Connection: close\r\n{more}\r\n",
        raw,
    )


def status(number: int, more: str = "", content: str = "{}") -> Answer:
    """An ordinary answer with this status."""
    return sending(
        f"HTTP/1.1 {number} Reason\r\nContent-Length: {len(content)}\r\n"
        f"Connection: close\r\n{more}\r\n{content}"
    )


def endlessly(begin: str, piece: bytes, pause: float = 0) -> Answer:
    """Send a beginning, then the same piece again and again."""

    def answer(connection: socket.socket, _head: bytes) -> None:
        connection.sendall(begin.encode())
        while True:
            connection.sendall(piece)
            if pause:
                time.sleep(pause)

    return answer


def freeze(connection: socket.socket, _head: bytes) -> None:
    """Never answer."""
    while connection.recv(65536):
        pass


def freeze_after(begin: str) -> Answer:
    """Begin an answer and never end it."""

    def answer(connection: socket.socket, head: bytes) -> None:
        connection.sendall(begin.encode())
        freeze(connection, head)

    return answer


def reset(connection: socket.socket, _head: bytes) -> None:
    """Have the system send a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def reset_after(begin: str) -> Answer:
    """Begin an answer, then reset the connection."""

    def answer(connection: socket.socket, head: bytes) -> None:
        connection.sendall(begin.encode())
        reset(connection, head)

    return answer


def half_close(connection: socket.socket, head: bytes) -> None:
    """Say that nothing will come, and keep the connection."""
    connection.shutdown(socket.SHUT_WR)
    freeze(connection, head)


def large_body(connection: socket.socket, _head: bytes) -> None:
    """Send 100 MB, as announced."""
    size = 100 * 1000 * 1000
    connection.sendall(f"{OK}Content-Length: {size}\r\n\r\n".encode())
    with contextlib.suppress(OSError):
        for _ in range(size // 100_000):
            connection.sendall(b" " * 100_000)


def redirect(number: int, location: str | None) -> Answer:
    """Point elsewhere."""
    return status(number, "" if location is None else f"Location: {location}\r\n")


def chunked(text: str) -> Answer:
    """A body in chunks, as written."""
    return sending(f"{OK}Transfer-Encoding: chunked\r\n\r\n{text}")


def _all(causes: set[Cause], **answers: Answer) -> list[Fault]:
    return [
        Fault(name.replace("_", " "), answer, frozenset(causes))
        for name, answer in answers.items()
    ]


BOMB = gzip.compress(b" " * 32 * 1024 * 1024)

NETWORK = [
    *_all(
        {Cause.TIMEOUT},
        frozen=freeze,
        frozen_in_its_headers=freeze_after(f"{OK}Content-Type: "),
        frozen_in_its_body=freeze_after(f"{OK}Content-Length: 10\r\n\r\n{{"),
        frozen_in_a_chunk=freeze_after(f"{OK}Transfer-Encoding: chunked\r\n\r\n5\r\n{{"),
        dripping_status=endlessly("HTTP/1.1 200 ", b"x", PAUSE),
        dripping_headers=endlessly(f"{OK}X-Drip: ", b"x", PAUSE),
        dripping_body=endlessly(f"{OK}Content-Length: 1000000\r\n\r\n", b" ", PAUSE),
        dripping_body_without_length=endlessly(f"{OK}\r\n", b" ", PAUSE),
        dripping_chunks=endlessly(f"{OK}Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", PAUSE),
    ),
    *_all(
        {Cause.DROPPED},
        reset=reset,
        reset_in_its_headers=reset_after(f"{OK}Content-"),
        reset_in_its_body=reset_after(f"{OK}Content-Length: 10\r\n\r\n{{"),
        half_closed=half_close,
        closed=sending(""),
        closed_in_its_headers=sending(f"{OK}Content-Type: application/json\r\n"),
        closed_in_its_body=sending(f"{OK}Content-Length: 10\r\n\r\n[]"),
        closed_in_a_chunk=chunked("10\r\n[]"),
        broken_chunk_size=chunked("xyz\r\n[]\r\n0\r\n\r\n"),
        negative_chunk_size=chunked("-5\r\n[]\r\n0\r\n\r\n"),
        chunk_longer_than_said=chunked("1\r\n[]\r\n0\r\n\r\n"),
        garbage=sending(b"\x00\xff\xfe\x80" * 200, b"\n"),
        another_protocol=sending("SSH-2.0-OpenSSH_9.6\r\n"),
        another_version=sending("HTTP/2 200\r\n\r\n"),
        no_status=sending("HTTP/1.1 OK\r\n\r\n"),
        headers_that_are_none=sending(f"{OK}no colon\r\n\r\n[]"),
        two_lengths=sending(f"{OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\n[]"),
        negative_length=sending(f"{OK}Content-Length: -2\r\n\r\n[]"),
    ),
]

SIZE = _all(
    {Cause.TOO_LARGE},
    endless_body=endlessly(f"{OK}\r\n", b" " * 65536),
    endless_chunks=endlessly(
        f"{OK}Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65536 + b"\r\n"
    ),
    body_of_100_MB=large_body,
    endless_headers=endlessly(OK, b"X-More: and more\r\n"),
    endless_header=endlessly(f"{OK}X-Long: ", b"x" * 65536),
    endless_status=endlessly("HTTP/1.1 200 ", b"x" * 65536),
    flood_of_continue=endlessly("", b"HTTP/1.1 100 Continue\r\n\r\n"),
    flood_of_early_hints=endlessly("", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    endless_trailers=endlessly(f"{OK}Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-More: x\r\n"),
)

STATUS = [
    *_all(
        {Cause.HTTP_ERROR},
        status_101=status(101),
        status_400=status(400),
        status_400_with_odd_errors=status(400, content='{"errors": ["x", 5, null]}'),
        status_409=status(409),
        status_418=status(418),
        status_429=status(429, "Retry-After: 99999999999\r\n"),
    ),
    *_all({Cause.UNAUTHORIZED}, status_401=status(401)),
    *_all({Cause.FORBIDDEN}, status_403=status(403)),
    *_all({Cause.NOT_FOUND}, status_404=status(404)),
    *_all(
        {Cause.SERVER_ERROR},
        status_500=status(500),
        status_503=status(503),
        status_599=status(599),
        status_999=status(999),
    ),
    *_all(
        {Cause.REDIRECTED},
        redirect_elsewhere=redirect(302, "http://192.0.2.99/stolen"),
        redirect_to_itself=redirect(301, "/"),
        redirect_to_a_file=redirect(302, "file:///etc/passwd"),
        redirect_to_nowhere=redirect(302, None),
        redirect_with_a_malformed_target=redirect(307, "http://[::1"),
        redirect_with_another_port=redirect(308, "http://192.0.2.99:99999/"),
        use_proxy=redirect(305, "http://192.0.2.99:3128/"),
        not_modified=redirect(304, None),
    ),
]

DATA = [
    *_all(
        {Cause.NOT_JSON, Cause.UNEXPECTED},
        null=body("null"),
        number=body("5"),
        text=body('"x"'),
        empty_list=body("{}"),
        list_of_null=body("[null]"),
        versions_of_another_kind=body('{"versions": {"values": 5}}'),
    ),
    *_all(
        {Cause.NOT_JSON},
        empty=body(""),
        no_content=status(204, content=""),
        html=body("<html>It works!</html>", "text/html"),
        cut_off=body('[{"name": "gen'),
        number_of_20000_digits=body("9" * 20_000),
        fraction_of_20000_digits=body("0." + "9" * 20_000),
        NaN=body("[NaN]"),
        infinity=body("[-Infinity]"),
        lists_of_100000_levels=body("[" * 100_000 + "]" * 100_000),
        objects_of_100000_levels=body('{"a":' * 100_000),
        lists_of_500_levels=body("[" * 500 + "]" * 500),
        utf_16=body("[]".encode("utf-16"), "application/json; charset=utf-16"),
        latin_1=body('["é"]'.encode("latin-1"), "application/json; charset=latin-1"),
        broken_utf_8=body(b'["\xff"]'),
        control_characters=body('["\x00\x1b[31m"]'),
        gzip_bomb=body(BOMB, more="Content-Encoding: gzip\r\n"),
        broken_gzip=body("not compressed", more="Content-Encoding: gzip\r\n"),
        unknown_encoding=body("[]", more="Content-Encoding: x-y\r\n"),
    ),
]

HARMLESS_HEADERS = {
    "a clock of the year 1": "Date: Mon, 01 Jan 0001 00:00:00 GMT\r\n",
    "a clock of the year 9999": "Date: Fri, 31 Dec 9999 23:59:59 GMT\r\n",
    "a clock that is none": "Date: \xff\xfe\r\n",
    "a wrong charset": "X-Odd: \x80\xff\r\n",
    "cookies": "Set-Cookie: a=b; Domain=.\r\n",
    "a length after which more comes": "X-More: x\r\n",
}
"""Headers that must not spoil an answer, by what they are."""

FAULTS = [*NETWORK, *SIZE, *STATUS, *DATA]
