import datetime
import pathlib
import ssl
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.openstack import certificates

BROKEN = "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n"


def test_a_certificate_has_no_problem(ca_pem: str):
    assert certificates.fault_of(ca_pem) == ""


def test_several_certificates_have_no_problem(ca_pem: str):
    assert certificates.fault_of(f"{ca_pem}\n{ca_pem}") == ""


def test_text_around_a_certificate_has_no_problem(ca_pem: str):
    assert certificates.fault_of(f"subject=CN = Société Générale\n{ca_pem}") == ""


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
    assert certificates.fault_of(other + ca_pem + other) == ""


@pytest.mark.parametrize(
    "text", ["", "hello", "-----BEGIN PRIVATE KEY-----", BROKEN.replace("END", "LAST"), *OTHERS]
)
def test_text_without_a_certificate_is_told(text: str):
    assert certificates.fault_of(text) == "no certificate in it"


@pytest.mark.parametrize("rubbish", [BROKEN, "é" + BROKEN, block("CERTIFICATE")])
def test_a_broken_certificate_is_told(rubbish: str):
    assert certificates.fault_of(rubbish) == "a certificate in it cannot be read"


def test_a_broken_certificate_after_a_good_one_is_told(ca_pem: str):
    assert certificates.fault_of(ca_pem + BROKEN) != ""


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


def made_by_openssl(folder: pathlib.Path, *options: str) -> str:
    """A certificate of itself, as people make it."""
    path = folder / "made.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-noenc", "-keyout", str(folder / "key.pem"), "-out", str(path)]
    subprocess.run(
        [*command, "-subj", "/O=Example/CN=CA", *options], check=True, capture_output=True
    )
    return path.read_text()


def end_by_openssl(pem: str) -> datetime.datetime:
    command = ["openssl", "x509", "-noout", "-enddate"]
    told = subprocess.run(command, input=pem, check=True, capture_output=True, text=True).stdout
    text = told.strip().removeprefix("notAfter=")
    return datetime.datetime.fromtimestamp(ssl.cert_time_to_seconds(text), datetime.timezone.utc)


@pytest.mark.parametrize("days", [1, 825, 8000, 40_000])
def test_the_end_of_a_certificate_is_the_one_that_openssl_tells(tmp_path: pathlib.Path, days: int):
    pem = made_by_openssl(tmp_path, "-days", str(days))
    assert certificates.validity_of(pem) == end_by_openssl(pem)


def test_of_a_chain_the_first_end_counts(tmp_path: pathlib.Path, ca_pem: str):
    soon = made_by_openssl(tmp_path, "-days", "3")
    assert certificates.validity_of(ca_pem + soon) == end_by_openssl(soon)


@pytest.mark.parametrize("text", ["", "hello", BROKEN, block("CERTIFICATE"), *OTHERS])
def test_what_is_no_certificate_has_no_end(text: str):
    assert certificates.validity_of(text) is None


def test_a_certificate_that_is_cut_off_anywhere_has_no_end(ca_pem: str):
    whole = ssl.PEM_cert_to_DER_cert(ca_pem)
    for length in range(0, len(whole), 7):
        assert certificates.validity_of(ssl.DER_cert_to_PEM_cert(whole[:length])) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_a_certificate_or_none(content: bytes):
    assert certificates.validity_of(ssl.DER_cert_to_PEM_cert(content)) is None


def test_the_systems_certificates_all_have_an_end():
    if certificates.SYSTEM_STORE.exists():
        assert certificates.validity_of(certificates.SYSTEM_STORE.read_text()) is not None
