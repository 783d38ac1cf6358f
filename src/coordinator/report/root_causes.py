"""Faults told apart: those that are causes, and those that follow from these.

A fault that follows from another keeps its severity and stays in the report; it only names its
cause, so that people start there. What could have reasons of its own is never explained away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from coordinator.blueprint.systems import Blueprint
from coordinator.report.finding import CANARY, Cause, Finding, Severity

_SILENT = {
    *(Cause.NOT_IN_CATALOG, Cause.REFUSED, Cause.UNREACHABLE, Cause.DROPPED, Cause.TIMEOUT),
    Cause.SERVER_ERROR,
}
"""A service seen from outside when it, or something that it needs, is down."""

_TROUBLED = {
    *(Cause.CHARM_BLOCKED, Cause.CHARM_WAITS, Cause.HOOK_FAILED, Cause.SERVICE_DOWN),
    *(Cause.ROUTER_CUT_OFF, Cause.DB_NOT_GRANTED, Cause.DB_NOT_READY, Cause.VIP_DOWN),
}
"""A charm when something that it needs is missing or down."""

_FRUITLESS = {
    *(Cause.NOT_STORED, Cause.NOT_PROCESSED, Cause.STORE_FAILS),
    *(Cause.NOT_EVALUATED, Cause.NO_DATA, Cause.ENGINE_DOWN),
}
"""A canary when the parts behind an API, or what they need, are down."""

_UNFED = {Cause.NOT_PROCESSED, Cause.NO_FLOW, Cause.SILENT_HOSTS, Cause.BACKLOG}
"""Gnocchi's data when they are not brought, or not taken in, which a missed canary proves."""

_FOLLOWING = _SILENT | _TROUBLED | _FRUITLESS | _UNFED
"""All that can follow from another fault."""

_MISSED = {Cause.NOT_STORED, Cause.NOT_PROCESSED}
"""A canary that Gnocchi did not take in."""

_NEAREST = (
    *(Cause.LEAVING, Cause.NOT_DEPLOYED, Cause.NO_UNITS, Cause.NOT_INTEGRATED, Cause.PAUSED),
    *(Cause.AGENT_LOST, Cause.HOOK_FAILED, Cause.ROUTER_CUT_OFF, Cause.STORAGE_LOST),
    *(Cause.NOT_INITIALIZED, Cause.SEALED, Cause.NOT_AUTHORIZED, Cause.NO_CA),
    *(Cause.CLUSTER_DOWN, Cause.PARTITIONED, Cause.VIP_DOWN, Cause.DB_NOT_GRANTED),
    *(Cause.DB_NOT_READY, Cause.TOO_FEW_UNITS, Cause.MISCONFIGURED, Cause.NO_DEVICES),
    *(Cause.SERVICE_DOWN, Cause.NOT_JOINED, Cause.MEMBER_OUT, Cause.UPGRADING),
    Cause.CHARM_BLOCKED,
    Cause.CHARM_WAITS,
)
"""Faults in the model that explain the other faults of their system: of several, the first."""

_PARTIAL = {"units", "integrations", "subordinates"}
"""Questions whose faults may concern a part of the system only."""


def explained(findings: Sequence[Finding], blueprint: Blueprint) -> tuple[Finding, ...]:
    """The findings in their order, each with what it follows from.

    Within one system, what the Juju model shows is nearer to the cause than what the service
    answers. Between systems, one that is down as a whole explains those that cannot work without
    it. A fault is explained only by one that is at least as bad. What a finding itself names as
    behind it, such as a machine that is down, comes first.
    """
    faults = _Faults([f for f in findings if f.severity.is_fault], blueprint)
    return tuple(msgspec.structs.replace(f, because=faults.reason(f)) for f in findings)


class _Faults:
    def __init__(self, faults: Sequence[Finding], blueprint: Blueprint) -> None:
        self._worst = {f.check: f for f in sorted(faults, key=lambda f: f.severity.rank)}
        self._nearest: dict[str, Finding] = {}
        for fault in sorted(faults, key=_distance):
            if fault.cause in _SILENT or fault.cause in _NEAREST:
                self._nearest.setdefault(fault.service, fault)
        self._above = self._systems_above(blueprint)
        canaries = (f for f in faults if f.check == f"metric.{CANARY}" and f.cause in _MISSED)
        self._missed = next(canaries, None)

    def _systems_above(self, blueprint: Blueprint) -> dict[str, list[Finding]]:
        """Service → faults of systems that are down and that it needs, the most basic first.

        Systems that need each other explain nothing of each other.
        """
        dependents = {key: blueprint.dependents(key) for key in blueprint.systems}
        above: dict[str, list[Finding]] = {}
        for key in sorted(dependents, key=lambda one: -len(dependents[one])):
            fault = self._nearest.get(blueprint.systems[key].service)
            if fault is None or not _is_down(fault):
                continue
            for dependent in dependents[key]:
                if key not in dependents[dependent]:
                    above.setdefault(blueprint.systems[dependent].service, []).append(fault)
        return above

    def reason(self, finding: Finding) -> str:
        """The check that a finding follows from; empty for a cause, and for what is no fault."""
        if not finding.severity.is_fault:
            return ""
        behind = self._worst.get(finding.behind)
        if behind and _bears(behind, finding):
            return finding.behind
        if finding.cause not in _FOLLOWING:
            return ""
        for root in self._candidates(finding):
            if _bears(root, finding):
                return self.reason(root) or root.check
        return ""

    def _candidates(self, finding: Finding) -> Iterator[Finding]:
        """The faults that explain a finding if they are as bad, the likeliest first."""
        if self._missed and finding.cause in _UNFED and finding != self._missed:
            yield self._missed
        nearest = self._nearest.get(finding.service, finding)
        if nearest.cause in _NEAREST and nearest.question != finding.question:
            yield nearest
        yield from self._above.get(finding.service, ())


def _distance(fault: Finding) -> tuple[int, int]:
    """Order: the worst first; of equally bad ones what is nearest to the cause."""
    near = _NEAREST.index(fault.cause) if fault.cause in _NEAREST else len(_NEAREST)
    return -fault.severity.rank, near


def _is_down(fault: Finding) -> bool:
    """True if the system is down as a whole, not some units of it."""
    return fault.severity is Severity.FAILED or fault.question not in _PARTIAL


def _bears(root: Finding, finding: Finding) -> bool:
    """True if the one is bad enough to be the cause of the other."""
    return root.severity.rank >= finding.severity.rank
