"""The coordinator deployed on the real services, fresh for every test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from telemetry.runners import command
from tests.functional.deployment import Deployment
from tests.stack import Stack

Deploy = Callable[..., Deployment]


@pytest.fixture
def deploy(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Deploy:
    """Deploys a coordinator whose ceilometer-upgrade is the real command of the release set."""
    monkeypatch.setenv(command.SEAM, str(stack.ceilometer_upgrade))

    def deployed(**config: str | int) -> Deployment:
        return Deployment(stack, **config)

    return deployed


@pytest.fixture
def verified(deploy: Deploy) -> Deployment:
    """A coordinator that found or made everything in order."""
    deployment = deploy()
    deployment.identity_changed()
    assert deployment.status[0] == "active", deployment.status
    return deployment
