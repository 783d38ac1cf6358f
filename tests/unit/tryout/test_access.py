"""The access to a cloud that an environment names."""

from __future__ import annotations

import pathlib

import pytest

from tools.tryout import access

OPENRC = {
    "OS_AUTH_URL": "https://192.0.2.20:5000",
    "OS_USERNAME": "admin",
    "OS_PASSWORD": "correct-horse",
    "OS_PROJECT_NAME": "admin",
}
CLOUDS = """\
clouds:
  lab:
    auth: {auth_url: 'https://192.0.2.20:5000/v3', username: joe, password: pw, project_name: ops}
    region_name: RegionTwo
    interface: internal
"""


def refusal(**changes: str) -> str:
    with pytest.raises(access.AccessError) as raised:
        access.read({**OPENRC, **changes})
    return str(raised.value)


def test_an_openrc_is_read():
    found = access.read({**OPENRC, "OS_REGION_NAME": "RegionOne"})
    assert found.credentials.username == "admin"
    assert found.credentials.regions == ("RegionOne",)
    assert found.credentials.user_domain == "Default"
    assert found.interface == "public"


@pytest.mark.parametrize("path", ["", "/", "/v3", "/v3/", "/v2.0"])
def test_every_spelling_of_the_address_leads_to_v3(path: str):
    url = access.read({**OPENRC, "OS_AUTH_URL": f"https://192.0.2.20:5000{path}"}).credentials
    assert url.auth_url == "https://192.0.2.20:5000/v3"


def test_the_old_word_for_the_interface_is_understood():
    assert access.read({**OPENRC, "OS_ENDPOINT_TYPE": "internalURL"}).interface == "internal"


def test_what_is_missing_is_named():
    assert refusal(OS_USERNAME="", OS_PASSWORD="").startswith("OS_USERNAME, OS_PASSWORD not set")


def test_application_credentials_are_refused_with_what_to_use():
    assert "user and a password" in refusal(OS_AUTH_TYPE="v3applicationcredential")


def test_a_domain_without_a_name_is_refused():
    assert refusal(OS_USER_DOMAIN_ID="6f1c") == "set OS_USER_DOMAIN_NAME beside OS_USER_DOMAIN_ID"


def test_certificates_that_cannot_be_read_are_named(tmp_path: pathlib.Path):
    assert refusal(OS_CACERT=f"{tmp_path}/ca.pem").startswith(f"OS_CACERT: {tmp_path}/ca.pem")


def test_a_file_without_certificates_is_named(tmp_path: pathlib.Path):
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    assert refusal(OS_CACERT=str(file)).startswith(f"OS_CACERT: {file}: ")


def test_certificates_are_not_taken_for_those_of_a_unit(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, ca_pem: str
):
    (tmp_path / "vault").mkdir()
    (tmp_path / "vault" / "0").write_text(ca_pem)
    monkeypatch.chdir(tmp_path)
    found = access.read({**OPENRC, "OS_CACERT": "vault/0"}).certificates
    assert found == {"option OS_CACERT": ca_pem}


def test_what_a_remedy_names_counts_more_than_clouds_yaml(tmp_path: pathlib.Path):
    file = tmp_path / "clouds.yaml"
    file.write_text(CLOUDS)
    environ = {"OS_CLOUD": "lab", "OS_CLIENT_CONFIG_FILE": str(file)}
    found = access.read({**environ, "OS_REGION_NAME": "Mars", "OS_INTERFACE": "admin"})
    assert (found.region, found.interface) == ("Mars", "admin")


def test_a_cloud_of_clouds_yaml_is_read(tmp_path: pathlib.Path):
    file = tmp_path / "clouds.yaml"
    file.write_text(CLOUDS)
    found = access.read({"OS_CLOUD": "lab", "OS_CLIENT_CONFIG_FILE": str(file)})
    assert (found.credentials.username, found.region) == ("joe", "RegionTwo")
    assert found.interface == "internal"


@pytest.mark.parametrize("text", ["", "clouds: []", "clouds: {other: {}}", "{", "- 1"])
def test_a_cloud_that_is_not_there_is_said_so(tmp_path: pathlib.Path, text: str):
    file = tmp_path / "clouds.yaml"
    file.write_text(text)
    with pytest.raises(access.AccessError, match="has no cloud lab"):
        access.read({"OS_CLOUD": "lab", "OS_CLIENT_CONFIG_FILE": str(file)})
