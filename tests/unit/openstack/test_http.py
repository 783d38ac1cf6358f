"""The bounds of a request, against real servers on loopback."""

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import trustme

from coordinator.openstack import errors, http, urls, wire
from coordinator.openstack.proxies import Proxies
from coordinator.report.finding import Cause
from tests.unit import servers, sessions

GENEROUS = 5.0
"""Seconds in which a bounded request has ended, on a busy machine too."""

NAME = "gnocchi.example.com"


def get(
    url: str, seconds: float = GENEROUS, transport: http.Transport | None = None
) -> wire.Answer:
    return (transport or http.Transport()).ask("GET", url, http.Deadline.after(seconds))


def elapsed(url: str, cause: Cause, seconds: float = GENEROUS) -> float:
    """Seconds until a request ended with this error."""
    started = time.monotonic()
    with sessions.failing(cause):
        get(url, seconds)
    return time.monotonic() - started


def proxied(*, proxy: str = "", secure: str = "", direct: str = "") -> http.Transport:
    return http.Transport(proxies=Proxies(proxy, secure, direct))


# Deadlines


def test_a_deadline_counts_down():
    deadline = http.Deadline.after(10)
    assert 9 < deadline.left <= 10
    assert not deadline.passed


def test_a_deadline_that_passed_leaves_a_moment_that_can_serve_as_a_timeout():
    deadline = http.Deadline.after(-1)
    assert deadline.passed
    assert 0 < deadline.left < 0.1


# Time


def test_an_ordinary_answer_comes_through():
    with servers.serving(servers.http(body='{"build": "4.6.0"}')) as server:
        assert get(server.url).body == b'{"build": "4.6.0"}'


@pytest.mark.parametrize(
    "answer", [servers.silence, servers.drip_body, servers.drip_head, servers.flood_of_continue]
)
def test_what_does_not_end_is_given_up_at_the_deadline(answer: servers.Answer):
    started = time.monotonic()
    with servers.serving(answer) as server, pytest.raises(errors.ApiError):
        get(server.url, 0.5)
    assert time.monotonic() - started < 2


def test_headers_that_drip_are_waited_for_until_the_deadline_and_no_longer():
    with servers.serving(servers.drip_head) as server:
        took = elapsed(server.url, Cause.TIMEOUT, seconds=0.5)
    assert 0.4 < took < 2


def test_the_deadline_counts_for_all_requests_together():
    with servers.serving(servers.silence) as server:
        deadline, transport = http.Deadline.after(0.5), http.Transport()
        started = time.monotonic()
        for _ in range(2):
            with sessions.failing(Cause.TIMEOUT):
                transport.ask("GET", server.url, deadline)
    assert time.monotonic() - started < 2


def test_after_the_deadline_nothing_is_asked():
    with servers.serving(servers.http()) as server:
        elapsed(server.url, Cause.TIMEOUT, seconds=-1)
        assert server.requests == []


def test_a_name_server_that_never_answers_costs_no_more_than_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
):
    asked, ended = threading.Event(), threading.Event()

    def never(*_: object, **_more: object) -> list[object]:
        asked.set()
        ended.wait(GENEROUS)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", never)
    started = time.monotonic()
    with sessions.failing(Cause.UNRESOLVED, "in time"):
        get("http://gnocchi.example.com", 0.3)
    assert time.monotonic() - started < 2
    assert asked.is_set()
    ended.set()


# Size


def test_an_answer_of_several_mebibytes_is_refused():
    body = b" " * 5 * 1024 * 1024
    with servers.serving(servers.http(body=body)) as server:
        elapsed(server.url, Cause.TOO_LARGE)


def test_an_answer_just_within_the_limit_is_read():
    body = b" " * wire.MAX_BODY
    with servers.serving(servers.http(body=body)) as server:
        assert len(get(server.url).body) == wire.MAX_BODY


def test_an_endless_body_is_refused_long_before_the_deadline():
    with servers.serving(servers.endless_body) as server:
        took = elapsed(server.url, Cause.TOO_LARGE, seconds=60)
    assert took < GENEROUS


def test_a_packed_answer_is_refused_whatever_is_in_it():
    packed = gzip.compress(b" " * 64 * 1024 * 1024)
    with servers.serving(servers.http(body=packed, Content_Encoding="gzip")) as server:
        elapsed(server.url, Cause.NOT_JSON)


def test_packed_answers_are_not_asked_for():
    with servers.serving(servers.http()) as server:
        get(server.url)
        assert b"\r\nAccept-Encoding: identity\r\n" in server.requests[0]


# Connections


def keeping(connection: socket.socket, head: bytes) -> None:
    """Answer every request of a connection."""
    while head:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        head = connection.recv(65536)


def test_several_requests_share_a_connection():
    with servers.serving(keeping) as server, http.Transport() as transport:
        for _ in range(3):
            get(server.url, transport=transport)
        assert server.connections == 1


def test_hosts_do_not_share_connections():
    with (
        servers.serving(keeping) as one,
        servers.serving(keeping) as two,
        http.Transport() as transport,
    ):
        for server in (one, two):
            get(server.url, transport=transport)
        assert (one.connections, two.connections) == (1, 1)


def test_threads_do_not_share_a_connection_at_the_same_time():
    both = threading.Barrier(2, timeout=GENEROUS)

    def together(connection: socket.socket, head: bytes) -> None:
        both.wait()
        keeping(connection, head)

    with servers.serving(together) as server, http.Transport() as transport:
        threads = [
            threading.Thread(target=get, args=(server.url, GENEROUS, transport)) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(GENEROUS)
        assert server.connections == 2


def test_a_connection_that_the_service_closed_is_not_used_again():
    def once(connection: socket.socket, _head: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with servers.serving(once) as server, http.Transport() as transport:
        for _ in range(2):
            assert get(server.url, transport=transport).status == 200
        assert server.connections == 2


def test_a_connection_that_was_idle_for_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http, "LONGEST_IDLE", -1.0)
    with servers.serving(keeping) as server, http.Transport() as transport:
        for _ in range(2):
            get(server.url, transport=transport)
        assert server.connections == 2


def swallowing(connection: socket.socket, _head: bytes) -> None:
    """Answer the first request, and hang up when the second comes."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    connection.recv(65536)


def test_a_read_that_a_kept_connection_swallowed_is_sent_again():
    with servers.serving(swallowing) as server, http.Transport() as transport:
        for _ in range(2):
            assert get(server.url, transport=transport).status == 200
        assert server.connections == 2


def test_what_may_have_been_done_is_not_sent_again():
    with servers.serving(swallowing) as server, http.Transport() as transport:
        get(server.url, transport=transport)
        with sessions.failing(Cause.DROPPED):
            transport.ask("POST", server.url, http.Deadline.after(GENEROUS), body=b"{}")
        assert server.connections == 1


def test_connections_are_closed_with_the_transport():
    with servers.serving(keeping) as server:
        with http.Transport() as transport:
            get(server.url, transport=transport)
        assert server.is_quiet(GENEROUS)


def test_several_requests_share_a_handshake(authority: trustme.CA, ca_pem: str):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with servers.serving(keeping, context) as server, http.Transport([ca_pem]) as transport:
        for _ in range(3):
            get(server.url, transport=transport)
        assert server.connections == 1
        assert list(transport.ends) == [urls.origin(server.url)]


def abrupt(connection: socket.socket, _head: bytes) -> None:
    """An answer whose end is that of the connection, which ends without a word of TLS."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}")


def farewell(connection: socket.socket, head: bytes) -> None:
    """The same with a proper end of TLS."""
    abrupt(connection, head)
    assert isinstance(connection, ssl.SSLSocket)
    connection.unwrap()


@pytest.mark.parametrize("answer", [abrupt, farewell, servers.http(body="{}")])
def test_the_end_of_a_certificate_is_noted_however_the_connection_ends(
    authority: trustme.CA, ca_pem: str, answer: servers.Answer
):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with servers.serving(answer, context) as server, http.Transport([ca_pem]) as transport:
        assert get(server.url, transport=transport).body == b"{}"
        assert list(transport.ends) == [urls.origin(server.url)]


# Redirects


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 306, 307, 308])
def test_a_redirect_is_not_followed(status: int):
    with servers.serving(servers.http()) as elsewhere:
        answer = servers.http(status, Location=f"{elsewhere.url}/stolen")
        with servers.serving(answer) as server:
            assert get(server.url).status == status
        assert elsewhere.requests == []


# Addresses


@pytest.fixture
def name(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Gives addresses to a name, on a machine whose kernel has no IPv6."""

    def give(*addresses: str) -> str:
        def resolve(host: str, port: int, *_more: Any, **_others: Any) -> list[Any]:
            found = addresses if host == NAME else [host]
            families = [9999 if ":" in one else socket.AF_INET for one in found]
            return [
                (family, socket.SOCK_STREAM, 0, "", (one, port))
                for family, one in zip(families, found, strict=True)
            ]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        return NAME

    return give


@pytest.mark.parametrize("addresses", [["169.254.169.254"], ["192.0.2.30", "169.254.0.1"]])
def test_a_name_for_a_link_local_address_gets_no_token(
    name: Callable[..., str], addresses: Sequence[str]
):
    with sessions.failing(Cause.UNSAFE_URL):
        get(f"http://{name(*addresses)}")


def test_a_link_local_address_gets_no_token_through_a_proxy_either():
    with (
        servers.serving(servers.http()) as proxy,
        sessions.failing(Cause.UNSAFE_URL),
    ):
        get("http://169.254.169.254", transport=proxied(proxy=proxy.url))
    assert proxy.requests == []


@pytest.mark.parametrize("other", ["127.0.0.9", "2001:db8::30"])
def test_of_several_addresses_the_first_that_answers_is_taken(
    name: Callable[..., str], other: str
):
    with servers.serving(servers.http()) as server:
        assert get(f"http://{name(other, '127.0.0.1')}:{server.port}").status == 200


# Proxies


def test_without_proxies_a_service_is_asked_directly(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{servers.free_port()}")
    with servers.serving(servers.http()) as server:
        assert get(server.url).status == 200


def test_the_models_proxy_is_asked_for_the_whole_url():
    with servers.serving(servers.http()) as proxy:
        get("http://gnocchi.example.com:8041/v1", transport=proxied(proxy=proxy.url))
        assert proxy.requests[0].startswith(b"GET http://gnocchi.example.com:8041/v1 HTTP/1.1")


def test_a_proxy_may_be_written_without_a_scheme():
    with servers.serving(servers.http()) as proxy:
        get("http://gnocchi.example.com", transport=proxied(proxy=f"127.0.0.1:{proxy.port}"))
        assert len(proxy.requests) == 1


def test_the_proxys_user_logs_in_there():
    with servers.serving(servers.http()) as proxy:
        url = proxy.url.replace("://", "://us%40er:pass@")
        get("http://gnocchi.example.com", transport=proxied(proxy=url))
        assert b"\r\nProxy-Authorization: Basic dXNAZXI6cGFzcw==\r\n" in proxy.requests[0]


def test_the_proxy_for_https_is_asked_for_a_tunnel():
    with servers.serving(servers.http(403)) as proxy:
        with sessions.failing(Cause.UNREACHABLE):
            get("https://gnocchi.example.com:8041/", transport=proxied(secure=proxy.url))
        assert proxy.requests[0].startswith(b"CONNECT gnocchi.example.com:8041 HTTP/1.")


def test_tls_goes_through_the_tunnel(authority: trustme.CA, ca_pem: str):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("gnocchi.example.com").configure_cert(context)
    with (
        servers.serving(servers.http(), context) as server,
        servers.serving(servers.tunnel_to(server.port)) as proxy,
    ):
        transport = http.Transport([ca_pem], Proxies(https=proxy.url))
        assert get(f"https://gnocchi.example.com:{server.port}", transport=transport).status == 200


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:1080", "https://127.0.0.1:1", "http://["])
def test_a_proxy_that_cannot_be_used_is_named(url: str):
    with sessions.failing(Cause.UNREACHABLE, "the URL of the proxy"):
        get("http://gnocchi.example.com", transport=proxied(proxy=url))


@pytest.mark.parametrize(
    "no_proxy", ["127.0.0.1", "127.0.0.0/8", "example.com, 127.0.0.1", "*", "127.0.0.1:{port}"]
)
def test_hosts_in_no_proxy_are_asked_directly(no_proxy: str):
    with servers.serving(servers.http()) as proxy, servers.serving(servers.http()) as server:
        direct = no_proxy.format(port=server.port)
        get(server.url, transport=proxied(proxy=proxy.url, direct=direct))
        assert proxy.requests == []
        assert len(server.requests) == 1


def test_hosts_that_no_proxy_does_not_name_go_through_the_proxy():
    with servers.serving(servers.http()) as proxy, servers.serving(servers.http()) as server:
        get(server.url, transport=proxied(proxy=proxy.url, direct="192.0.2.0/24"))
        assert server.requests == []


# What is not ours


def test_passwords_of_the_users_home_are_not_sent(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
):
    home = tmp_path_factory.mktemp("home")
    (home / ".netrc").write_text("machine 127.0.0.1 login admin password stolen\n")
    (home / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(home))
    with servers.serving(servers.http()) as server:
        get(server.url)
        assert b"authorization" not in server.requests[0].lower()


def test_cookies_are_not_kept():
    with servers.serving(servers.http(Set_Cookie="a=b")) as server, http.Transport() as transport:
        for _ in range(2):
            get(server.url, transport=transport)
        assert not any(b"ookie" in request for request in server.requests)


def test_a_request_is_logged_without_its_query_and_headers(caplog: pytest.LogCaptureFixture):
    caplog.set_level("DEBUG", "coordinator.openstack.http")
    with servers.serving(servers.http()) as server:
        http.Transport().ask(
            "GET",
            f"{server.url}/v1?token=s3cret",
            http.Deadline.after(GENEROUS),
            {"X-Auth-Token": "s3cret"},
        )
        assert caplog.messages == [f"GET {server.url}/v1"]
