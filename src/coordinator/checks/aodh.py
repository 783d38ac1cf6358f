"""Aodh: alarms come from its database, read with a token that Aodh has keystone validate."""

from __future__ import annotations

from collections.abc import Mapping

from coordinator.checks import base
from coordinator.checks.alarm_sample import PATH, inspect_alarms
from coordinator.checks.base import Inspection, Reading
from coordinator.checks.canaries.alarm import send_canary
from coordinator.openstack.client import Service


class AodhCheck(base.Check):
    """Lists alarms, looks when they were evaluated, and makes one that must be."""

    def read(self, service: Service) -> Reading:
        """List one alarm at most. Source: Aodh's API reference, `GET /v2/alarms`."""
        base.records(service.get(PATH, limit=1), "alarms")
        return Reading("lists alarms")

    @property
    def inspections(self) -> Mapping[str, Inspection]:
        """The alarms that there are."""
        return {"alarms": inspect_alarms}

    @property
    def canary(self) -> Inspection:
        """An alarm on a metric of its own."""
        return send_canary
