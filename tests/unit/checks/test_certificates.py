"""What is said about CA certificates that end: the CA is named, not what it signed."""

from __future__ import annotations

import datetime
import ssl

import msgspec
import pytest
import trustme

from coordinator.checks import certificates, runner
from coordinator.checks.certificates import Authority
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.request import Limits
from tests.unit import clouds, reports, servers

LIMITS = Limits(warn=30, fail=7)
NOW = datetime.datetime.now(datetime.timezone.utc)
ENDED = """-----BEGIN CERTIFICATE-----
MIIBNDCB3KADAgECAgEBMAoGCCqGSM49BAMCMBoxGDAWBgNVBAMMD29sZC5leGFt
cGxlLmNvbTAeFw0xOTAxMDEwMDAwMDBaFw0yMDAxMDEwMDAwMDBaMBoxGDAWBgNV
BAMMD29sZC5leGFtcGxlLmNvbTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABChi
Lu2aiIJtxhjqFLhEcWDasdGobCa+tG/uh+OTsFid9Qz9xpFURc6Y7QFBypwE7rK9
auRDHdW7PGryAuXE6p2jEzARMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID
RwAwRAIgIU8jrNFjtZQuaJWFSdavog6mTzO+nm6HCDjPEnClMskCIA//Cj+lzf94
nzUR3KDq17CPUGqldiadslD69rmxTHUr
-----END CERTIFICATE-----
"""
"""A CA of old.example.com that ended with the year 2019."""


def authority(days: float, source: str = "vault/0") -> Authority:
    return Authority(source, datetime.timedelta(days=days), "us")


@pytest.mark.parametrize(
    ("days", "is_used", "severity", "cause"),
    [
        (29.5, True, Severity.DEGRADED, Cause.TLS_ENDS),
        (6.5, True, Severity.FAILED, Cause.TLS_ENDS),
        (6.5, False, Severity.DEGRADED, Cause.TLS_ENDS),
        (-1, True, Severity.FAILED, Cause.TLS_EXPIRED),
        (-1, False, Severity.DEGRADED, Cause.TLS_EXPIRED),
    ],
)
def test_a_ca_that_ends_is_told_by_the_limits_of_certificates(
    days: float, is_used: bool, severity: Severity, cause: Cause
):
    found = authority(days).judge(LIMITS, is_used=is_used)
    assert found
    assert (found.check, found.severity, found.cause) == ("trust.certificates", severity, cause)


@pytest.mark.parametrize(
    ("days", "text"),
    [(2, "ends in 2 days"), (1, "ends in 1 day"), (0, "ends in 0 days"), (-1, "ended 1 day ago")],
)
def test_one_day_is_told_in_the_singular(days: int, text: str):
    found = authority(days).judge(LIMITS, is_used=True)
    assert found
    assert found.summary == f"the CA certificate from vault/0 {text}"


def test_a_ca_that_is_good_for_long_is_no_finding():
    assert authority(30).judge(LIMITS, is_used=True) is None


@pytest.mark.parametrize(
    ("source", "remedy"),
    [
        (
            "vault/0",
            "juju run vault/leader disable-pki && juju run vault/leader generate-root-ca",
        ),
        ("option ssl-ca", "renew that CA, then juju config us ssl-ca"),
        ("some-ca", "renew the CA of some-ca: juju status some-ca"),
    ],
)
def test_a_ca_is_renewed_where_it_came_from(source: str, remedy: str):
    assert authority(-1, source).remedy == remedy


def test_an_expired_certificate_under_an_expired_ca_is_the_cas():
    text = "Gnocchi has an expired certificate at https://192.0.2.30"
    found = Finding("metric", "read", Severity.FAILED, text, Cause.TLS_EXPIRED, "reissue")
    blamed = certificates.blame(found, authority(-1))
    assert blamed.summary == f"{text}: the CA certificate from vault/0 has ended"
    assert "generate-root-ca" in blamed.remedy
    assert certificates.blame(found, None) == found


def test_another_fault_is_not_the_cas():
    found = Finding("metric", "read", Severity.FAILED, "Gnocchi errs", Cause.SERVER_ERROR)
    assert certificates.blame(found, authority(-1)) == found


def test_the_first_end_is_told_first_and_rubbish_not_at_all(ca_pem: str):
    given = {"vault/0": ca_pem, "vault/1": "rubbish"}
    request = msgspec.structs.replace(reports.REQUEST, certificates=given)
    assert [one.source for one in certificates.authorities(request, NOW)] == ["vault/0"]


def test_a_ca_whose_end_is_near_is_in_the_report(authority: trustme.CA, ca_pem: str):
    del authority
    url = f"https://127.0.0.1:{servers.free_port()}"
    credentials = msgspec.structs.replace(reports.CREDENTIALS, auth_url=f"{url}/v3")
    request = msgspec.structs.replace(
        reports.REQUEST,
        credentials=(credentials,),
        certificates={"vault/0": ca_pem},
        expiry=Limits(warn=10**6, fail=0),
        timeout=1,
    )
    report = runner.verify(request).report
    (found,) = (f for f in report.findings if f.check == "trust.certificates")
    assert found.summary.startswith("the CA certificate from vault/0 ends in ")


@pytest.mark.parametrize(
    ("days", "severity"),
    [(1, Severity.DEGRADED), (-1, Severity.FAILED)],
    ids=["nobody uses it", "a handshake fails"],
)
def test_a_ca_that_has_ended_is_a_failure_only_where_something_fails_for_it(
    authority: trustme.CA, ca_pem: str, days: int, severity: Severity
):
    begin, end = NOW - datetime.timedelta(days=9), NOW + datetime.timedelta(days=days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf = authority.issue_cert("127.0.0.1", not_before=begin, not_after=end)
    leaf.configure_cert(context)
    with servers.serving(clouds.Cloud().answer, context) as server:
        credentials = msgspec.structs.replace(reports.CREDENTIALS, auth_url=f"{server.url}/v3")
        request = msgspec.structs.replace(
            reports.REQUEST,
            credentials=(credentials,),
            certificates={"vault/0": ca_pem, "option ssl-ca": ENDED},
            timeout=5,
        )
        report = runner.verify(request).report
    (found,) = (f for f in report.findings if f.check == "trust.certificates")
    assert found.summary.startswith("the CA certificate from option ssl-ca ended ")
    assert found.severity is severity
