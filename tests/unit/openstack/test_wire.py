"""HTTP/1.1 as it is read from the wire, held to its grammar and its limits."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.openstack import wire
from coordinator.openstack.errors import ApiError
from coordinator.report.finding import Cause
from tests.unit import sessions

HEAD = b"HTTP/1.1 200 OK\r\n"


def stream(whole: bytes, size: int = 65536) -> wire.Stream:
    """A stream that comes in pieces of this size."""
    pieces = iter([whole[at : at + size] for at in range(0, len(whole), size)])
    return wire.Stream(lambda: next(pieces, b""))


def read(whole: bytes, size: int = 65536) -> wire.Answer:
    return wire.read(stream(whole, size))


# Requests


def test_a_request_is_what_was_meant():
    sent = wire.request("POST", "/v1?a=b", "gnocchi.example.com:8041", {"X-A": "b"}, b"{}")
    assert sent == (
        b"POST /v1?a=b HTTP/1.1\r\nHost: gnocchi.example.com:8041\r\nAccept-Encoding: identity\r\n"
        b"X-A: b\r\nContent-Length: 2\r\n\r\n{}"
    )


@pytest.mark.parametrize("value", ["a\r\nX-Injected: b", "a\nb", "\x00"])
def test_a_header_cannot_bring_another(value: str):
    with pytest.raises(ValueError, match="control characters"):
        wire.request("GET", "/", "gnocchi", {"X-A": value}, None)


# Answers


@pytest.mark.parametrize("size", [1, 2, 7, 65536])
@pytest.mark.parametrize(
    ("rest", "body"),
    [
        (b"Content-Length: 2\r\n\r\n{}", b"{}"),
        (b"Content-Length:2 \r\n\r\n{}", b"{}"),
        (b"Content-Length: 0\r\n\r\n", b""),
        (b"\r\n{}", b"{}"),
        (b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n", b"{}"),
        (b"Transfer-Encoding: Chunked\r\n\r\n2\r\n{}\r\n0\r\nX-T: y\r\n\r\n", b"{}"),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n2\r\n{}\r\n0\r\n\r\n", b"{}"),
    ],
)
def test_a_body_is_read_however_it_comes(rest: bytes, body: bytes, size: int):
    assert read(HEAD + rest, size).body == body


def test_names_of_headers_are_in_lower_case():
    answer = read(HEAD + b"X-Subject-Token:  abc \r\nContent-Length: 0\r\n\r\n")
    assert answer.headers["x-subject-token"] == "abc"


def test_lines_may_end_without_a_carriage_return():
    assert read(b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}").body == b"{}"


def test_a_status_needs_no_reason():
    assert read(b"HTTP/1.1 204\r\n\r\n").status == 204


@pytest.mark.parametrize("status", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
def test_interim_answers_are_passed_over(status: bytes):
    interim = b"HTTP/1.1 " + status + b"\r\nLink: x\r\n\r\n"
    assert read(interim * wire.MAX_INTERIM + HEAD + b"Content-Length: 2\r\n\r\n{}").body == b"{}"


@pytest.mark.parametrize(
    ("rest", "cause"),
    [
        (b"Content-Length: 3\r\n\r\n{}", Cause.DROPPED),
        (b"Content-Length: 2\r\n", Cause.DROPPED),
        (b"Content-Length: +2\r\n\r\n{}", Cause.DROPPED),
        (b"Content-Length: 1_0\r\n\r\n{}", Cause.DROPPED),
        (b"Content-Length: \xb2\r\n\r\n{}", Cause.DROPPED),
        (b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", Cause.DROPPED),
        (b"X A: b\r\n\r\n", Cause.DROPPED),
        (b" folded\r\n\r\n", Cause.DROPPED),
        (b"Content-Encoding: gzip\r\n\r\n", Cause.NOT_JSON),
        (b"Transfer-Encoding: gzip, chunked\r\n\r\n", Cause.NOT_JSON),
        (b"Transfer-Encoding: chunked\r\n\r\n2_0\r\n", Cause.DROPPED),
        (b"Transfer-Encoding: chunked\r\n\r\n\r\n", Cause.DROPPED),
        (b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", Cause.DROPPED),
        (b"Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n", Cause.TOO_LARGE),
        (b"Content-Length: 99999999999999\r\n\r\n", Cause.TOO_LARGE),
        (b"X-A: b\r\n" * 101 + b"\r\n", Cause.TOO_LARGE),
        (b"X-A: " + b"b" * 70_000 + b"\r\n\r\n", Cause.TOO_LARGE),
    ],
)
def test_what_is_no_answer_is_told(rest: bytes, cause: Cause):
    with sessions.failing(cause):
        read(HEAD + rest)


@pytest.mark.parametrize(
    "first",
    [b"HTTP/1.1 20 OK", b"HTTP/1.1 099 OK", b"HTTP/2 200 OK", b"HTTP/1.1 2000", b"SSH", b""],
)
def test_a_first_line_that_is_none_is_told(first: bytes):
    with sessions.failing(Cause.DROPPED):
        read(first + b"\r\n\r\n")


@pytest.mark.parametrize(
    ("rest", "reusable"),
    [
        (b"Content-Length: 2\r\n\r\n{}", True),
        (b"Content-Length: 2\r\n\r\n{}more", False),
        (b"Content-Length: 2\r\nConnection: Close\r\n\r\n{}", False),
        (b"\r\n{}", False),
    ],
)
def test_only_a_connection_that_is_clean_is_used_again(rest: bytes, reusable: bool):
    assert read(HEAD + rest).reusable is reusable


@pytest.mark.parametrize(
    ("header", "reusable"),
    [
        (b"", False),
        (b"Connection: Upgrade\r\n", False),
        (b"Connection: Keep-Alive\r\n", True),
    ],
)
def test_an_http_1_0_server_keeps_a_connection_only_where_it_says_so(
    header: bytes, reusable: bool
):
    answer = read(b"HTTP/1.0 200 OK\r\n" + header + b"Content-Length: 2\r\n\r\n{}")
    assert answer.reusable is reusable


@given(st.binary(max_size=300), st.integers(1, 20))
def test_any_bytes_are_an_answer_or_an_error(rest: bytes, size: int):
    for whole in (rest, HEAD + rest, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + rest):
        with contextlib.suppress(ApiError):
            read(whole, size)
