"""Whether Ceilometer has ever published anything to Gnocchi."""

from __future__ import annotations

import datetime

from coordinator.checks import reading
from coordinator.checks.deep import CheckContext, CheckResult
from coordinator.report.finding import Cause, Severity

PREFIX = "ceilometer-"
"""How the archive policies are called that Ceilometer's publisher makes before its first sample
(ceilometer/publisher/data/gnocchi_resources.yaml)."""

GRACE = 60
"""Minutes after which at least one sample must have come: a cloud has images, if nothing else."""

_SINCE = "telemetry.policies.missing-since"


def policies(scene: CheckContext) -> CheckResult:
    """Whether the publisher's archive policies are there; one request.

    It is too early to tell in the first hour: nothing is polled at once, and the set-up of
    Ceilometer may just have been completed.
    """
    answer = scene.services["metric"].get("/v1/archive_policy")
    names = [str(p.get("name")) for p in reading.records(answer, "archive policies")]
    made = [name for name in names if name.startswith(PREFIX)]
    if made:
        return CheckResult(Severity.OK, f"has published to Gnocchi ({', '.join(sorted(made))})")
    now = datetime.datetime.now(datetime.timezone.utc).timestamp()
    earlier = scene.request.earlier
    since = earlier.figures.get(_SINCE, now) if earlier else now
    minutes = (now - since) / 60
    text = "has not published anything to Gnocchi yet"
    if minutes < GRACE:
        return CheckResult(Severity.SKIPPED, text, figures={_SINCE: since})
    text = f"has published nothing to Gnocchi for {minutes / 60:.0f} h"
    return CheckResult(Severity.DEGRADED, text, Cause.NO_POLICIES, figures={_SINCE: since})
