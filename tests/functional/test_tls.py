"""TLS with a private CA: a real TLS proxy stands in front of the real service."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterator

import pytest
import trustme

from coordinator.report.finding import Cause
from tests.functional.deployment import Deployment
from tests.support.openstack import Stack, TlsProxy, certificates


@contextlib.contextmanager
def tls_before(stack: Stack, process: str, leaf: trustme.LeafCert) -> Iterator[str]:
    """Put TLS in front of a service and point its catalog entry there."""
    types = {"aodh": "alarming", "gnocchi": "metric"}
    with TlsProxy(stack.services[process].port, leaf) as proxy:
        stack.catalog.point(types[process], proxy.url)
        yield proxy.url


@pytest.fixture(scope="module")
def authority() -> certificates.Authority:
    return certificates.Authority()


@pytest.mark.one_release
def test_a_private_ca_is_not_trusted_by_itself(
    verified: Deployment, stack: Stack, authority: certificates.Authority
) -> None:
    with tls_before(stack, "aodh", authority.valid()):
        verified.update_status()

    assert verified.finding("alarming.endpoint").cause is Cause.TLS_UNTRUSTED
    name, message = verified.status
    assert name == "blocked"
    assert message.endswith("juju integrate telemetry-coordinator:certificates VAULT:certificates")


@pytest.mark.one_release
def test_the_ca_of_vault_is_trusted(
    verified: Deployment, stack: Stack, authority: certificates.Authority
) -> None:
    relation = verified.relate("certificates", "vault", ca=authority.ca_pem, chain="")

    with tls_before(stack, "aodh", authority.valid()):
        verified.changed(relation)

    assert verified.status[0] == "active", verified.status


@pytest.mark.one_release
def test_a_transferred_ca_is_trusted(
    verified: Deployment, stack: Stack, authority: certificates.Authority
) -> None:
    verified.transfer_ca(authority.ca_pem)

    with tls_before(stack, "aodh", authority.valid()):
        verified.update_status()

    assert verified.status[0] == "active", verified.status


@pytest.mark.one_release
def test_the_ca_of_the_option_is_trusted(
    verified: Deployment, stack: Stack, authority: certificates.Authority
) -> None:
    with tls_before(stack, "aodh", authority.valid()):
        verified.configure(ssl_ca=base64.b64encode(authority.ca_pem.encode()).decode())

    assert verified.status[0] == "active", verified.status


def test_ceilometer_upgrade_trusts_the_private_ca_too(
    verified: Deployment, stack: Stack, authority: certificates.Authority
) -> None:
    stack.replace_gnocchi_database()
    relation = verified.relate("certificates", "vault", ca=authority.ca_pem)

    with tls_before(stack, "gnocchi", authority.valid()) as url:
        verified.changed(relation)
        assert verified.status[0] == "active", verified.status

    assert verified.record["success"]["fingerprint"]["endpoint"] == url
    assert "instance" in stack.resource_types()


@pytest.mark.one_release
def test_rubbish_from_vault_is_named_and_the_rest_goes_on(
    verified: Deployment, stack: Stack
) -> None:
    relation = verified.relate("certificates", "vault", ca="rubbish")

    verified.changed(relation)

    name, message = verified.status
    assert name == "active"
    assert "the CA certificate from vault/0 is not used" in message


@pytest.mark.one_release
@pytest.mark.parametrize(
    ("days", "told"),
    [(40, ("ok", "active")), (20, ("degraded", "active")), (3, ("failed", "blocked"))],
)
def test_a_certificate_that_ends_soon_is_told(
    verified: Deployment,
    stack: Stack,
    authority: certificates.Authority,
    days: int,
    told: tuple[str, str],
) -> None:
    severity, level = told
    relation = verified.relate("certificates", "vault", ca=authority.ca_pem, chain="")

    with tls_before(stack, "aodh", authority.ending(days)):
        verified.changed(relation)

    finding = verified.finding("alarming.certificate")
    assert finding.severity.value == severity
    assert verified.status[0] == level
    if severity != "ok":
        assert f"Aodh's certificate ends in {days} days" in verified.status[1]
        assert finding.remedy == "juju run vault/leader reissue-certificates"


@pytest.mark.one_release
def test_a_good_certificate_is_not_what_decides_about_a_service(
    verified: Deployment, stack: Stack, authority: certificates.Authority
) -> None:
    verified.relate("certificates", "vault", ca=authority.ca_pem, chain="")

    with tls_before(stack, "aodh", authority.valid()):
        action = verified.action("verify-stack")

    assert action.results["alarming"]["finding"] == "Aodh lists alarms"


@pytest.mark.one_release
def test_the_operator_says_what_is_soon(
    verified: Deployment, stack: Stack, authority: certificates.Authority
) -> None:
    verified.relate("certificates", "vault", ca=authority.ca_pem, chain="")

    with tls_before(stack, "aodh", authority.ending(3)):
        verified.configure(certificate_failure_days=2, certificate_warning_days=3)

    assert verified.finding("alarming.certificate").severity.value == "ok"
