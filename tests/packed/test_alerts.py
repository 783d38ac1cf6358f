"""A real Prometheus scrapes the packed charm's exporter while services break and are mended."""

from __future__ import annotations

import pathlib
import typing

import pytest

from tests.support.agent.agent import Agent
from tests.support.monitoring.collector import collecting
from tests.support.openstack import Stack

pytestmark = pytest.mark.one_release


def test_alerts_come_with_faults_of_services_and_go_with_them(
    coordinator: Agent, stack: Stack, tmp_path: pathlib.Path
) -> None:
    coordinator.config({"alarm-evaluation-interval": 2, "canary-timeout": 20})
    with collecting(coordinator, tmp_path) as prometheus:
        stack.services["aodh"].stop()
        stack.services["metricd"].stop()
        stack.barbican_without_key()
        verify(coordinator, "failed")
        prometheus.await_firing(
            "TelemetryServiceDown", "TelemetryMeasuresNotProcessed", "TelemetrySecretsLost"
        )

        stack.reset()
        verify(coordinator, "completed")
        prometheus.await_firing()
        (verified,) = prometheus.query("telemetry_stack_verified")
        assert verified["value"][1] == "1"


def verify(coordinator: Agent, status: typing.Literal["completed", "failed"]) -> None:
    """Verify as an operator does, with canaries."""
    result = coordinator.action("verify-stack", {"deep": True})
    assert result.status == status, result.message
