"""verify-stack succeeds only if every required service was proven, on real sockets."""

from __future__ import annotations

import pathlib
from collections.abc import Generator
from typing import Any

import pytest
from ops import testing

from tests.reliability.canary_cloud import CanaryCloud
from tests.unit import servers

Context = testing.Context[Any]


@pytest.fixture
def cloud(tmp_path: pathlib.Path) -> Generator[CanaryCloud]:
    """All is well at first."""
    (tmp_path / "done").touch()
    cloud = CanaryCloud(folder=tmp_path)
    with servers.serving(cloud.answer) as server:
        cloud.port = server.port
        yield cloud


def ends(context: Context, cloud: CanaryCloud, *, allow: bool = False, **options: str) -> str:
    """The status that the action tells, and whether it succeeds."""
    usual = {"required_services": "metric,alarming,key-manager"}
    params = {"format": "text", "allow-unproven": allow}
    state = cloud.state(**{**usual, **options})
    try:
        context.run(context.on.action("verify-stack", params=params), state)
        outcome = "succeeds"
    except testing.ActionFailed:
        outcome = "fails"
    return f"{(context.action_results or {})['status']}, {outcome}"


def test_it_succeeds_where_all_is_proven(context: Context, cloud: CanaryCloud):
    assert ends(context, cloud) == "verified, succeeds"


@pytest.mark.parametrize("status", [403, 500])
@pytest.mark.parametrize("allow", [False, True])
def test_a_required_read_that_is_refused_is_a_failure_with_full_rights(
    context: Context, cloud: CanaryCloud, status: int, allow: bool
):
    cloud.refused["/key-manager/v1/secrets"] = status
    assert ends(context, cloud, allow=allow) == "failed, fails"


def test_with_fewer_rights_it_is_not_proven_and_a_parameter_decides(
    context: Context, cloud: CanaryCloud
):
    cloud.refused["/key-manager/v1/secrets"] = 403
    assert ends(context, cloud, requested_grants="Member") == "not proven, fails"
    assert ends(context, cloud, allow=True, requested_grants="Member") == "not proven, succeeds"


def test_with_fewer_rights_what_fails_still_fails(context: Context, cloud: CanaryCloud):
    cloud.refused["/key-manager/v1/secrets"] = 403
    cloud.refused["/alarming/v2/alarms"] = 500
    assert ends(context, cloud, allow=True, requested_grants="Member") == "failed, fails"


def test_an_optional_service_decides_nothing(context: Context, cloud: CanaryCloud):
    cloud.refused["/key-manager/v1/secrets"] = 403
    ended = ends(
        context,
        cloud,
        required_services="metric,alarming",
        optional_services="key-manager",
    )
    assert ended == "verified, succeeds"
