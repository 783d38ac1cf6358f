"""Every way in which a request fails, made to happen on loopback and told apart."""

import contextlib
import dataclasses
import datetime
import errno
import gzip
import json
import ssl
import time
from collections.abc import Generator
from typing import Any

import pytest
import trustme

from coordinator.checks import gnocchi
from coordinator.openstack import client as openstack_client
from coordinator.openstack import errors
from coordinator.openstack.errors import ApiFault
from coordinator.openstack.proxies import Proxies
from coordinator.report.finding import Cause
from tests.unit import servers, sessions

SECONDS = 2.0
"""Budget of a request."""

URL = "http://192.0.2.30:8041"
DIRECT = Proxies()
DAY = datetime.timedelta(days=1)


@dataclasses.dataclass(frozen=True)
class Client:
    """Asks services as the checks do, with a token at hand."""

    seconds: float = SECONDS
    trusted: tuple[str, ...] = ()
    proxies: Proxies = DIRECT

    def service(self, url: str) -> openstack_client.Service:
        cloud = sessions.cloud(self.seconds, self.trusted, self.proxies)
        return openstack_client.Service(cloud, url)

    def read(self, url: str) -> None:
        gnocchi.GnocchiCheck().read(self.service(url))

    def discover(self, url: str) -> None:
        self.service(url).versions()

    def write(self, url: str) -> None:
        self.service(url).post("/v1/metric", {})

    def fault(self, url: str, ask: Any = read) -> ApiFault:
        """The fault of a request that must fail, inside its time."""
        started = time.monotonic()
        try:
            ask(self, url)
        except Exception as error:  # noqa: BLE001 - as every check is asked
            found = errors.explain(error, url)
        else:
            pytest.fail("the service answered well")
        assert time.monotonic() - started < self.seconds + 1
        assert "token" not in found.text.replace("refuses the token", "")
        return found


def fault_of(
    answer: servers.Answer, client: Client | None = None, ask: Any = Client.read
) -> ApiFault:
    with servers.serving(answer) as server:
        return (client or Client()).fault(server.url, ask)


# Network


def test_a_closed_port():
    url = f"http://127.0.0.1:{servers.free_port()}"
    assert Client().fault(url) == ApiFault(Cause.REFUSED, f"refused the connection at {url}")


def test_a_name_that_does_not_resolve():
    found = Client(seconds=10).fault("http://gnocchi.invalid:8041")
    assert found.cause is Cause.UNRESOLVED


@pytest.mark.parametrize("answer", [servers.silence, servers.drip_body])
def test_a_service_that_does_not_finish_its_answer(answer: servers.Answer):
    found = fault_of(answer, Client(seconds=0.5))
    assert found.cause is Cause.TIMEOUT
    assert found.text.startswith("did not answer in time at http://127.0.0.1:")


def test_a_service_that_hangs_up():
    assert fault_of(servers.hang_up).cause is Cause.DROPPED


@pytest.mark.parametrize("answer", [servers.truncated_body, servers.short_body])
@pytest.mark.parametrize("ask", [Client.read, Client.discover])
def test_a_service_that_hangs_up_in_the_middle_of_its_answer(answer: servers.Answer, ask: Any):
    assert fault_of(answer, ask=ask).cause is Cause.DROPPED


def test_a_service_that_speaks_another_protocol():
    assert fault_of(servers.rubbish).cause is Cause.DROPPED


@pytest.mark.parametrize("number", [errno.EHOSTUNREACH, errno.ENETUNREACH])
def test_a_host_without_a_route(number: int):
    found = errors.explain(errors.of_exception(OSError(number, "no route")), URL)
    assert found == ApiFault(Cause.UNREACHABLE, f"cannot be reached at {URL}")


def test_a_proxy_that_is_down_is_not_called_the_services_fault():
    proxies = Proxies(http=f"http://127.0.0.1:{servers.free_port()}")
    found = Client(proxies=proxies).fault(URL)
    assert found == ApiFault(Cause.UNREACHABLE, f"cannot be reached through the proxy at {URL}")


def test_a_proxy_that_opens_no_tunnel():
    with servers.serving(servers.http(403)) as proxy:
        found = Client(proxies=Proxies(https=proxy.url)).fault("https://192.0.2.30:8041")
    assert found.cause is Cause.UNREACHABLE
    assert "through the proxy" in found.text


# HTTP


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (400, Cause.HTTP_ERROR),
        (401, Cause.UNAUTHORIZED),
        (403, Cause.FORBIDDEN),
        (404, Cause.NOT_FOUND),
        (409, Cause.HTTP_ERROR),
        (500, Cause.SERVER_ERROR),
        (502, Cause.SERVER_ERROR),
        (503, Cause.SERVER_ERROR),
        (599, Cause.SERVER_ERROR),
    ],
)
def test_an_http_status(status: int, cause: Cause):
    found = fault_of(servers.http(status, "<html>no</html>", "text/html"))
    assert found.cause is cause
    assert f" {status}" in found.text


def test_a_redirect():
    found = fault_of(servers.http(302, Location="https://user:pw@example.com/login?next=x"))
    assert found.cause is Cause.REDIRECTED
    words = "redirects to 'https://example.com' (HTTP 302) at http://127.0.0.1:"
    assert found.text.startswith(words)


@pytest.mark.parametrize("location", ["/login", "//example.com/login"])
def test_a_relative_redirect_is_shown_as_a_whole_url(location: str):
    with servers.serving(servers.http(302, Location=location)) as server:
        host = "http://example.com" if location.startswith("//") else server.url
        found = Client().fault(server.url)
    assert found.text.startswith(f"redirects to '{host}' (HTTP 302) at ")


@pytest.mark.parametrize("location", ["", "file:///etc/passwd", "http://[", "javascript:1"])
def test_a_redirect_to_no_web_address_is_one_all_the_same(location: str):
    found = fault_of(servers.http(302, Location=location))
    assert found.cause is Cause.REDIRECTED
    assert found.text.startswith("redirects without a usable address (HTTP 302) at ")


@pytest.mark.parametrize(
    ("ask", "deed"), [(Client.read, "read"), (Client.write, "write")], ids=["read", "write"]
)
def test_what_the_user_may_not_do_is_named(ask: Any, deed: str):
    found = fault_of(servers.http(403), ask=ask)
    assert found.text.startswith(f"forbids this user to {deed} (HTTP 403) at ")


def test_a_path_that_the_service_does_not_know_is_the_catalogs_fault():
    with servers.serving(servers.http(404)) as server:
        found = Client().fault(server.url)
        text = f"returned 404 for a path of its API at {server.url}: wrong URL in the catalog?"
        assert found == ApiFault(Cause.NOT_FOUND, text)


@pytest.mark.parametrize("body", ["[" * 200_000, '{"a":' * 200_000])
@pytest.mark.parametrize("ask", [Client.read, Client.discover])
def test_json_that_is_nested_without_end(body: str, ask: Any):
    assert fault_of(servers.http(body=body), ask=ask).cause is Cause.NOT_JSON


IMPOSSIBLE = [f"http://{'a' * 64}.example.com:8041", "http://a..example.com:8041"]


@pytest.mark.parametrize("url", [*IMPOSSIBLE, "http://\u2603\u0378.example.com:8041"])
@pytest.mark.parametrize("ask", [Client.read, Client.discover])
def test_an_address_that_no_host_can_have(url: str, ask: Any):
    found = Client().fault(url, ask)
    assert found.cause is Cause.BAD_URL
    assert found.text.startswith("has an address that no host can have: http://")


@pytest.mark.parametrize("body", ["<html>It works!</html>", "", "{", b"\xff\xfe"])
def test_a_read_that_brings_no_json(body: str | bytes):
    assert fault_of(servers.http(body=body, kind="text/html")).cause is Cause.NOT_JSON


BAD_ERRORS = [{"errors": [5]}, {"errors": 5}, {"error": 5}, {"message": 5}, [5], 5, None]


@pytest.mark.parametrize("body", BAD_ERRORS, ids=json.dumps)
@pytest.mark.parametrize("ask", [Client.read, Client.discover])
def test_a_server_error_is_one_whatever_its_body(body: Any, ask: Any):
    found = fault_of(servers.http(500, json.dumps(body)), ask=ask)
    assert found.cause is Cause.SERVER_ERROR
    assert "HTTP 500" in found.text


@pytest.mark.parametrize("ask", [Client.read, Client.discover])
def test_a_compressed_answer_which_nobody_asked_for(ask: Any):
    answer = servers.http(body=gzip.compress(b"{}"), Content_Encoding="gzip")
    assert fault_of(answer, ask=ask).cause is Cause.NOT_JSON


@pytest.mark.parametrize(
    "body", ["<html>It works!</html>", "", "{}", "[]", "null", "5", '"x"', '{"versions": 5}']
)
def test_an_endpoint_that_offers_no_versions(body: str):
    found = fault_of(servers.http(body=body), ask=Client.discover)
    assert found.cause is Cause.NOT_JSON


@pytest.mark.parametrize("body", ["{}", "null", "5", '["generic"]', '[{"state": "active"}]'])
def test_json_that_the_service_would_not_give(body: str):
    assert fault_of(servers.http(body=body)).cause is Cause.UNEXPECTED


@pytest.mark.parametrize(
    "answer", [servers.endless_body, servers.http(body=b" " * 5 * 1024 * 1024)]
)
def test_an_answer_that_is_too_large(answer: servers.Answer):
    found = fault_of(answer)
    assert found.cause is Cause.TOO_LARGE
    assert found.text.startswith("answers with more than 4 MiB at ")


# TLS


class Authority:
    """A private certificate authority whose certificate is known, or not."""

    def __init__(self, ca: trustme.CA) -> None:
        self._ca = ca
        self.pem = ca.cert_pem.bytes().decode()

    @contextlib.contextmanager
    def serving(
        self, name: str, lifetime: tuple[datetime.datetime, datetime.datetime] | None = None
    ) -> Generator[servers.Server]:
        since, until = lifetime or (None, None)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate = self._ca.issue_cert(name, not_before=since, not_after=until)
        certificate.configure_cert(context)
        with servers.serving(servers.http(), context) as server:
            yield server


@pytest.fixture
def private_ca(authority: trustme.CA) -> Authority:
    return Authority(authority)


def test_a_certificate_of_a_known_authority_is_trusted(private_ca: Authority):
    with private_ca.serving("127.0.0.1") as server:
        assert Client(trusted=(private_ca.pem,)).service(server.url).get("/") == {}


def test_a_certificate_of_an_unknown_authority(private_ca: Authority):
    with private_ca.serving("127.0.0.1") as server:
        assert Client().fault(server.url).cause is Cause.TLS_UNTRUSTED


def test_an_expired_certificate(private_ca: Authority):
    now = datetime.datetime.now(datetime.timezone.utc)
    with private_ca.serving("127.0.0.1", (now - 9 * DAY, now - DAY)) as server:
        found = Client(trusted=(private_ca.pem,)).fault(server.url)
    assert found.cause is Cause.TLS_EXPIRED


def test_a_certificate_that_is_not_valid_yet(private_ca: Authority):
    now = datetime.datetime.now(datetime.timezone.utc)
    with private_ca.serving("127.0.0.1", (now + DAY, now + 9 * DAY)) as server:
        found = Client(trusted=(private_ca.pem,)).fault(server.url)
    assert found.cause is Cause.TLS_EXPIRED
    assert "not valid yet (or a clock is wrong)" in found.text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_certificate_for_another_host(private_ca: Authority, host: str):
    with private_ca.serving("gnocchi.example.com") as server:
        url = f"https://{host}:{server.port}"
        found = Client(trusted=(private_ca.pem,)).fault(url)
    assert found.cause is Cause.TLS_WRONG_HOST


def test_plain_http_where_tls_is_expected():
    with servers.serving(servers.http()) as server:
        found = Client().fault(server.url.replace("http:", "https:"))
    assert found.cause is Cause.TLS_ERROR


def test_tls_where_plain_http_is_expected(private_ca: Authority):
    with private_ca.serving("127.0.0.1") as server:
        found = Client().fault(server.url.replace("https:", "http:"))
    assert found.cause is Cause.DROPPED


def test_a_server_that_hangs_in_the_tls_handshake():
    with servers.serving(servers.silence) as server:
        found = Client(seconds=0.5).fault(server.url.replace("http:", "https:"))
    assert found.cause is Cause.TIMEOUT


# What is said


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://192.0.2.30:8041/", "http://192.0.2.30:8041"),
        ("http://user:secret@192.0.2.30:8041/v1?token=x#y", "http://192.0.2.30:8041/v1"),
        ("http://[2001:db8::30]:8041", "http://[2001:db8::30]:8041"),
        ("http://[2001:db8::30", "a malformed URL"),
        ("http://192.0.2.30:8041/\x00\x1b[31m", "http://192.0.2.30:8041/??[31m"),
        ("http://192.0.2.30\ud800:8041", "http://192.0.2.30?:8041"),
        ("http://user:pa/ss@192.0.2.30/", "a malformed URL"),
        ("http://user:12#34@192.0.2.30/", "a malformed URL"),
        ("http:/user:secret@192.0.2.30/", "a malformed URL"),
        ("http://a;curl$(id)|sh/`x`", "http://a?curl??id??sh/?x?"),
    ],
)
def test_urls_are_shown_without_secrets(url: str, text: str):
    assert errors.shown(url) == text


def test_an_exception_that_nobody_expected_is_named_but_not_quoted():
    found = errors.explain(KeyError("s3cret"), URL)
    assert found == ApiFault(Cause.INTERNAL, f"could not be asked at {URL} (KeyError)")


def test_an_exception_that_nobody_expected_is_logged_in_plain_text(
    caplog: pytest.LogCaptureFixture,
):
    errors.explain(KeyError("odd\x1b[31m\nthing"), URL)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage() == f"unexpected at {URL}: KeyError"


def test_an_expected_exception_is_not_logged(caplog: pytest.LogCaptureFixture):
    errors.explain(errors.ApiError(Cause.UNREACHABLE), URL)
    assert caplog.records == []
