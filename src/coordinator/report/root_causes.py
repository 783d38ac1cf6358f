"""Faults told apart: those that are causes, and those that follow from these.

A fault that follows from another keeps its severity and stays in the report; it only names its
cause, so that people start there. What could have reasons of its own is never explained away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from coordinator.blueprint.systems import Blueprint
from coordinator.report.finding import CANARY, Cause, Finding, Severity

_SERVICE_SYMPTOMS = {
    *(Cause.NOT_IN_CATALOG, Cause.REFUSED, Cause.UNREACHABLE, Cause.DROPPED, Cause.TIMEOUT),
    Cause.SERVER_ERROR,
}
"""Faults of a service when it, or something that it needs, is down."""

_CHARM_SYMPTOMS = {
    *(Cause.CHARM_BLOCKED, Cause.CHARM_WAITS, Cause.HOOK_FAILED, Cause.SERVICE_DOWN),
    *(Cause.ROUTER_CUT_OFF, Cause.DB_NOT_GRANTED, Cause.DB_NOT_READY, Cause.VIP_DOWN),
}
"""Faults of a charm when something that it needs is missing or down."""

_CANARY_SYMPTOMS = {
    *(Cause.NOT_STORED, Cause.NOT_PROCESSED, Cause.STORE_FAILS),
    *(Cause.NOT_EVALUATED, Cause.NO_DATA, Cause.ENGINE_DOWN),
}
"""Faults of a canary when the parts behind an API, or what they need, are down."""

_DATA_SYMPTOMS = {Cause.NOT_PROCESSED, Cause.NO_FLOW, Cause.SILENT_HOSTS, Cause.BACKLOG}
"""Faults of Gnocchi's data when they are not brought, or not taken in."""

_SYMPTOMS = _SERVICE_SYMPTOMS | _CHARM_SYMPTOMS | _CANARY_SYMPTOMS | _DATA_SYMPTOMS
"""All faults that can follow from another."""

_CANARY = f"metric.{CANARY}"
_NOT_TAKEN_IN = {Cause.NOT_STORED, Cause.NOT_PROCESSED}
"""Faults of a canary that prove that Gnocchi takes in no data."""

_MODEL_CAUSES = (
    *(Cause.LEAVING, Cause.NOT_DEPLOYED, Cause.NO_UNITS, Cause.NOT_INTEGRATED, Cause.PAUSED),
    *(Cause.AGENT_LOST, Cause.HOOK_FAILED, Cause.ROUTER_CUT_OFF, Cause.STORAGE_LOST),
    *(Cause.NOT_INITIALIZED, Cause.SEALED, Cause.NOT_AUTHORIZED, Cause.NO_CA),
    *(Cause.CLUSTER_DOWN, Cause.PARTITIONED, Cause.VIP_DOWN, Cause.DB_NOT_GRANTED),
    *(Cause.DB_NOT_READY, Cause.TOO_FEW_UNITS, Cause.MISCONFIGURED, Cause.NO_DEVICES),
    *(Cause.SERVICE_DOWN, Cause.NOT_JOINED, Cause.MEMBER_OUT, Cause.UPGRADING),
    Cause.CHARM_BLOCKED,
    Cause.CHARM_WAITS,
)
"""Faults in the model that explain others of their system; of several, the first here does."""

_PARTIAL_QUESTIONS = {"units", "integrations", "subordinates"}
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
            if fault.cause in _SERVICE_SYMPTOMS or fault.cause in _MODEL_CAUSES:
                self._nearest.setdefault(fault.service, fault)
        self._above = self._systems_above(blueprint)
        canaries = (f for f in faults if f.check == _CANARY and f.cause in _NOT_TAKEN_IN)
        self._canary = next(canaries, None)

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
        if behind and _is_as_bad(behind, finding):
            return finding.behind
        if finding.cause not in _SYMPTOMS:
            return ""
        for root in self._candidates(finding):
            if _is_as_bad(root, finding):
                return self.reason(root) or root.check
        return ""

    def _candidates(self, finding: Finding) -> Iterator[Finding]:
        """The faults that explain a finding if they are as bad, the likeliest first."""
        if self._canary and finding.cause in _DATA_SYMPTOMS and finding != self._canary:
            yield self._canary
        nearest = self._nearest.get(finding.service, finding)
        if nearest.cause in _MODEL_CAUSES and nearest.question != finding.question:
            yield nearest
        yield from self._above.get(finding.service, ())


def _distance(fault: Finding) -> tuple[int, int]:
    """Order: the worst first; of equally bad ones what is nearest to the cause."""
    near = _MODEL_CAUSES.index(fault.cause) if fault.cause in _MODEL_CAUSES else len(_MODEL_CAUSES)
    return -fault.severity.rank, near


def _is_down(fault: Finding) -> bool:
    """True if the system is down as a whole, not some units of it."""
    return fault.severity is Severity.FAILED or fault.question not in _PARTIAL_QUESTIONS


def _is_as_bad(root: Finding, finding: Finding) -> bool:
    """True if the one is bad enough to be the cause of the other."""
    return root.severity.rank >= finding.severity.rank
