"""Watcher: what its API lists comes from its database, where its engines show that they live."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from coordinator.checks import base
from coordinator.checks.base import CheckContext, CheckResult, Inspection, Reading
from coordinator.openstack.client import Service
from coordinator.report.finding import Cause, Severity
from coordinator.text import counted, named, quoted

ENGINES = ("watcher-decision-engine", "watcher-applier")
"""The services that report themselves (watcher/decision_engine/manager.py, applier/manager.py)."""

GONE = datetime.timedelta(days=1)
"""After this, an engine was taken away: Watcher keeps its entry for ever, and calls it failed."""


class WatcherCheck(base.Check):
    """Lists Watcher's services, and looks for its engines."""

    def read(self, service: Service) -> Reading:
        """List Watcher's services. Source: Infrastructure Optimization API, `GET /v1/services`."""
        base.listed(service.get("/v1/services"), "services")
        return Reading("lists its services")

    @property
    def inspections(self) -> Mapping[str, Inspection]:
        """Decision engine and applier."""
        return {"engines": inspect_engines}


def inspect_engines(context: CheckContext) -> CheckResult:
    """Tell whether decision engine and applier live, and have begun their work.

    Source: Infrastructure Optimization API, `GET /v1/services/detail`: `status`, `last_seen_up`.
    """
    listed = base.listed(context.service.get("/v1/services/detail"), "services")
    now = context.service.now()
    for name in ENGINES:
        known = [one for one in listed if one.get("name") == name]
        alive = [one for one in known if one.get("status") == "ACTIVE"]
        lost = [one for one in known if one.get("status") != "ACTIVE"]
        if not known:
            return _down(context, name, f"has never seen its {name} alive")
        if not alive:
            return _down(context, name, f"does not see its {name} alive{_on(lost)}")
        recent = [one for one in lost if now - _last_seen(one) < GONE]
        if recent:
            text = f"sees another {name} alive, but not that{_on(recent)}"
            return _down(context, name, text, Severity.DEGRADED)
    return _goals(context.service)


def _goals(watcher: Service) -> CheckResult:
    """Tell if there are goals: the decision engine makes them at its start (its sync.py)."""
    goals = base.listed(watcher.get("/v1/goals"), "goals")
    if not goals:
        text = "has no goals, which its decision engine makes when it starts"
        return CheckResult(Severity.DEGRADED, text, Cause.NO_GOALS)
    number = counted(len(goals), "goal")
    return CheckResult(
        Severity.OK, f"sees its decision engine and applier alive, and has {number}"
    )


def _down(
    context: CheckContext, engine: str, text: str, severity: Severity = Severity.FAILED
) -> CheckResult:
    remedy = f"juju exec -a {context.subject.names.application} -- systemctl status {engine}"
    return CheckResult(severity, text, Cause.ENGINE_DOWN, remedy)


def _on(services: Sequence[dict[str, Any]]) -> str:
    hosts = sorted({quoted(str(one.get("host"))) for one in services})
    return f" on {named(hosts, 3)}"


def _last_seen(service: dict[str, Any]) -> datetime.datetime:
    try:
        seen = datetime.datetime.fromisoformat(str(service.get("last_seen_up")))
    except ValueError:
        return datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)
    return seen if seen.tzinfo else seen.replace(tzinfo=datetime.timezone.utc)
