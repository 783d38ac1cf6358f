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

from telemetry.report import Canaries, Finding, Report, Severity

QUESTION = "canary"
"""All findings about canaries answer this question."""

RETRY = datetime.timedelta(minutes=15)
"""How long after a canary that failed the next are sent, if nothing changes."""


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
    if earlier.canaries.stack != stack_of(report):
        return True
    if set(able) - {finding.service for finding in of(earlier)}:
        return True
    age = report.taken_at - earlier.canaries.sent_at
    return were_missed(earlier) and not datetime.timedelta() <= age < RETRY


def were_missed(earlier: Report | None) -> bool:
    """Whether some did not come back the last time."""
    bad = {Severity.DEGRADED, Severity.FAILED}
    return earlier is not None and any(finding.severity in bad for finding in of(earlier))


def of(report: Report) -> tuple[Finding, ...]:
    """The findings of a report that are about canaries."""
    return tuple(finding for finding in report.findings if finding.question == QUESTION)


def sent(report: Report, findings: Collection[Finding]) -> Report:
    """A report together with what canaries found that were just sent."""
    canaries = Canaries(report.taken_at, stack_of(report))
    return dataclasses.replace(report.joined(findings), canaries=canaries)


def kept(report: Report, earlier: Report | None, able: Collection[str]) -> Report:
    """A report together with what canaries found before it, as far as that still counts.

    A finding about a service that now fails its read is dropped: it is no longer true, and the
    service's recovery is to be proven anew.
    """
    if earlier is None or earlier.canaries is None:
        return report
    if earlier.canaries.stack != stack_of(report):
        return report
    findings = [finding for finding in of(earlier) if finding.service in able]
    return dataclasses.replace(report.joined(findings), canaries=earlier.canaries)
