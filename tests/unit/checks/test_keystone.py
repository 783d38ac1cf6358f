"""What keystone's check makes of one or several sets of credentials, on real servers."""

import socket

import msgspec
import pytest

from coordinator.checks import keystone
from coordinator.checks.base import CheckContext, CheckResult, Subject
from coordinator.openstack import http
from coordinator.openstack.client import Service
from coordinator.openstack.credentials import Credentials
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.remedies import Names
from tests.unit import reports, servers, sessions

SECONDS = 2.0
"""Budget of a verification."""

KEYSTONE = Subject(
    reports.REQUEST.blueprint.systems["keystone"],
    True,
    Names("identity", "keystone", "keystone", "telemetry-coordinator"),
)


def refused(url: str, *passwords: str, seconds: float = SECONDS) -> Finding:
    """The finding where no password gets a token."""
    candidates = [
        msgspec.structs.replace(reports.CREDENTIALS, auth_url=f"{url}/v3", password=password)
        for password in passwords
    ]
    return authenticate(candidates, seconds)


def authenticate(candidates: list[Credentials], seconds: float = SECONDS) -> Finding:
    outcome = keystone.authenticate(
        candidates, http.Transport(), http.Deadline.after(seconds), KEYSTONE
    )
    assert isinstance(outcome, Finding)
    return outcome


def test_credentials_are_called_wrong_only_after_all_were_tried():
    with servers.serving(servers.http(401, '{"error": {"code": 401}}')) as server:
        finding = refused(server.url, "stale", "also-stale")
        assert len(server.requests) == 2
    assert finding.severity is Severity.FAILED
    assert finding.cause is Cause.UNAUTHORIZED
    assert finding.summary == "Keystone refuses the credentials (HTTP 401)"
    assert finding.remedy == (
        "juju remove-relation telemetry-coordinator:identity-credentials keystone"
    )


def refuse_then(answer: servers.Answer) -> servers.Answer:
    """Refuse the password "stale", answer others so."""
    refuse = servers.http(401, '{"error": {"code": 401}}')

    def either(connection: socket.socket, head: bytes) -> None:
        body = head.partition(b"\r\n\r\n")[2] or connection.recv(65536)
        (refuse if b'"stale"' in body else answer)(connection, head)

    return either


@pytest.mark.parametrize("passwords", [("stale", "good"), ("good", "stale")])
def test_another_fault_of_one_candidate_counts_more_than_refused_ones(passwords: tuple[str, str]):
    with servers.serving(refuse_then(servers.http(503))) as server:
        finding = refused(server.url, *passwords)
    assert finding.cause is Cause.SERVER_ERROR


def test_of_several_other_faults_the_first_is_told():
    with servers.serving(servers.http(500)) as one, servers.serving(servers.http(404)) as two:
        candidates = [
            msgspec.structs.replace(reports.CREDENTIALS, auth_url=f"{server.url}/v3")
            for server in (one, two)
        ]
        finding = authenticate(candidates)
    assert finding.cause is Cause.SERVER_ERROR


def test_no_candidate_spends_the_time_of_the_next():
    with servers.serving(servers.silence) as server:
        finding = refused(server.url, "one", "two", seconds=1)
        assert len(server.requests) == 2
    assert finding.cause is Cause.TIMEOUT


def test_a_keystone_that_answers_something_else_is_told():
    with servers.serving(servers.http(200, "<html>It works!</html>", "text/html")) as server:
        assert refused(server.url, "one").cause is Cause.NOT_JSON


@pytest.mark.parametrize(
    "body", ["{}", "[]", "null", "5", '{"token": 5}', '{"token": {"catalog": 5}}']
)
def test_a_keystone_whose_token_is_none_is_no_internal_error(body: str):
    with servers.serving(servers.http(201, body, X_Subject_Token="t")) as server:
        assert refused(server.url, "one").cause is Cause.NOT_JSON


# The validation


def validation(status: int) -> CheckResult:
    with servers.serving(servers.http(status)) as server:
        asked = {"identity": Service(sessions.cloud(), server.url)}
        deadline = http.Deadline.after(SECONDS)
        context = CheckContext(KEYSTONE, asked, reports.REQUEST, deadline)
        return keystone.inspect_validation(context)


@pytest.mark.parametrize("status", [401, 404])
def test_units_of_keystone_with_different_keys_are_told(status: int):
    found = validation(status)
    assert (found.severity, found.cause) == (Severity.DEGRADED, Cause.UNAUTHORIZED)
    assert found.text == "does not accept a token that it issued itself"
    assert found.remedy == "juju exec -a keystone -- ls -l /etc/keystone/fernet-keys"


def test_another_fault_of_a_validation_is_told_as_it_is():
    with sessions.failing(Cause.SERVER_ERROR):
        validation(503)
