"""The report of a cloud on which nothing is deployed."""

from __future__ import annotations

import pytest

from coordinator.request import Depth
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
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], change: dict[str, str], text: str
):
    assert verify.main({**openrc(cloud), **change}) == 2
    assert capsys.readouterr().err == f"{text}\n"
