"""Compute hosts whose instances have gone silent, found a few hosts at a time.

Each verification goes on where the last one ended, so that all hosts are looked at in turn, and
looks again at hosts that were silent: these stay in the reports until they are heard.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
import secrets
from collections.abc import Collection, Mapping

from coordinator.checks import base
from coordinator.checks.base import CheckContext, CheckResult
from coordinator.checks.measures import (
    LOOK_BACK,
    OutOfTimeError,
    Resource,
    Sampling,
    ago,
    host_name,
    late,
)
from coordinator.checks.memory import HostsSeen
from coordinator.report.finding import Cause, Severity

HOSTS = 8
"""Hosts that are looked at in turn."""

AGAIN = 4
"""Silent hosts that are looked at again."""

PER_HOST = 3
"""Instances of a host that are asked for measures, until one has fresh ones."""

NAMED = 3
"""Silent hosts that are named; more are in the figures."""

FIGURES = 20
"""Silent hosts that have a figure in the report at most."""

GONE = 7 * LOOK_BACK
"""Minutes of silence after which a host is no fault any more: it was taken away, and the
notifications of the ends of its instances were lost."""


@dataclasses.dataclass
class _Round:
    """The looks at hosts of one verification.

    Attributes:
        after: the host that was looked at last in turn; empty where the first is next.
        heard: minutes since the newest measure, by host; None where that cannot be told.
    """

    sampling: Sampling
    after: str
    heard: dict[str, float | None] = dataclasses.field(default_factory=dict[str, "float | None"])

    def look(self, instances: list[Resource]) -> None:
        """Look at the host of the first instance."""
        host = instances[0].host
        silences = self.sampling.silences(one for one in instances if one.host == host)
        newest = min(silences.values(), default=None)
        if newest is not None and newest > self.sampling.age:
            newest = None if self.sampling.unprocessed(instances[0]) else newest
        self.heard[host] = newest

    def look_again(self, host: str) -> None:
        """Look at a host that was silent; one without instances is no longer silent."""
        instances = self._next({"=": {"host": host}})
        if instances:
            self.look(instances)
        else:
            self.heard[host] = None

    def look_on(self) -> None:
        """Look at the hosts that follow, from the first again at the end."""
        again, from_first = set(self.heard), not self.after
        for _ in range(HOSTS):
            instances = self._next({">": {"host": self.after}})
            if not instances:
                self.after = ""
                if from_first:
                    return  # all were looked at
                from_first = True
                instances = self._next({">": {"host": ""}})
            if not instances:
                return
            host = instances[0].host
            if host not in self.heard:
                self.look(instances)
            elif host in again:
                again.discard(host)
            else:
                return  # once round
            self.after = host

    def _next(self, condition: Mapping[str, Mapping[str, object]]) -> list[Resource]:
        """Instances of one host, the youngest first: of these, most run."""
        return self.sampling.find(
            "instance", [condition], ["host:asc", "started_at:desc"], PER_HOST
        )


def inspect_hosts(context: CheckContext) -> CheckResult:
    """Tell which compute hosts have gone silent, and where to go on the next time.

    A host is silent when none of a few of its instances has a fresh measure. At most
    (HOSTS + AGAIN) * (1 + PER_HOST) + 2 = 50 requests, however many hosts and instances there are.
    """
    before = context.memory.hosts
    round_ = _Round(Sampling.of(context), before.after)
    try:
        for host in _some(before.silent):
            round_.look_again(host)
        round_.look_on()
    except OutOfTimeError:
        if not round_.heard and not before.silent:
            return late(context)
    now = datetime.datetime.now(datetime.timezone.utc)
    age = context.request.thresholds.age
    silent = {host: since for host, since in before.silent.items() if host not in round_.heard}
    for host, minutes in round_.heard.items():
        if minutes and minutes > age:
            silent[host] = _since(now, minutes, before.silent.get(host))
    return _judged(round_, HostsSeen(silent, round_.after), now, age)


def _judged(round_: _Round, seen: HostsSeen, now: datetime.datetime, age: int) -> CheckResult:
    """What is to be said about the hosts that were heard, and those that are known as silent."""
    silent = {host: (now - since).total_seconds() / 60 for host, since in seen.silent.items()}
    longest = sorted(silent, key=lambda host: (-silent[host], host))
    figures = {
        f"telemetry.hosts.silent:{host_name(h)}": round(silent[h], 1) for h in longest[:FIGURES]
    }
    if not round_.heard and not silent:
        text = "has no compute host with instances in Gnocchi"
        return CheckResult(Severity.SKIPPED, text, memory=seen)
    named = [host for host in longest if silent[host] <= GONE]
    if named:
        text = ", ".join(f"{host_name(host)} for {ago(silent[host])}" for host in named[:NAMED])
        more = f" (+{len(named) - NAMED} more)" if len(named) > NAMED else ""
        text = f"brings no measures from {text}{more}"
        return CheckResult(
            Severity.DEGRADED, text, Cause.SILENT_HOSTS, figures=figures, memory=seen
        )
    known = [host for host, m in round_.heard.items() if m is not None and m <= age]
    gone = f"{base.count(len(silent), 'compute host')} silent for more than a week"
    if silent and not known:
        text = f"has {gone} in Gnocchi"
        return CheckResult(Severity.SKIPPED, text, figures=figures, memory=seen)
    if not known:
        text = "has hosts in Gnocchi whose measures metricd has not processed, or may not be read"
        return CheckResult(Severity.SKIPPED, text, figures=figures, memory=seen)
    text = f"brings measures from {base.count(len(known), 'compute host')} that were asked"
    text = f"{text} (besides {gone})" if silent else text
    return CheckResult(Severity.OK, text, figures=figures, memory=seen)


def _some(hosts: Collection[str]) -> list[str]:
    """A few of these, others each time."""
    return secrets.SystemRandom().sample(sorted(hosts), min(AGAIN, len(hosts)))


def _since(
    now: datetime.datetime, minutes: float, before: datetime.datetime | None
) -> datetime.datetime:
    """Since when a host is silent: what was measured, or what is remembered beyond that."""
    if math.isfinite(minutes):
        return now - datetime.timedelta(minutes=minutes)
    beyond = now - datetime.timedelta(minutes=LOOK_BACK + 1)
    return min(beyond, before) if before else beyond
