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

from coordinator.checks import reading
from coordinator.checks.deep import CheckContext, CheckResult
from coordinator.checks.measures import (
    LOOK_BACK,
    OutOfTimeError,
    Resource,
    Sampling,
    ago,
    host_name,
    late,
)
from coordinator.report import figures
from coordinator.report.finding import Cause, Severity
from coordinator.report.report import Report

HOSTS = 8
"""Hosts that are looked at in turn."""

AGAIN = 4
"""Silent hosts that are looked at again."""

PER_HOST = 3
"""Instances of a host that are asked for measures, until one has fresh ones."""

NAMED = 3
"""Silent hosts that are named; all of them are in the figures."""

KEPT = 200
"""Silent hosts that are remembered at most."""

_AFTER = "telemetry.hosts.after:"


@dataclasses.dataclass(frozen=True)
class Memory:
    """What is remembered from report to report.

    Attributes:
        silent: minutes of silence by host.
        after: the host that was looked at last; empty where the first is next.
    """

    silent: Mapping[str, float] = dataclasses.field(default_factory=dict[str, float])
    after: str = ""

    @classmethod
    def of(cls, earlier: Report | None) -> Memory:
        """What the last report says; its silent hosts have been silent since."""
        if earlier is None:
            return cls()
        now = datetime.datetime.now(datetime.timezone.utc)
        passed = max(0.0, (now - earlier.taken_at).total_seconds() / 60)
        silent = {
            host: minutes + passed
            for host, minutes in figures.about(earlier.figures, figures.SILENT_HOSTS).items()
        }
        after = (n.removeprefix(_AFTER) for n in earlier.figures if n.startswith(_AFTER))
        return cls(silent, next(after, ""))

    @property
    def figures(self) -> dict[str, float]:
        """The memory as figures of a report."""
        hosts = list(self.silent.items())[:KEPT]
        silent = {f"{figures.SILENT_HOSTS}{host}": minutes for host, minutes in hosts}
        return {**silent, f"{_AFTER}{self.after}": 0.0} if self.after else silent


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


def hosts(scene: CheckContext) -> CheckResult:
    """Which compute hosts have gone silent, and where to go on the next time.

    A host is silent when none of a few of its instances has a fresh measure. At most
    (HOSTS + AGAIN) * (1 + PER_HOST) + 2 = 50 requests, however many hosts and instances there are.
    """
    memory = Memory.of(scene.request.earlier)
    round_ = _Round(Sampling.of(scene), memory.after)
    try:
        for host in _some(memory.silent):
            round_.look_again(host)
        round_.look_on()
    except OutOfTimeError:
        if not round_.heard and not memory.silent:
            return late(scene, memory.figures)
    age = scene.request.thresholds.age
    silent = {host: m for host, m in memory.silent.items() if host not in round_.heard}
    silent |= {h: _longer(m, memory, h) for h, m in round_.heard.items() if m and m > age}
    silent = {host: round(minutes, 1) for host, minutes in silent.items()}  # as figures have it
    numbers = Memory(silent, round_.after).figures
    if not round_.heard and not silent:
        text = "has no compute host with instances in Gnocchi"
        return CheckResult(Severity.SKIPPED, text, figures=numbers)
    named = sorted(
        (host for host, minutes in silent.items() if minutes <= figures.GONE),
        key=lambda host: (-silent[host], host),
    )
    if named:
        text = ", ".join(f"{host_name(host)} for {ago(silent[host])}" for host in named[:NAMED])
        more = f" (+{len(named) - NAMED} more)" if len(named) > NAMED else ""
        return CheckResult(
            Severity.DEGRADED,
            f"brings no measures from {text}{more}",
            Cause.SILENT_HOSTS,
            figures=numbers,
        )
    known = [host for host, m in round_.heard.items() if m is not None and m <= age]
    gone = f"{reading.count(len(silent), 'compute host')} silent for more than a week"
    if silent and not known:
        return CheckResult(Severity.SKIPPED, f"has {gone} in Gnocchi", figures=numbers)
    if not known:
        text = "has hosts in Gnocchi whose measures metricd has not processed, or may not be read"
        return CheckResult(Severity.SKIPPED, text, figures=numbers)
    number = reading.count(len(known), "compute host")
    text = f"brings measures from {number} that were asked"
    return CheckResult(
        Severity.OK, f"{text} (besides {gone})" if silent else text, figures=numbers
    )


def _some(hosts: Collection[str]) -> list[str]:
    """A few of these, others each time."""
    return secrets.SystemRandom().sample(sorted(hosts), min(AGAIN, len(hosts)))


def _longer(minutes: float, memory: Memory, host: str) -> float:
    """The silence that was measured; beyond what is looked back, as long as it is remembered."""
    if math.isfinite(minutes):
        return minutes
    return max(memory.silent.get(host, 0.0), LOOK_BACK + 1.0)
