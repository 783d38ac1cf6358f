"""How checks run side by side in one budget; functional tests show them real services."""

import socket
import ssl
import threading
import time
import types
from typing import Any
from unittest import mock

import msgspec
import pytest
import trustme

from coordinator.checks import parallel, runner
from coordinator.checks.memory import CheckMemory
from coordinator.openstack import certificates
from coordinator.openstack.http import Deadline
from coordinator.report.finding import Cause, Severity
from coordinator.request import Request
from tests.unit import clouds, reports, servers

MISSING = "-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----"


def test_results_come_in_the_order_of_their_arrival():
    gates = {name: threading.Event() for name in "abc"}

    def job(name: str) -> str:
        assert gates[name].wait(timeout=5)
        return name.upper()

    jobs = {name: (lambda name=name: job(name)) for name in "abc"}
    results = parallel.side_by_side(jobs, Deadline.after(10))
    for name in "cab":
        gates[name].set()
        assert next(results) == (name, name.upper())
    assert list(results) == []


def test_jobs_run_at_the_same_time():
    barrier = threading.Barrier(4, timeout=5)
    jobs = dict.fromkeys(range(4), barrier.wait)
    assert len(list(parallel.side_by_side(jobs, Deadline.after(10)))) == 4


def test_a_job_that_never_ends_costs_only_itself():
    never = threading.Event()
    started = time.monotonic()
    jobs = {"hangs": never.wait, "works": lambda: True}
    results = dict(parallel.side_by_side(jobs, Deadline.after(0.5)))
    never.set()
    assert results == {"works": True}
    assert 0.4 < time.monotonic() - started < 2


def test_many_jobs_that_never_end_cost_one_deadline_together():
    never = threading.Event()
    started = time.monotonic()
    jobs = dict.fromkeys(range(8), never.wait)
    assert list(parallel.side_by_side(jobs, Deadline.after(0.5))) == []
    never.set()
    assert time.monotonic() - started < 2


def test_a_job_that_never_ends_does_not_keep_the_process():
    never = threading.Event()
    before = set(threading.enumerate())
    list(parallel.side_by_side({"stuck": never.wait}, Deadline.after(0.1)))
    (stuck,) = set(threading.enumerate()) - before
    never.set()
    assert stuck.daemon


def test_no_jobs_take_no_time():
    started = time.monotonic()
    assert list(parallel.side_by_side({}, Deadline.after(10))) == []
    assert time.monotonic() - started < 1


def fail() -> None:
    raise ZeroDivisionError("a fault of the check itself")


def test_what_a_job_raises_is_raised_to_the_reader():
    with pytest.raises(ZeroDivisionError, match="of the check itself"):
        list(parallel.side_by_side({"broken": fail}, Deadline.after(5)))


# Orders


def test_services_are_asked_in_the_order_of_the_blueprint():
    request = msgspec.structs.replace(
        reports.REQUEST, required=("key-manager", "metric"), optional=("infra-optim", "alarming")
    )
    assert request.services == ("metric", "alarming", "key-manager", "infra-optim")


def test_only_certificates_that_can_be_read_are_trusted(ca_pem: str):
    given = {"vault/0": ca_pem, "vault/1": MISSING, "option ssl-ca": "hello"}
    assert msgspec.structs.replace(reports.REQUEST, certificates=given).trusted == (ca_pem,)


# A keystone that gives no token


def request_for(url: str, **changes: object) -> Request:
    credentials = msgspec.structs.replace(reports.CREDENTIALS, auth_url=f"{url}/v3")
    return msgspec.structs.replace(
        reports.REQUEST, **{"credentials": (credentials,), "timeout": 0.7, **changes}
    )


def test_a_keystone_that_drips_its_answers_head_is_given_up_in_time():
    with servers.serving(servers.drip_head) as server:
        started = time.monotonic()
        verified = runner.verify(request_for(server.url))
        assert time.monotonic() - started < 3
    assert verified.credentials is None
    assert verified.report.findings[0].cause is Cause.TIMEOUT


def test_without_a_token_services_are_skipped_not_failed():
    url = f"http://127.0.0.1:{servers.free_port()}"
    lines: list[str] = []
    verified = runner.verify(request_for(url), progress=lines.append)
    report = verified.report
    assert [finding.cause for finding in report.having(Severity.FAILED)] == [Cause.REFUSED]
    assert {f.service for f in report.having(Severity.SKIPPED)} == set(reports.REQUEST.services)
    assert {f.cause for f in report.having(Severity.SKIPPED)} == {Cause.NOT_ASKED}
    assert report.resource_types is None
    assert lines[0].startswith("[failed] Keystone refused the connection")


def test_a_certificate_that_cannot_be_read_is_told_with_its_source():
    url = f"http://127.0.0.1:{servers.free_port()}"
    verified = runner.verify(request_for(url, certificates={"vault/0": MISSING}))
    (doubt,) = verified.report.having(Severity.DEGRADED)
    assert doubt.check == "trust.certificates"
    assert doubt.cause is Cause.BAD_CERTIFICATE
    assert "from vault/0 is not used" in doubt.summary
    assert doubt.remedy == "juju status vault"


def test_a_transfer_that_cannot_be_read_is_told_with_its_application():
    url = f"http://127.0.0.1:{servers.free_port()}"
    verified = runner.verify(request_for(url, certificates={"vault-k8s (unreadable)": ""}))
    (doubt,) = verified.report.having(Severity.DEGRADED)
    assert doubt.cause is Cause.BAD_CERTIFICATE
    assert "from vault-k8s (unreadable) is not used" in doubt.summary
    assert doubt.remedy == "juju status vault-k8s"


def test_a_ca_is_read_once(cloud: clouds.Cloud, ca_pem: str):
    request = request_for(f"http://127.0.0.1:{cloud.port}", certificates={"vault/0": ca_pem})
    with mock.patch.object(
        certificates, "validity_of", side_effect=certificates.validity_of
    ) as read:
        runner.verify(request)
    assert read.mock_calls == [mock.call(ca_pem)]


def test_no_file_is_left_behind(private_parent, ca_pem: str):
    url = f"http://127.0.0.1:{servers.free_port()}"
    runner.verify(request_for(url, certificates={"vault/0": ca_pem}))
    assert list(private_parent.iterdir()) == []


def test_the_password_is_in_no_finding():
    with servers.serving(servers.http(401)) as server:
        report = runner.verify(request_for(server.url)).report
    assert reports.CREDENTIALS.password not in report.to_json()


def test_a_remedy_names_an_application_as_a_relation_does_or_else_as_the_model_did(
    cloud: clouds.Cloud,
):
    remembered = CheckMemory(names={"alarming": "alarms", "metric": "old"})
    request = request_for(
        f"http://127.0.0.1:{cloud.port}",
        required=("alarming",),
        optional=(),
        applications={"identity": "keystone", "metric": "metrics"},
    )
    (missing,) = runner.verify(request, remembered).report.having(Severity.FAILED)
    assert missing.remedy == ("juju integrate alarms:identity-service keystone:identity-service")
    cloud.types = None
    request = msgspec.structs.replace(request, required=("metric",))
    report = runner.verify(request, remembered).report
    assert {f.remedy for f in report.having(Severity.FAILED)} == {"juju status metrics"}


def test_a_service_that_answers_is_timed(cloud: clouds.Cloud):
    report = runner.verify(
        request_for(f"http://127.0.0.1:{cloud.port}", required=("metric",), optional=())
    ).report
    assert 0 < report.figures["endpoint.seconds:identity"] < 1
    assert 0 < report.figures["endpoint.seconds:metric"] < 1
    assert report.figures["verification.seconds"] >= report.figures["endpoint.seconds:metric"]


def test_a_service_that_is_not_there_has_no_time(cloud: clouds.Cloud):
    report = runner.verify(
        request_for(f"http://127.0.0.1:{cloud.port}", required=("alarming",), optional=())
    ).report
    assert "endpoint.seconds:alarming" not in report.figures


def test_the_end_of_a_certificate_is_measured(cloud: clouds.Cloud, authority: trustme.CA):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    pem = authority.cert_pem.bytes().decode()

    def answer(connection: socket.socket, head: bytes) -> None:
        """As Apache does: the connection stays, and with it the certificate."""
        kept: Any = types.SimpleNamespace(
            sendall=lambda data: connection.sendall(data.replace(b"Connection: close\r\n", b""))
        )
        cloud.answer(kept, head)

    with servers.serving(answer, context) as server:
        url = f"https://127.0.0.1:{server.port}"
        request = request_for(url, certificates={"vault/0": pem}, timeout=5)
        report = runner.verify(request).report
    ends = report.figures["certificate.ends:identity"]
    assert ends > time.time() + 24 * 3600
    assert "certificate.ends:metric" not in report.figures  # it is asked by http


def test_a_verification_without_a_token_is_timed():
    url = f"http://127.0.0.1:{servers.free_port()}"
    assert list(runner.verify(request_for(url)).report.figures) == ["verification.seconds"]
