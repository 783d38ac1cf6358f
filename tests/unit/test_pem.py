import pathlib

import pytest

from telemetry import pem

BROKEN = "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n"


def test_a_certificate_has_no_problem(ca_pem: str):
    assert pem.problem_of(ca_pem) == ""


def test_several_certificates_have_no_problem(ca_pem: str):
    assert pem.problem_of(f"{ca_pem}\n{ca_pem}") == ""


def test_text_around_a_certificate_has_no_problem(ca_pem: str):
    assert pem.problem_of(f"subject=CN = Société Générale\n{ca_pem}") == ""


@pytest.mark.parametrize("text", ["", "hello", "-----BEGIN PRIVATE KEY-----", "\ud800"])
def test_text_without_a_certificate_is_told(text: str):
    assert pem.problem_of(text) == "no certificate in it"


@pytest.mark.parametrize("rubbish", [BROKEN, BROKEN.replace("END", "LAST"), "é" + BROKEN])
def test_a_broken_certificate_is_told(rubbish: str):
    assert pem.problem_of(rubbish) == "a certificate in it cannot be read"


def test_a_broken_certificate_after_a_good_one_is_told(ca_pem: str):
    assert pem.problem_of(ca_pem + BROKEN) != ""


def test_a_bundle_holds_the_systems_certificates_and_ours(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
):
    store = tmp_path / "ca-certificates.crt"
    store.write_text("-- system --\n")
    monkeypatch.setattr(pem, "SYSTEM_STORE", store)
    assert pem.bundle(["-- ours --\n", " "]) == "-- system --\n-- ours --\n"


def test_a_machine_without_a_store_has_ours_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
):
    monkeypatch.setattr(pem, "SYSTEM_STORE", tmp_path / "none")
    assert pem.bundle(["-- ours --"]) == "-- ours --\n"
