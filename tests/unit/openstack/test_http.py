"""The bounds of a request, against real servers on loopback."""

import gzip
import threading
import time

import pytest
import requests

from coordinator.openstack import http
from coordinator.openstack.proxies import Proxies
from tests.unit import servers

DIRECT = Proxies()
GENEROUS = 5.0
"""Seconds in which a bounded request has ended, on a busy machine too."""


def open_session(seconds: float = GENEROUS, proxies: Proxies = DIRECT) -> requests.Session:
    return http.open_session(http.Deadline.after(seconds), proxies)


def elapsed(session: requests.Session, url: str, error: type[Exception]) -> float:
    """Seconds until a request ended with this error."""
    started = time.monotonic()
    with pytest.raises(error):
        session.get(url)
    return time.monotonic() - started


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
        assert open_session().get(server.url).json() == {"build": "4.6.0"}


def test_a_service_that_never_answers_is_given_up_at_the_deadline():
    with servers.serving(servers.silence) as server:
        took = elapsed(open_session(0.5), server.url, requests.exceptions.Timeout)
    assert 0.4 < took < 2


def test_a_body_that_drips_is_given_up_at_the_deadline():
    with servers.serving(servers.drip_body) as server:
        took = elapsed(open_session(0.5), server.url, requests.exceptions.Timeout)
    assert 0.4 < took < 2


def test_the_deadline_counts_for_all_requests_of_a_session_together():
    with servers.serving(servers.silence) as server:
        session = open_session(0.5)
        first = elapsed(session, server.url, requests.exceptions.Timeout)
        second = elapsed(session, server.url, requests.exceptions.Timeout)
    assert first + second < 2


def test_after_the_deadline_nothing_is_asked():
    with servers.serving(servers.http()) as server:
        elapsed(open_session(-1), server.url, requests.exceptions.Timeout)
        assert server.requests == []


# Size


def test_an_answer_of_several_mebibytes_is_refused():
    body = b" " * 5 * 1024 * 1024
    with servers.serving(servers.http(body=body)) as server:
        elapsed(open_session(), server.url, http.AnswerTooLarge)


def test_an_answer_just_within_the_limit_is_read():
    body = b" " * (http.MAX_BODY - 2) + b"{}"
    with servers.serving(servers.http(body=body)) as server:
        assert open_session().get(server.url).json() == {}


def test_an_endless_body_is_refused_long_before_the_deadline():
    with servers.serving(servers.endless_body) as server:
        took = elapsed(open_session(60), server.url, http.AnswerTooLarge)
    assert took < GENEROUS


def test_a_small_answer_that_unpacks_to_a_large_one_is_refused():
    packed = gzip.compress(b" " * 64 * 1024 * 1024)
    with servers.serving(servers.http(body=packed, Content_Encoding="gzip")) as server:
        elapsed(open_session(), server.url, http.AnswerTooLarge)


def test_a_packed_answer_is_unpacked():
    packed = gzip.compress(b"[1]")
    with servers.serving(servers.http(body=packed, Content_Encoding="gzip")) as server:
        assert open_session().get(server.url).json() == [1]


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int):
    with servers.serving(servers.http()) as elsewhere:
        answer = servers.http(status, Location=f"{elsewhere.url}/stolen")
        with servers.serving(answer) as server, pytest.raises(http.Redirected) as raised:
            open_session().get(server.url, headers={"X-Auth-Token": "secret"})
        assert raised.value.target == f"{elsewhere.url}/stolen"
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("location", "path"),
    [("/login", "/login"), ("login", "/v1/login"), ("?next=x", "/v1/x?next=x")],
)
def test_the_target_of_a_relative_redirect_is_a_whole_url(location: str, path: str):
    with servers.serving(servers.http(302, Location=location)) as server:
        with pytest.raises(http.Redirected) as raised:
            open_session().get(f"{server.url}/v1/x")
        assert raised.value.target == f"{server.url}{path}"


# Proxies


def test_without_proxies_a_service_is_asked_directly(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{servers.free_port()}")
    with servers.serving(servers.http()) as server:
        assert open_session().get(server.url).ok


def test_the_models_proxy_is_asked_for_the_whole_url():
    with servers.serving(servers.http()) as proxy:
        session = open_session(proxies=Proxies(http=proxy.url))
        assert session.get("http://gnocchi.example.com:8041/v1").ok
        assert proxy.requests[0].startswith(b"GET http://gnocchi.example.com:8041/v1 HTTP/1.1")


def test_the_proxy_for_https_is_asked_for_a_tunnel():
    with servers.serving(servers.http(403)) as proxy:
        session = open_session(proxies=Proxies(https=proxy.url))
        elapsed(session, "https://gnocchi.example.com:8041/", requests.exceptions.ProxyError)
        assert proxy.requests[0].startswith(b"CONNECT gnocchi.example.com:8041 HTTP/1.")


@pytest.mark.parametrize("no_proxy", ["127.0.0.1", "127.0.0.0/8", "example.com,127.0.0.1", "*"])
def test_hosts_in_no_proxy_are_asked_directly(no_proxy: str):
    with servers.serving(servers.http()) as proxy, servers.serving(servers.http()) as server:
        session = open_session(proxies=Proxies(http=proxy.url, no_proxy=no_proxy))
        assert session.get(server.url).ok
        assert proxy.requests == []
        assert len(server.requests) == 1


def test_hosts_that_no_proxy_does_not_name_go_through_the_proxy():
    with servers.serving(servers.http()) as proxy, servers.serving(servers.http()) as server:
        session = open_session(proxies=Proxies(http=proxy.url, no_proxy="192.0.2.0/24"))
        assert session.get(server.url).ok
        assert server.requests == []


def test_threads_that_ask_at_once_do_not_disturb_each_other(monkeypatch: pytest.MonkeyPatch):
    # requests changes os.environ while it looks at no_proxy
    monkeypatch.delenv("no_proxy", raising=False)
    proxies = Proxies(http="http://192.0.2.9:3128")
    errors: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(300):
                http._proxies_for("http://192.0.2.30:8041/", proxies)
        except Exception as error:  # noqa: BLE001 - handed to the test
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert errors == []


# What is not ours


def test_passwords_of_the_users_home_are_not_sent(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
):
    home = tmp_path_factory.mktemp("home")
    (home / ".netrc").write_text("machine 127.0.0.1 login admin password stolen\n")
    (home / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(home))
    with servers.serving(servers.http()) as server:
        open_session().get(server.url)
        assert b"authorization" not in server.requests[0].lower()
