"""The time of the next canaries, and how long what they proved counts.

A canary is a thing of the coordinator's own (a metric, an alarm, a secret) that is put into a
service, looked for on its other side, and removed. It proves more than any read, and costs more:
so its finding is remembered, and told in later reports, until what it proved may have changed.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Iterable, Mapping

import msgspec

from coordinator.checks.memory import CanaryRound, CheckMemory
from coordinator.report.figures import CANARY_SECONDS
from coordinator.report.finding import Finding, Severity
from coordinator.report.report import Canaries, Report
from coordinator.request import DEFAULT_THRESHOLDS, Thresholds

PAUSE = datetime.timedelta(minutes=5)
"""Between two rounds of canaries in hooks, whatever changes: a round may take minutes."""

RETRY = datetime.timedelta(minutes=15)
"""The time from a round to the next while something is wrong that it could tell more of."""

NEXT = datetime.timedelta(minutes=6)
"""The time to the next verification at most: Juju's update-status comes every 5 minutes, give or
take a fifth (juju: internal/worker/uniter/timer.go)."""

_OF_CHARMS = {"application", "units"}
"""Questions to the Juju model whose faults a canary can show to be none of the service's."""


def are_due(
    report: Report,
    memory: CheckMemory,
    able: Collection[str],
    required: Collection[str],
    thresholds: Thresholds = DEFAULT_THRESHOLDS,
) -> bool:
    """Tell if canaries are to be sent.

    What they pass through can break without a sign: so they are sent again, as early as it takes
    to tell a fault within the interval, even if the next verification is late and the canaries do
    not come back. The report is the one without them; `able` are the services that one could be
    sent to, `required` those whose faults are failures.
    """
    if report.behind:
        return False  # ceilometer-upgrade comes first
    last = memory.canaries
    if last is None:
        return True
    age = report.taken_at - last.sent_at
    if age < datetime.timedelta():
        return True  # the clock was set back: nothing can be said
    if age < PAUSE:
        return False
    unproven = set(able) - {finding.service for finding in last.findings}
    if unproven or _has_changed(last, report, required) or _would_be_late(age, thresholds):
        return True
    return age >= RETRY and (were_missed(memory) or memory.charms_fail)


def _would_be_late(age: datetime.timedelta, thresholds: Thresholds) -> bool:
    """Tell if a round after the next verification would end too late."""
    interval = datetime.timedelta(minutes=thresholds.canary_interval)
    round_ = datetime.timedelta(seconds=thresholds.canary_timeout)
    return bool(interval) and age + NEXT + round_ >= interval


def _has_changed(last: CanaryRound, report: Report, required: Collection[str]) -> bool:
    """Tell if something has changed that canaries depend on, and that is known of both times."""
    if any((f.service in last.required) != (f.service in required) for f in last.findings):
        return True
    pairs = ((last.endpoints, report.endpoints), (last.builds, report.builds))
    return any(then[key] != now[key] for then, now in pairs for key in then.keys() & now.keys())


def were_missed(memory: CheckMemory) -> bool:
    """Tell if some did not come back the last time."""
    found = memory.canaries.findings if memory.canaries else ()
    return any(finding.severity.is_fault for finding in found)


def has_failed_charm(findings: Iterable[Finding]) -> bool:
    """Tell if the Juju model shows that a charm of the stack is down."""
    return any(f.question in _OF_CHARMS and f.severity is Severity.FAILED for f in findings)


def record_sent(
    report: Report,
    memory: CheckMemory,
    findings: Collection[Finding],
    required: Collection[str],
    seconds: Mapping[str, float] | None = None,
) -> tuple[Report, CheckMemory]:
    """Report and memory together with the findings about canaries that were just sent.

    `seconds` says how long those took that came back, by service.
    """
    last = CanaryRound(
        sent_at=report.taken_at,
        endpoints=report.endpoints,
        builds=report.builds,
        findings=tuple(findings),
        seconds=seconds or {},
        required=tuple(sorted({finding.service for finding in findings} & {*required})),
    )
    return _with_round(report, memory, last)


def carry_over(
    report: Report, memory: CheckMemory, able: Collection[str], required: Collection[str]
) -> tuple[Report, CheckMemory]:
    """Report and memory together with those findings about earlier canaries that still count.

    A finding about a service that now fails its read is dropped: it is no longer true, and the
    service's recovery is to be proven anew. So are all when the stack has changed, or what is
    required of it; only when they were sent is remembered.
    """
    last = memory.canaries
    if last is None:
        return report, memory
    lasting = () if _has_changed(last, report, required) else last.findings
    findings = tuple(finding for finding in lasting if finding.service in able)
    return _with_round(report, memory, msgspec.structs.replace(last, findings=findings))


def _with_round(
    report: Report, memory: CheckMemory, last: CanaryRound
) -> tuple[Report, CheckMemory]:
    stack = json.dumps([dict(last.endpoints), dict(last.builds)], sort_keys=True)
    counting = {finding.service for finding in last.findings}
    took = {f"{CANARY_SECONDS}{s}": n for s, n in last.seconds.items() if s in counting}
    report = msgspec.structs.replace(
        report.joined(last.findings),
        canaries=Canaries(last.sent_at, stack),
        figures={**report.figures, **took},
    )
    return report, msgspec.structs.replace(memory, canaries=last)
