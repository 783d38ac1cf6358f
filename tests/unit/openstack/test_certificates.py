import pathlib

import pytest

from coordinator.openstack import certificates

BROKEN = "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n"


def test_a_certificate_has_no_problem(ca_pem: str):
    assert certificates.problem_of(ca_pem) == ""


def test_several_certificates_have_no_problem(ca_pem: str):
    assert certificates.problem_of(f"{ca_pem}\n{ca_pem}") == ""


def test_text_around_a_certificate_has_no_problem(ca_pem: str):
    assert certificates.problem_of(f"subject=CN = Société Générale\n{ca_pem}") == ""


def block(kind: str) -> str:
    return f"-----BEGIN {kind}-----\nc2VjcmV0\n-----END {kind}-----\n"


OTHERS = [
    block("PRIVATE KEY"),
    block("RSA PRIVATE KEY"),
    block("X509 CRL"),
    block("TRUSTED CERTIFICATE"),
    "subject=CN = Société Générale\n",
    "\x00\ud800\n",
]


@pytest.mark.parametrize("other", OTHERS)
def test_what_stands_beside_a_certificate_has_no_problem(ca_pem: str, other: str):
    assert certificates.problem_of(other + ca_pem + other) == ""


@pytest.mark.parametrize(
    "text", ["", "hello", "-----BEGIN PRIVATE KEY-----", BROKEN.replace("END", "LAST"), *OTHERS]
)
def test_text_without_a_certificate_is_told(text: str):
    assert certificates.problem_of(text) == "no certificate in it"


@pytest.mark.parametrize("rubbish", [BROKEN, "é" + BROKEN, block("CERTIFICATE")])
def test_a_broken_certificate_is_told(rubbish: str):
    assert certificates.problem_of(rubbish) == "a certificate in it cannot be read"


def test_a_broken_certificate_after_a_good_one_is_told(ca_pem: str):
    assert certificates.problem_of(ca_pem + BROKEN) != ""


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> pathlib.Path:
    """The system's certificates; at first there are none."""
    path = tmp_path / "ca-certificates.crt"
    monkeypatch.setattr(certificates, "SYSTEM_STORE", path)
    return path


def test_a_bundle_holds_the_systems_certificates_and_ours(store: pathlib.Path, ca_pem: str):
    store.write_text(BROKEN)
    assert certificates.bundle([ca_pem, " "]) == BROKEN + ca_pem


def test_a_machine_without_a_store_has_ours_alone(store: pathlib.Path, ca_pem: str):
    assert certificates.bundle([ca_pem]) == ca_pem


def test_without_certificates_the_bundle_is_empty(store: pathlib.Path):
    assert certificates.bundle([]) == ""


@pytest.mark.parametrize("other", OTHERS)
def test_only_certificates_get_into_a_bundle(store: pathlib.Path, ca_pem: str, other: str):
    assert certificates.bundle([other + ca_pem + other]) == ca_pem


def test_all_certificates_of_a_chain_get_into_a_bundle(store: pathlib.Path, ca_pem: str):
    assert certificates.bundle([ca_pem + block("PRIVATE KEY") + BROKEN]) == ca_pem + BROKEN


def test_a_store_that_is_no_text_gives_what_certificates_it_has(store: pathlib.Path, ca_pem: str):
    store.write_bytes(b"\xff\xfe Soci\xe9t\xe9\n" + ca_pem.encode() + b"\x80\x00")
    assert certificates.bundle([]) == ca_pem
