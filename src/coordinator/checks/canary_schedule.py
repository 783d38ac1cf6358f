"""When canaries are sent again, and how long what they proved counts. Pure.

A canary is a thing of the coordinator's own (a metric, an alarm, a secret) that is put into a
service, looked for on its other side, and removed. It proves more than any read, and costs more:
so its finding is kept in the reports after it, until what it proved may have changed.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Collection

from coordinator.report import figures
from coordinator.report.finding import CANARY, Finding, Severity
from coordinator.report.report import Canaries, Report

REST = datetime.timedelta(minutes=5)
"""Between two rounds of canaries in hooks, whatever changes: a round may take minutes."""

RETRY = datetime.timedelta(minutes=15)
"""How long after a round the next follows while something is wrong that it could tell more of."""

LIFE = datetime.timedelta(days=1)
"""How long what canaries proved counts: what they passed through can break without a sign."""

_OF_CHARMS = {"application", "units"}
"""Questions to the Juju model whose faults a canary can show to be none of the service's."""


def stack_of(report: Report) -> str:
    """What canaries depend on: where the services are, and of which version."""
    return json.dumps([dict(report.endpoints), dict(report.builds)], sort_keys=True)


def are_due(report: Report, earlier: Report | None, able: Collection[str]) -> bool:
    """Whether canaries are to be sent.

    Args:
        report: what was found without them.
        earlier: the last report.
        able: services that a canary could be sent to now.
    """
    if report.behind:
        return False  # ceilometer-upgrade comes first
    if earlier is None or earlier.canaries is None:
        return True
    age = report.taken_at - earlier.canaries.sent_at
    if age < datetime.timedelta():
        return True  # the clock was set back: nothing can be said
    if age < REST:
        return False
    new = set(able) - {finding.service for finding in of(earlier)}
    if age >= LIFE or new or _changed(earlier.canaries, report):
        return True
    return age >= RETRY and (were_missed(earlier) or _charms_fail(earlier))


def _changed(before: Canaries, report: Report) -> bool:
    """Whether what canaries depend on has changed, as far as it is known now as well as then."""
    try:
        then: list[dict[str, str]] = json.loads(before.stack)
        known = zip(then, json.loads(stack_of(report)), strict=True)
        return any(old[key] != new[key] for old, new in known for key in old.keys() & new.keys())
    except (ValueError, AttributeError):
        return True


def _charms_fail(earlier: Report) -> bool:
    """Whether a charm of the stack is down, as far as the Juju model tells."""
    return any(f.question in _OF_CHARMS for f in earlier.having(Severity.FAILED))


def were_missed(earlier: Report | None) -> bool:
    """Whether some did not come back the last time."""
    bad = {Severity.DEGRADED, Severity.FAILED}
    return earlier is not None and any(finding.severity in bad for finding in of(earlier))


def of(report: Report) -> tuple[Finding, ...]:
    """The findings of a report that are about canaries."""
    return tuple(finding for finding in report.findings if finding.question == CANARY)


def sent(report: Report, findings: Collection[Finding]) -> Report:
    """A report together with what canaries found that were just sent."""
    canaries = Canaries(report.taken_at, stack_of(report))
    return dataclasses.replace(report.joined(findings), canaries=canaries)


def kept(report: Report, earlier: Report | None, able: Collection[str]) -> Report:
    """A report together with what canaries found before it, as far as that still counts.

    A finding about a service that now fails its read is dropped: it is no longer true, and the
    service's recovery is to be proven anew. So are all when the stack has changed; only when they
    were sent is remembered.
    """
    if earlier is None or earlier.canaries is None:
        return report
    lasting = () if _changed(earlier.canaries, report) else of(earlier)
    findings = [finding for finding in lasting if finding.service in able]
    seconds = {
        f"{figures.CANARY_SECONDS}{service}": took
        for service, took in figures.about(earlier.figures, figures.CANARY_SECONDS).items()
        if service in {finding.service for finding in findings}
    }
    return dataclasses.replace(
        report.joined(findings),
        canaries=earlier.canaries,
        figures={**report.figures, **seconds},
    )
