"""ceilometer.conf, as oslo.config reads it."""

import configparser
import re

import jinja2
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.openstack.credentials import Credentials
from coordinator.report import templates
from tests.unit import reports

ONE_LINE = st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)))


def read_back(text: str) -> str:
    """A value as oslo.config reads it: iniparser's quotes, then its own substitution."""
    value = text.strip()
    if value and value[0] == value[-1] and value.startswith(('"', "'")):
        value = value[1:-1]
    value = value.replace(r"\$", "$$")
    return re.sub(r"\$(\$|[_a-z][\w.]*|\{[^}]*\})", _substitute, value, flags=re.IGNORECASE)


def _substitute(match: re.Match[str]) -> str:
    return "$" if match[1] == "$" else "(another option's value)"


def config(credentials: Credentials = reports.CREDENTIALS, **values: str) -> str:
    given = {"interface": "internal", "region": "RegionOne", "cafile": "/run/ca.pem", **values}
    return templates.fill("ceilometer.conf", credentials=credentials, request_timeout=30, **given)


def section(text: str) -> dict[str, str]:
    parser = configparser.RawConfigParser(delimiters=("=",))
    parser.read_string(text)
    assert parser.sections() == ["service_credentials"]
    return {key: read_back(value) for key, value in parser["service_credentials"].items()}


def test_the_configuration_holds_what_ceilometer_upgrade_needs():
    assert section(config()) == {
        "auth_type": "password",
        "auth_url": "http://192.0.2.20:5000/v3",
        "username": "telemetry-coordinator",
        "password": "correct-horse",
        "user_domain_name": "service_domain",
        "project_name": "services",
        "project_domain_name": "service_domain",
        "interface": "internal",
        "timeout": "30",
        "region_name": "RegionOne",
        "cafile": "/run/ca.pem",
    }


def test_what_is_not_known_is_left_out():
    found = section(config(region="", cafile=""))
    assert "region_name" not in found
    assert "cafile" not in found


@pytest.mark.parametrize(
    "password",
    [
        "pa$$word",
        "$password",
        "${password}",
        r"back\slash",
        r"back\$slash",
        r"back\\$slash$",
        '"quoted"',
        "'quoted'",
        '"',
        " blanks ",
        "key = value",
        "# no comment",
        "[section]",
        "{{ jinja }}",
        "%(password)s",
        "pässwörd",
        "",
    ],
)
def test_every_password_is_read_back_as_it_was(password: str):
    credentials = msgspec.structs.replace(reports.CREDENTIALS, password=password)
    assert section(config(credentials))["password"] == password


@given(ONE_LINE)
def test_every_value_of_one_line_is_read_back_as_it_was(value: str):
    assert read_back(templates.oslo_value(value)) == value


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "\n", "a\r\n"])
def test_a_line_break_is_refused(value: str):
    credentials = msgspec.structs.replace(reports.CREDENTIALS, password=value)
    with pytest.raises(ValueError, match="line break") as raised:
        config(credentials)
    assert value not in str(raised.value)


def test_a_value_that_a_template_lacks_is_an_error():
    with pytest.raises(jinja2.UndefinedError):
        templates.fill("ceilometer.conf")
