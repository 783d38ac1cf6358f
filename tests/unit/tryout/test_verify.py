"""The report of a cloud on which nothing is deployed."""

from __future__ import annotations

from typing import Any

import pytest

from coordinator.request import Depth
from tests.unit import servers
from tests.unit.clouds import Cloud
from tools.tryout import access, verify


def openrc(cloud: Cloud) -> dict[str, str]:
    return {
        "OS_AUTH_URL": f"http://127.0.0.1:{cloud.port}/v3",
        "OS_USERNAME": "secret-admin",
        "OS_PASSWORD": "correct-horse",
        "OS_PROJECT_NAME": "services",
        "SERVICES": "metric",
        "OS_INTERFACE": "internal",
    }


def test_a_cloud_is_verified(cloud: Cloud, capsys: pytest.CaptureFixture[str]):
    assert verify.main(openrc(cloud)) == 0
    assert "metric verified" in capsys.readouterr().out


def test_names_and_addresses_are_blanked_out(cloud: Cloud, capsys: pytest.CaptureFixture[str]):
    verify.main({**openrc(cloud), "ANONYMOUS": "1"})
    shown = "".join(capsys.readouterr())
    assert "127.0.0.1" not in shown
    assert "secret-admin" not in shown


def test_it_only_reads_unless_it_is_told_otherwise(cloud: Cloud):
    who = access.read(openrc(cloud))
    assert verify.request_of(who, {}).depth is Depth.READS
    assert verify.request_of(who, {"DEEP": "1"}).depth is Depth.FULL


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"OS_AUTH_URL": ""}, "OS_AUTH_URL not set: source your openrc, or set OS_CLOUD"),
        ({"SERVICES": "compute"}, "use metric, alarming, key-manager, infra-optim"),
        ({"FORMAT": "pdf"}, "FORMAT: use text, markdown, html, json"),
        ({"VERIFY_TIMEOUT": "1"}, "VERIFY_TIMEOUT: use whole seconds from 2 to 300"),
        ({"CANARY_TIMEOUT": "soon"}, "CANARY_TIMEOUT: use whole seconds from 5 to 900"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], change: dict[str, str], text: str
):
    assert verify.main({**openrc(cloud), **change}) == 2
    assert capsys.readouterr().err == f"{text}\n"


def test_a_refused_user_is_told_which_variables_to_check(capsys: pytest.CaptureFixture[str]):
    with servers.serving(servers.http(401, "{}")) as keystone:
        environ = openrc(Cloud(port=keystone.port))
        assert verify.main(environ) == 1
    shown = capsys.readouterr().out
    assert "check OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME and the OS_*_DOMAIN_*" in shown
    assert "juju remove-relation" not in shown


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"OS_REGION_NAME": "Mars"}, "OS_REGION_NAME=RegionOne"),
        ({"OS_INTERFACE": "admin"}, "OS_INTERFACE=internal"),
    ],
)
def test_another_place_is_named_by_the_variable_to_set(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], change: dict[str, str], remedy: str
):
    assert verify.main({**openrc(cloud), **change}) == 1
    assert f"-> {remedy}\n" in capsys.readouterr().out


def test_seconds_can_be_given(cloud: Cloud):
    given = {"VERIFY_TIMEOUT": "120", "CANARY_TIMEOUT": "300"}
    request = verify.request_of(access.read(openrc(cloud)), given)
    assert (request.timeout, request.thresholds.canary_timeout) == (120, 300)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "stopped; there is no report\n"),
        ({"DEEP": "1"}, "DEEP=1 run after 4 minutes removes canaries that are left over\n"),
        ({"DEEP": "1", "CANARY_TIMEOUT": "300"}, "after 6 minutes removes"),
    ],
)
def test_an_interrupt_is_answered_in_one_line(
    cloud: Cloud,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: dict[str, str],
    text: str,
):
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(verify, "verify", interrupted)
    assert verify.main({**openrc(cloud), **given}) == 130
    assert text in capsys.readouterr().err
