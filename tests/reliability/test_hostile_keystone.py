"""A Keystone whose answers are of every wrong shape: findings, never an error of our own."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
import trustme

from coordinator.report.finding import Cause, Severity
from tests.reliability import cloud
from tests.reliability.test_http_faults import gnocchi, leaf
from tests.support import http_faults
from tests.support.http_faults import Fault
from tests.unit import servers

GOOD = cloud.token(cloud.catalog("http://192.0.2.30:8041"))["token"]


def cause_of(answer: servers.Answer, budget: float = cloud.BUDGET) -> Cause | None:
    """Why there was no token."""
    with servers.serving(answer) as keystone:
        finding = cloud.verify(keystone.url, budget=budget).findings[0]
    assert finding.check == "identity.token"
    assert finding.severity is Severity.FAILED
    return finding.cause


@pytest.mark.parametrize("fault", http_faults.FAULTS, ids=lambda fault: fault.name)
def test_a_fault_of_the_token_request_has_its_cause(fault: Fault):
    budget = cloud.SHORT if fault.causes == {Cause.TIMEOUT} else cloud.BUDGET
    assert cause_of(fault.answer, budget) in {*fault.causes}


@pytest.mark.parametrize(
    "token",
    ["", " ", "\t", "to ken", "tok\x7fen", "tok\xe9n", "t" * 20_000],
    ids=["empty", "blank", "tab", "two words", "control", "latin-1", "long"],
)
def test_a_token_that_fits_into_no_header_is_none(token: str):
    answer = servers.http(201, json.dumps({"token": GOOD}), X_Subject_Token=token)
    assert cause_of(answer) is Cause.NOT_JSON


def test_an_answer_without_a_token_is_none():
    assert cause_of(servers.http(201, json.dumps({"token": GOOD}))) is Cause.NOT_JSON


@pytest.mark.parametrize("at", ["", "tomorrow", None, 5, [], {}, "2026-99-99T00:00:00Z", "9" * 99])
def test_an_end_that_cannot_be_read_is_no_token(at: Any):
    body = json.dumps({"token": {**GOOD, "expires_at": at}})
    assert cause_of(servers.http(201, body, X_Subject_Token="t")) is Cause.NOT_JSON


@pytest.mark.parametrize("catalog", [None, 5, "x", {}, {"a": []}, True], ids=repr)
def test_a_catalog_that_is_no_list_is_no_token(catalog: Any):
    assert cause_of(cloud.keystone(catalog)) is Cause.NOT_JSON


def cause_in(catalog: Any) -> Cause | None:
    """The fault of Gnocchi with this catalog."""
    with servers.serving(cloud.keystone(catalog)) as keystone:
        return cloud.fault_of(cloud.verify(keystone.url, budget=cloud.SHORT)).cause


@pytest.mark.parametrize(
    "catalog",
    [
        [],
        [None],
        [5, "x", [], {}],
        [{"type": 5}],
        [{"type": ["metric"]}],
        [{"type": "metric\x00"}],
    ],
    ids=repr,
)
def test_odd_entries_are_passed_over(catalog: Any):
    assert cause_in(catalog) is Cause.NOT_IN_CATALOG


@pytest.mark.parametrize(
    "endpoints", [None, 5, "x", {}, [None], [5], [[]], ["http://192.0.2.30"]], ids=repr
)
def test_odd_endpoints_are_none(endpoints: Any):
    catalog = [{"type": "metric", "name": "gnocchi", "endpoints": endpoints}]
    assert cause_in(catalog) is Cause.NO_INTERFACE


BAD_URLS = [
    None,
    5,
    [],
    {},
    True,
    "",
    " ",
    "gnocchi",
    "//192.0.2.30",
    "ftp://192.0.2.30",
    "file:///etc/passwd",
    "gopher://192.0.2.30",
    "javascript:alert(1)",
    "http:",
    "http://",
    "http:///v1",
    "http://:8041",
    "http://[",
    "http://[::1",
    "http://[zz]:1",
    "http://192.0.2.30:http",
    "http://192.0.2.30:-1",
    "http://192.0.2.30:99999",
    "http://192.0.2.30:0",
    "http://user:secret@192.0.2.30",
    "http://192.0.2.30?x=y",
    "http://192.0.2.30/#x",
    "http://192.0.2.30\\@192.0.2.31",
    "http://192.0.2.30\r\nX-Injected: y",
    "http://192.0.2.30/\x00",
    "http://192.0.2.30/\x1b[31m",
    "http://\ud800.example.com",
    "http://192.0.2.30/%(tenant_id)s",
    "http://$(public_bind_host)s:8041",
    f"http://192.0.2.30/{'a' * 5000}",
    f"http://{'a' * 64}.example.com",
    f"http://{'a.' * 200}example.com",
    "http://a..example.com",
    "http://-a.example.com",
    "http://*.example.com",
    "http://a b.example.com",
    "http://\u2603\u0378.example.com",
]


@pytest.mark.parametrize("url", BAD_URLS, ids=lambda url: repr(url)[:40])
def test_a_url_of_a_wrong_kind_is_malformed(url: Any):
    assert cause_in(cloud.catalog(url)) is Cause.BAD_URL


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.0.1:8041",
        "[fe80::1]",
        "[FEBF::1]:8041",
        "[::ffff:169.254.169.254]",
        "[::ffff:a9fe:a9fe]",
        "[::a9fe:a9fe]",
        "[2002:a9fe:a9fe::1]",
        "[64:ff9b::a9fe:a9fe]",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
        "169.254.43518",
    ],
)
def test_a_link_local_address_gets_no_token(host: str):
    assert cause_in(cloud.catalog(f"http://{host}")) is Cause.UNSAFE_URL


def test_from_https_a_token_does_not_go_to_http_silently():
    authority = trustme.CA()
    ca = authority.cert_pem.bytes().decode()
    with servers.serving(gnocchi()) as service:
        answer = cloud.keystone(cloud.catalog(service.url))
        with servers.serving(answer, leaf(authority)) as keystone:
            report = cloud.verify(keystone.url, {"vault/0": ca})
    finding = cloud.fault_of(report)
    assert finding.check == "metric.catalog"
    assert finding.cause is Cause.UNSAFE_URL
    assert finding.severity is Severity.DEGRADED
    assert "sends the token in clear" in finding.summary
    assert report.answers("metric")


def test_a_catalog_of_10000_services_is_read_in_time():
    others = [
        {"type": f"type-{number}", "name": "x", "endpoints": [{"interface": "public", "url": "x"}]}
        for number in range(10_000)
    ]
    with servers.serving(gnocchi()) as service:
        catalog = [*others, *cloud.catalog(service.url)]
        with servers.serving(cloud.keystone(catalog)) as keystone:
            assert cloud.verify(keystone.url).answers("metric")


def test_a_catalog_of_10000_regions_does_not_flood_the_report():
    endpoints = [
        {"interface": "internal", "region": f"Region{number}", "url": "http://192.0.2.30:8041"}
        for number in range(10_000)
    ]
    catalog = [{"type": "metric", "name": "gnocchi", "endpoints": endpoints}]
    with servers.serving(cloud.keystone(catalog)) as keystone:
        finding = cloud.fault_of(cloud.verify(keystone.url))
    assert finding.cause is Cause.NO_REGION
    assert "and 9995 more" in finding.summary
    assert len(finding.summary) < 300


def test_a_token_that_is_refused_is_renewed_once():
    def read(connection: socket.socket, head: bytes) -> None:
        refused.append(head)
        servers.http(401)(connection, head)

    def identity(connection: socket.socket, head: bytes) -> None:
        body = json.dumps(cloud.token(cloud.catalog(service.url)))
        servers.http(201, body, X_Subject_Token=f"t{keystone.connections}")(connection, head)

    refused: list[bytes] = []
    with (
        servers.serving(gnocchi(read=read)) as service,
        servers.serving(identity) as keystone,
    ):
        finding = cloud.fault_of(cloud.verify(keystone.url))
        assert keystone.connections == 2
    assert finding.cause is Cause.UNAUTHORIZED
    assert [b"X-Auth-Token: t2" in head for head in refused] == [False, True]
