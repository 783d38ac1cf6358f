"""Which faults are causes, and which follow from these. Pure.

A fault that follows from another keeps its severity and stays in the report; it only names its
cause, so that people start there. What could have reasons of its own is never explained away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from coordinator.blueprint.systems import Blueprint
from coordinator.report.finding import CANARY, Cause, Finding, Severity

_SILENT = {
    *(Cause.NOT_IN_CATALOG, Cause.REFUSED, Cause.UNREACHABLE, Cause.DROPPED, Cause.TIMEOUT),
    Cause.SERVER_ERROR,
}
"""What a service looks like from outside when it, or something that it needs, is down."""

_TROUBLED = {
    *(Cause.CHARM_BLOCKED, Cause.CHARM_WAITS, Cause.HOOK_FAILED, Cause.SERVICE_DOWN),
    *(Cause.ROUTER_CUT_OFF, Cause.DB_NOT_GRANTED, Cause.DB_NOT_READY, Cause.VIP_DOWN),
}
"""What a charm looks like when something that it needs is missing or down."""

_FRUITLESS = {
    *(Cause.NOT_STORED, Cause.NOT_PROCESSED, Cause.STORE_FAILS),
    *(Cause.NOT_EVALUATED, Cause.NO_DATA, Cause.ENGINE_DOWN),
}
"""What a canary looks like when the parts behind an API, or what they need, are down."""

_UNFED = {Cause.NOT_PROCESSED, Cause.NO_FLOW, Cause.SILENT_HOSTS, Cause.BACKLOG}
"""What Gnocchi's data look like when they are not brought, or not taken in; a canary that is
missed proves the latter."""

_FOLLOWING = _SILENT | _TROUBLED | _FRUITLESS | _UNFED
"""What can follow from another fault."""

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
"""Of what the model shows of one system, which explains its other faults: the first there is."""

_CANARY = f"metric.{CANARY}"

_PARTIAL = {"units", "integrations", "subordinates"}
"""Questions whose faults may be those of a part of the system."""


def explained(findings: Sequence[Finding], blueprint: Blueprint) -> tuple[Finding, ...]:
    """The findings in their order, each with what it follows from.

    Within one system, what the Juju model shows is nearer to the cause than what the service
    answers. Between systems, one that is down as a whole explains those that cannot work without
    it. A fault is explained only by one that is at least as bad. What a finding itself names as
    behind it, such as a machine that is down, comes first.
    """
    case = _Case(findings, blueprint)
    return tuple(msgspec.structs.replace(f, because=case.reason(f)) for f in findings)


class _Case:
    """One set of findings."""

    def __init__(self, findings: Iterable[Finding], blueprint: Blueprint) -> None:
        faults: dict[str, list[Finding]] = {}
        for finding in findings:
            if finding.severity.is_fault:
                faults.setdefault(finding.service, []).append(finding)
        self._nearest = {
            service: min(known, key=_distance)
            for service, found in faults.items()
            if (known := [f for f in found if f.cause in {*_NEAREST, *_SILENT}])
        }
        self._checks: dict[str, Finding] = {}
        for fault in (one for found in faults.values() for one in found):
            known = self._checks.setdefault(fault.check, fault)
            if not _bears(known, fault):
                self._checks[fault.check] = fault
        self._above = self._systems_above(blueprint)
        missed = {Cause.NOT_STORED, Cause.NOT_PROCESSED}
        self._not_fed = next(
            (f for f in faults.get("metric", ()) if f.check == _CANARY and f.cause in missed), None
        )

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
        if self._is_behind(finding):
            return finding.behind
        canary = self._not_fed
        unfed = finding.cause in _UNFED and finding != canary
        if canary and unfed and _bears(canary, finding):
            return self.reason(canary) or _CANARY
        if finding.cause not in _FOLLOWING:
            return ""
        nearest = self._nearest.get(finding.service, finding)
        explains = nearest.cause in _NEAREST and nearest.question != finding.question
        if explains and _bears(nearest, finding):
            return self._upstream(nearest) or nearest.check
        return self._upstream(finding)

    def _is_behind(self, finding: Finding) -> bool:
        """Whether what the finding names as behind it is a fault, and bad enough."""
        known = self._checks.get(finding.behind)
        return known is not None and _bears(known, finding)

    def _upstream(self, finding: Finding) -> str:
        """The same in another system; what explains all the others is first among those."""
        if self._is_behind(finding):
            return finding.behind
        if finding.cause not in _FOLLOWING:
            return ""
        for fault in self._above.get(finding.service, ()):
            if _bears(fault, finding):
                return self._upstream(fault) or fault.check
        return ""


def _distance(fault: Finding) -> tuple[int, int]:
    """The worst first; of equally bad ones what is nearest to the cause."""
    near = _NEAREST.index(fault.cause) if fault.cause in _NEAREST else len(_NEAREST)
    return -fault.severity.rank, near


def _is_down(fault: Finding) -> bool:
    """Whether it tells that the system is down as a whole, not some units of it."""
    return fault.severity is Severity.FAILED or fault.question not in _PARTIAL


def _bears(root: Finding, finding: Finding) -> bool:
    """Whether it is bad enough to be the cause of the other."""
    return root.severity.rank >= finding.severity.rank
