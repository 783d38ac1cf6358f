"""Tokens, sessions and services, on small servers of loopback."""

import json
import socket
import threading
from collections.abc import Callable

import msgspec
import pytest

from coordinator.openstack import client, http
from coordinator.openstack.client import Service
from coordinator.report.finding import Cause
from tests.unit import reports, servers, sessions

PASSED = http.Deadline.after(-1)


def target(head: bytes) -> str:
    return head.split()[1].decode()


def keystone(**changes: object) -> servers.Answer:
    """A Keystone that gives the tokens t1, t2, …"""
    token = {"catalog": [], "expires_at": "2100-01-01T00:00:00Z", **changes}
    number = iter(range(1, 100))

    def answer(connection: socket.socket, head: bytes) -> None:
        body = json.dumps({"token": token})
        servers.http(201, body, X_Subject_Token=f"t{next(number)}")(connection, head)

    return answer


def connect(url: str) -> client.Cloud:
    credentials = msgspec.structs.replace(reports.CREDENTIALS, auth_url=f"{url}/v3")
    return client.connect(credentials, http.Transport(), http.Deadline.after(3))


# Tokens


def test_a_token_is_one_request():
    bodies: list[bytes] = []

    def answer(connection: socket.socket, head: bytes) -> None:
        bodies.append(head.partition(b"\r\n\r\n")[2])
        keystone()(connection, head)

    with servers.serving(answer) as server:
        cloud = connect(server.url)
        assert [target(head) for head in server.requests] == ["/v3/auth/tokens"]
    assert cloud.login.token == "t1"
    auth = json.loads(bodies[0])["auth"]
    assert auth["scope"]["project"] == {"name": "services", "domain": {"name": "service_domain"}}
    assert auth["identity"]["password"]["user"] == {
        "name": "telemetry-coordinator",
        "domain": {"name": "service_domain"},
        "password": reports.CREDENTIALS.password,
    }


@pytest.mark.parametrize("at", ["2100-01-01T00:00:00Z", "2100-01-01T00:00:00.000000Z"])
def test_the_end_of_a_token_is_read_as_keystone_writes_it(at: str):
    with servers.serving(keystone(expires_at=at)) as server:
        assert connect(server.url).entries == ()


def refusing(*tokens: bytes) -> servers.Answer:
    """A service that does not take these tokens."""

    def answer(connection: socket.socket, head: bytes) -> None:
        refused = any(b"X-Auth-Token: " + token + b"\r\n" in head for token in tokens)
        servers.http(401 if refused else 200)(connection, head)

    return answer


def test_a_token_that_is_refused_is_renewed():
    with servers.serving(keystone()) as identity, servers.serving(refusing(b"t1")) as server:
        cloud = connect(identity.url)
        assert Service(cloud, server.url).get("/v1") == {}
        assert cloud.login.token == "t2"


def test_a_token_is_renewed_only_once():
    with (
        servers.serving(keystone()) as identity,
        servers.serving(refusing(b"t1", b"t2")) as server,
    ):
        service = Service(connect(identity.url), server.url)
        with sessions.failing(Cause.UNAUTHORIZED):
            service.get("/v1")
        assert (identity.connections, server.connections) == (2, 2)


def test_a_keystone_that_went_away_is_not_blamed_on_the_service():
    with servers.serving(refusing(b"t1")) as server:
        with servers.serving(keystone()) as identity:
            cloud = connect(identity.url)
        with sessions.failing(Cause.UNAUTHORIZED):
            Service(cloud, server.url).get("/v1")


def test_several_threads_renew_a_token_together():
    renewed: list[int] = []

    def renew(_deadline: http.Deadline) -> str:
        renewed.append(1)
        return "new"

    login = client.Login("old", renew)
    threads = [threading.Thread(target=login.renew, args=("old", PASSED)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert (login.token, len(renewed)) == ("new", 1)


def test_a_token_that_is_the_only_one_is_not_tried_again():
    with (
        servers.serving(servers.http(401)) as server,
        sessions.failing(Cause.UNAUTHORIZED),
    ):
        Service(sessions.cloud(), server.url).get("/v1")


def test_a_cloud_goes_on_with_another_deadline():
    with servers.serving(servers.http()) as server:
        cloud = sessions.cloud(seconds=-1)
        with sessions.failing(Cause.TIMEOUT):
            Service(cloud, server.url).get("/v1")
        assert Service(cloud.until(http.Deadline.after(5)), server.url).get("/v1") == {}


# What a service says of itself

VERSIONS = {"versions": [{"id": "v1.0"}, {"id": "v1.1"}]}


@pytest.mark.parametrize(
    ("document", "versions"),
    [
        (VERSIONS, ("v1.0", "v1.1")),
        ({"versions": {"values": [{"id": "v3.14"}]}}, ("v3.14",)),
        ({"version": {"id": "v2"}}, ("v2",)),
    ],
)
@pytest.mark.parametrize("status", [200, 300])
def test_versions_are_read_in_every_form(document: object, versions: tuple[str, ...], status: int):
    with servers.serving(servers.http(status, json.dumps(document))) as server:
        assert Service(sessions.cloud(), server.url).versions() == versions
        assert b"X-Auth-Token" not in server.requests[0]


def test_multiple_choices_are_no_answer_to_a_read():
    with (
        servers.serving(servers.http(300, "[]")) as server,
        sessions.failing(Cause.REDIRECTED),
    ):
        Service(sessions.cloud(), server.url).get("/v1")


def test_a_root_that_wants_a_token_gets_it():
    def answer(connection: socket.socket, head: bytes) -> None:
        known = b"X-Auth-Token: token\r\n" in head
        servers.http(200 if known else 401, json.dumps(VERSIONS))(connection, head)

    with servers.serving(answer) as server:
        assert Service(sessions.cloud(), server.url).versions() == ("v1.0", "v1.1")


def test_the_root_is_asked_once():
    with servers.serving(servers.http(body=json.dumps(VERSIONS))) as server:
        cloud = sessions.cloud()
        Service(cloud, f"{server.url}/v1").versions()
        Service(cloud, server.url).until(http.Deadline.after(5)).describe()
        assert server.connections == 1


# Requests


def asked(use: Callable[[Service], object], status: int = 200, body: str = "{}") -> list[str]:
    """Method and target of the requests that a use of a service makes."""
    with servers.serving(servers.http(status, body)) as server:
        use(Service(sessions.cloud(), f"{server.url}/metric/v1"))
        return [" ".join(head.decode().split()[:2]) for head in server.requests]


def test_what_comes_from_elsewhere_is_quoted():
    found = asked(
        lambda service: service.get("/v1/metric", "a/../b?c", "measures", start="-1 min")
    )
    assert found == ["GET /metric/v1/metric/a%2F..%2Fb%3Fc/measures?start=-1+min"]


def test_a_parameter_may_come_several_times():
    found = asked(lambda service: service.search("/v1/search", {}, "generic", sort=["a", "b"]))
    assert found == ["POST /metric/v1/search/generic?sort=a&sort=b"]


def test_a_parameter_that_is_no_text_does_no_harm():
    assert asked(lambda service: service.get("/v1", name="\ud800")) == ["GET /metric/v1?name=%3F"]


@pytest.mark.parametrize("status", [204, 404])
def test_what_is_gone_already_is_removed(status: int):
    found = asked(lambda service: service.delete("/v1/metric", "id"), status, "")
    assert found == ["DELETE /metric/v1/metric/id"]


def test_a_write_without_an_answer_has_none():
    with servers.serving(servers.http(202, "")) as server:
        assert Service(sessions.cloud(), server.url).post("/v1/metric", [], "id") is None


def test_a_search_that_is_forbidden_is_a_read():
    with (
        servers.serving(servers.http(403)) as server,
        sessions.failing(Cause.FORBIDDEN, "to read"),
    ):
        Service(sessions.cloud(), server.url).search("/v1/search", {})


def test_a_text_is_utf_8():
    with servers.serving(servers.http(body="é")) as server:
        assert Service(sessions.cloud(), server.url).text("/v1/secrets", "id", "payload") == "é"
    with (
        servers.serving(servers.http(body=b"\xff")) as server,
        sessions.failing(Cause.NOT_JSON),
    ):
        Service(sessions.cloud(), server.url).text("/v1/secrets", "id", "payload")


def test_after_a_renewal_the_new_token_is_what_is_asked_about():
    with servers.serving(keystone()) as identity, servers.serving(refusing(b"t1")) as server:
        Service(connect(identity.url), server.url).own_token()
        assert b"\r\nX-Subject-Token: t2\r\n" in server.requests[-1]


def test_the_own_token_is_what_is_asked_about():
    with servers.serving(servers.http()) as server:
        Service(sessions.cloud(), f"{server.url}/v3").own_token()
        assert target(server.requests[0]) == "/v3/auth/tokens?nocatalog="
        assert b"\r\nX-Subject-Token: token\r\n" in server.requests[0]
