"""Verifications without a charm, so that each costs a fraction of a second."""

from __future__ import annotations

from typing import Any

import msgspec

from coordinator.checks import runner
from coordinator.checks.memory import NOTHING, CheckMemory
from coordinator.openstack.proxies import Proxies
from coordinator.report.finding import Finding
from coordinator.report.report import Report
from coordinator.request import Depth, Request, Thresholds
from relations import databags
from tests.support.openstack import Stack


def request(
    stack: Stack, *, username: str = "telemetry-coordinator", role: str = "Admin"
) -> Request:
    """An order to look at Gnocchi and into it, as a user with one role."""
    databag = stack.credentials_databag(username=username, roles=(role,))
    return Request(
        credentials=databags.identity({"keystone/0": databag}, {}).candidates,
        required=("metric",),
        optional=(),
        interface="internal",
        region="RegionOne",
        timeout=20,
        certificates={},
        proxies=Proxies(),
        applications={},
        coordinator="telemetry-coordinator",
        depth=Depth.READS,
        fewer_rights=role != "Admin",
    )


def verify(
    asked: Request, memory: CheckMemory = NOTHING, **thresholds: Any
) -> runner.Verification:
    """The verification that follows on another one, with some thresholds."""
    return runner.verify(
        msgspec.structs.replace(asked, thresholds=Thresholds(**thresholds)), memory
    )


def ask(asked: Request, memory: CheckMemory = NOTHING, **thresholds: Any) -> Report:
    """Its report."""
    return verify(asked, memory, **thresholds).report


def finding(report: Report, check: str) -> Finding:
    return next(found for found in report.findings if found.check == check)
