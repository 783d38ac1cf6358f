"""The fault matrix: each fault of a service, at its endpoint and at its read.

Each costs the right finding inside the budget, leaks nothing, and is never an internal error:
`cloud.verify` holds every verification to that.
"""

from __future__ import annotations

import datetime
import socket
import ssl
from collections.abc import Callable, Iterable

import pytest
import trustme

from coordinator.report.finding import Cause, Severity
from coordinator.report.report import Report
from tests.reliability import cloud
from tests.support import http_faults
from tests.support.http_faults import Fault
from tests.unit import servers

VERSIONS = http_faults.body('{"versions": [{"id": "v1.0", "status": "CURRENT", "links": []}]}')
TYPES = http_faults.body('[{"name": "generic", "attributes": {}, "state": "active"}]')
DAY = datetime.timedelta(days=1)


def gnocchi(endpoint: servers.Answer = VERSIONS, read: servers.Answer = TYPES) -> servers.Answer:
    """A Gnocchi that answers one thing at its root and another elsewhere."""

    def answer(connection: socket.socket, head: bytes) -> None:
        (endpoint if head.startswith(b"GET / ") else read)(connection, head)

    return answer


STEPS: dict[str, Callable[[servers.Answer], servers.Answer]] = {
    "endpoint": lambda answer: gnocchi(endpoint=answer),
    "read": lambda answer: gnocchi(read=answer),
}


def budget_for(causes: Iterable[Cause]) -> float:
    return cloud.SHORT if set(causes) == {Cause.TIMEOUT} else cloud.BUDGET


def verified(answer: servers.Answer, budget: float = cloud.BUDGET) -> Report:
    with (
        servers.serving(answer) as service,
        servers.serving(cloud.keystone(cloud.catalog(service.url))) as keystone,
    ):
        return cloud.verify(keystone.url, budget=budget)


def test_a_cloud_that_is_well_has_no_fault():
    report = verified(gnocchi())
    assert report.answers("metric")


def test_there_are_about_sixty_faults():
    assert len(http_faults.FAULTS) >= 60
    assert len({fault.name for fault in http_faults.FAULTS}) == len(http_faults.FAULTS)


@pytest.mark.parametrize("fault", http_faults.FAULTS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("step", STEPS)
def test_a_fault_has_its_cause(step: str, fault: Fault):
    answer, budget = STEPS[step](fault.answer), budget_for(fault.causes)
    found = cloud.fault_of(verified(answer, budget))
    assert found.cause in fault.causes, found
    # who runs out of time is told at the first step that was not ended
    assert found.question == step or found.cause is Cause.TIMEOUT


@pytest.mark.parametrize("header", http_faults.HARMLESS_HEADERS)
@pytest.mark.parametrize("step", STEPS)
def test_an_odd_header_does_no_harm(step: str, header: str):
    content = '{"versions": [{"id": "v1.0"}]}' if step == "endpoint" else "[]"
    more = http_faults.HARMLESS_HEADERS[header]
    report = verified(STEPS[step](http_faults.body(content, more=more)))
    assert report.answers("metric")


def test_a_slow_service_is_waited_for():
    def slow(connection: socket.socket, head: bytes) -> None:
        connection.settimeout(0.2)
        try:
            connection.recv(1)
        except TimeoutError:
            TYPES(connection, head)

    assert verified(gnocchi(read=slow)).answers("metric")


def test_a_service_that_is_stopped_refuses():
    url = f"http://127.0.0.1:{servers.free_port()}"
    with servers.serving(cloud.keystone(cloud.catalog(url))) as keystone:
        assert cloud.fault_of(cloud.verify(keystone.url)).cause is Cause.REFUSED


def test_a_redirect_gets_neither_password_nor_token():
    with servers.serving(servers.http()) as elsewhere:
        for number in (301, 302, 303, 305, 307, 308):
            sent = http_faults.redirect(number, f"{elsewhere.url}/stolen")
            with servers.serving(sent) as keystone:
                report = cloud.verify(keystone.url)
            assert report.findings[0].cause is Cause.REDIRECTED
            verified(gnocchi(read=sent))
        assert elsewhere.connections == 0


# TLS


def leaf(
    authority: trustme.CA,
    host: str = "127.0.0.1",
    since: datetime.datetime | None = None,
    until: datetime.datetime | None = None,
) -> ssl.SSLContext:
    """What a server needs to show a certificate of an authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host, not_before=since, not_after=until).configure_cert(context)
    return context


def fault_with(context: ssl.SSLContext, ca: str) -> Cause | None:
    with (
        servers.serving(gnocchi(), context) as service,
        servers.serving(cloud.keystone(cloud.catalog(service.url))) as keystone,
    ):
        return cloud.fault_of(cloud.verify(keystone.url, {"vault/0": ca})).cause


@pytest.mark.parametrize(
    ("days", "host", "cause"),
    [
        ((-9, -1), "127.0.0.1", Cause.TLS_EXPIRED),
        ((1, 9), "127.0.0.1", Cause.TLS_EXPIRED),
        ((-1, 9), "elsewhere.example.com", Cause.TLS_WRONG_HOST),
    ],
    ids=["expired", "not yet valid", "of another host"],
)
def test_a_certificate_has_its_fault(days: tuple[int, int], host: str, cause: Cause):
    authority, now = trustme.CA(), datetime.datetime.now(datetime.timezone.utc)
    since, until = (now + number * DAY for number in days)
    ca = authority.cert_pem.bytes().decode()
    assert fault_with(leaf(authority, host, since, until), ca) is cause


def test_a_certificate_of_an_authority_that_nobody_trusts():
    trusted = trustme.CA().cert_pem.bytes().decode()
    assert fault_with(leaf(trustme.CA()), trusted) is Cause.TLS_UNTRUSTED


def raw(answer: servers.Answer, budget: float) -> Cause | None:
    """The fault of a service that answers to the first bytes of a TLS handshake."""
    with servers.serving(answer) as service:
        url = service.url.replace("http:", "https:")
        with servers.serving(cloud.keystone(cloud.catalog(url))) as keystone:
            return cloud.fault_of(cloud.verify(keystone.url, budget=budget)).cause


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (http_faults.freeze, Cause.TIMEOUT),
        (http_faults.endlessly("\x16\x03\x03\x40", b"\x01", 0.05), Cause.TIMEOUT),
        (http_faults.reset, Cause.DROPPED),
        (http_faults.sending("HTTP/1.1 400 Bad Request\r\n\r\n"), Cause.TLS_ERROR),
    ],
    ids=["never ends", "drips", "is reset", "is plain HTTP"],
)
def test_a_handshake_has_its_fault(answer: servers.Answer, cause: Cause):
    assert raw(answer, budget_for([cause])) is cause


@pytest.mark.parametrize("fault", http_faults.NETWORK, ids=lambda fault: fault.name)
def test_a_broken_connection_is_one_behind_tls_as_well(fault: Fault, authority: trustme.CA):
    ca = authority.cert_pem.bytes().decode()
    with (
        servers.serving(gnocchi(read=fault.answer), leaf(authority)) as service,
        servers.serving(cloud.keystone(cloud.catalog(service.url))) as keystone,
    ):
        report = cloud.verify(keystone.url, {"vault/0": ca}, budget_for(fault.causes))
    found = cloud.fault_of(report)
    assert found.cause in fault.causes, found
    assert found.severity is Severity.FAILED
