"""The secret `juju-access`, when something about it is wrong: what is said, and what helps.

Each test gives the right secret back at its end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import jubilant
import pytest

from tests.integration.conftest import User
from tests.integration.coordinator import APP, UPGRADE, Coordinator, shows
from tests.integration.lab import Finding, Lab
from tests.integration.upgrade_server import UpgradeServer
from tests.support.openstack import Stack

NOWHERE = "secret:d3q9kq7n5q0c9r0v8s10"
"""An id that Juju takes for the option although there is no such secret."""

Given = Callable[[str], Finding]


@pytest.fixture
def given(lab: Lab, coordinator: Coordinator, access: jubilant.SecretURI) -> Iterator[Given]:
    """Sets the option to a secret and gives what is said about ceilometer's charm then."""

    def give(secret: str) -> Finding:
        lab.juju.config(APP, {"juju-access": secret})
        lab.settle(APP)
        return coordinator.finding("telemetry.charm")

    yield give
    lab.juju.config(APP, {"juju-access": access})
    lab.settle(APP)
    assert coordinator.finding("telemetry.charm").severity == "ok"


@pytest.fixture
def new_secret(lab: Lab) -> Iterator[Callable[..., jubilant.SecretURI]]:
    """Makes a secret with this content, granted to the coordinator or not."""
    made: list[jubilant.SecretURI] = []

    def make(name: str, *, granted: bool = True, **content: str) -> jubilant.SecretURI:
        secret = lab.juju.add_secret(name, content)
        made.append(secret)
        if granted:
            lab.juju.grant_secret(secret, APP)
        return secret

    yield make
    for secret in made:
        lab.juju.remove_secret(secret)


def assert_grants(found: Finding, secret: jubilant.SecretURI) -> None:
    """The remedy grants this secret to the coordinator."""
    assert re.search(rf"juju grant-secret \S*{secret.unique_identifier} {APP}\b", found.remedy)


def test_a_secret_that_is_not_granted_is_told_with_its_grant(
    given: Given, lab: Lab, coordinator: Coordinator, make_user: Callable[[str], User]
):
    secret = make_user("write").secret
    found = given(secret)
    assert (found.severity, found.cause) == ("degraded", "no-juju-access")
    assert_grants(found, secret)

    lab.juju.grant_secret(secret, APP)  # no hook follows; the next verification reads it

    assert coordinator.finding("telemetry.charm").severity == "ok"


def test_a_secret_whose_grant_was_taken_back_is_told_with_its_grant(
    given: Given, lab: Lab, coordinator: Coordinator, make_user: Callable[[str], User]
):
    secret = make_user("write").secret
    lab.juju.grant_secret(secret, APP)
    assert given(secret).severity == "ok"

    lab.juju.cli("revoke-secret", secret, APP)

    found = coordinator.finding("telemetry.charm")
    assert found.cause == "no-juju-access"
    assert_grants(found, secret)


def test_a_secret_that_does_not_exist_is_told_with_the_option(given: Given):
    found = given(NOWHERE)
    assert found.cause == "no-juju-access"
    assert f"juju config {APP} juju-access=" in found.remedy


def test_a_secret_without_a_password_is_told_with_all_its_keys(
    given: Given, new_secret: Callable[..., jubilant.SecretURI]
):
    secret = new_secret("incomplete", username="someone")
    found = given(secret)
    assert found.cause == "invalid-juju-access"
    assert "password" in found.summary
    # update-secret drops the keys that it is not given
    assert "juju update-secret" in found.remedy
    assert "username" in found.remedy
    assert "password" in found.remedy


def test_a_wrong_password_is_told_with_its_user(
    given: Given, new_secret: Callable[..., jubilant.SecretURI]
):
    secret = new_secret("wrong", username="nobody", password="not-the-password")
    found = given(secret)
    assert found.cause == "juju-login-refused"
    assert "nobody" in found.summary
    assert "juju change-user-password nobody" in found.remedy


def test_a_user_that_is_disabled_is_told_with_a_way_to_enable_it(
    given: Given, lab: Lab, make_user: Callable[[str], User]
):
    user = make_user("write")
    lab.juju.grant_secret(user.secret, APP)
    lab.juju.cli("disable-user", user.name, include_model=False)
    found = given(user.secret)
    assert found.cause == "juju-login-refused"
    assert f"juju enable-user {user.name}" in found.remedy


def test_a_user_without_access_to_the_model_is_told_with_its_grant(
    given: Given, lab: Lab, make_user: Callable[[str], User]
):
    user = make_user("write")
    lab.juju.grant_secret(user.secret, APP)
    assert lab.juju.model is not None
    lab.juju.cli("revoke", user.name, "read", lab.juju.model, include_model=False)
    found = given(user.secret)
    assert found.cause == "juju-permission-denied"
    assert f"juju grant {user.name} write " in found.remedy


def test_a_user_who_may_only_read_is_told_when_there_is_a_need(
    lab: Lab,
    access: jubilant.SecretURI,
    make_user: Callable[[str], User],
    services: Stack,
    server: UpgradeServer,
):
    user, runs = make_user("read"), len(server.runs)
    lab.juju.grant_secret(user.secret, APP)
    # first the right is taken, then the need arises: else a hook in between would run the action
    lab.juju.config(APP, {"juju-access": user.secret})
    lab.settle(APP)
    try:
        services.replace_gnocchi_database()
        lab.wait("the advice", shows("blocked", UPGRADE))
        assert len(server.runs) == runs
    finally:
        lab.juju.config(APP, {"juju-access": access})
    lab.wait("the coordinator to have run the action", shows("active", "done"))
    assert len(server.runs) == runs + 1
