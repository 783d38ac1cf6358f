"""What checks remember from one verification to the next: typed, bounded, and read without trust.

Nothing here is shown to people; what they see is in the report.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from coordinator.report import kept
from coordinator.report.finding import Finding
from coordinator.text import plain

VERSION = 3
"""Version of the JSON form; another one is read as if nothing were remembered."""

LONGEST_TEXT = 300
"""Characters of a text that is remembered."""

LONGEST_NAME = 255
"""Characters of the name of a host (RFC 1035 has 253); a longer one is none."""

LARGEST = 10**15
"""What is counted is less: a number beyond it is an error of whoever gave it."""

MOST_HOSTS = 100
"""Hosts that are remembered at most, silent ones and others each."""

MOST_CANARIES = 20
"""Findings of canaries, endpoints and versions that are remembered at most."""


class CanaryRound(kept.Kept, frozen=True):
    """The last canaries, and what they proved.

    Attributes:
        sent_at: in UTC.
        endpoints: catalog type → URL, as they were then.
        builds: catalog type → version of the software, as it was then.
        findings: what came of them.
        seconds: catalog type → how long the canary took that came back.
        required: catalog types of these findings whose faults were failures.
    """

    sent_at: kept.Moment
    endpoints: Mapping[str, str]
    builds: Mapping[str, str]
    findings: tuple[Finding, ...] = ()
    seconds: Mapping[str, float] = {}
    required: tuple[str, ...] = ()


class BacklogTrend(kept.Kept, frozen=True):
    """How the measures that wait for metricd become more.

    Attributes:
        waiting: how many waited last.
        at: when that was, in UTC.
        growths: in how many verifications there were more than in the one before, without a break.
        steady: in how many about as many.
        idle: in how many not less, and no metricd was there.
    """

    waiting: kept.Count
    at: kept.Moment
    growths: kept.Count = 0
    steady: kept.Count = 0
    idle: kept.Count = 0


class FlowTrend(kept.Kept, frozen=True):
    """How long nothing fresh has come.

    Attributes:
        misses: verifications in a row without anything fresh; None: nothing fresh was ever seen.
        fresh: type and id of what had fresh measures last, such as `instance/ID`; or empty.
    """

    misses: kept.Count | None = msgspec.field(default=None, name="dry")
    fresh: str = ""


class HostsSeen(kept.Kept, frozen=True):
    """How far the round through the compute hosts has come.

    Attributes:
        silent: host → since when it has been silent, in UTC.
        after: the host that was looked at last in turn; empty: the first is next.
        known: names of some hosts, so that several can be looked for at the same time.
    """

    silent: Mapping[str, kept.Moment] = {}
    after: str = ""
    known: tuple[str, ...] = ()


class Unpublished(kept.Kept, frozen=True):
    """Since when Ceilometer is known to have published nothing, in UTC; None: it has published."""

    since: kept.Moment | None = None


Memory: TypeAlias = BacklogTrend | FlowTrend | HostsSeen | Unpublished
"""What one inspection remembers."""


class CheckMemory(kept.Kept, frozen=True):
    """Everything that checks remember.

    Attributes:
        canaries: None before the first were sent.
        charms_fail: whether a charm of the stack was down: canaries may tell what came of it.
        backlog: None before it was first counted.
        names: catalog type → application, as the Juju model showed it last.
    """

    canaries: CanaryRound | None = None
    charms_fail: bool = False
    backlog: BacklogTrend | None = None
    flow: FlowTrend = FlowTrend()
    hosts: HostsSeen = HostsSeen()
    unpublished: Unpublished = Unpublished()
    names: Mapping[str, str] = {}

    def replaced(self, memory: Memory) -> CheckMemory:
        """The same with what one inspection remembers now."""
        match memory:
            case BacklogTrend():
                return msgspec.structs.replace(self, backlog=memory)
            case FlowTrend():
                return msgspec.structs.replace(self, flow=memory)
            case HostsSeen():
                return msgspec.structs.replace(self, hosts=memory)
            case Unpublished():
                return msgspec.structs.replace(self, unpublished=memory)

    def bounded(self) -> CheckMemory:
        """The same, where nothing is longer, larger or more than anything honest."""
        trend = self.backlog
        return msgspec.structs.replace(
            self,
            canaries=_bounded_round(self.canaries) if self.canaries else None,
            backlog=msgspec.structs.replace(
                trend,
                waiting=min(trend.waiting, LARGEST),
                growths=min(trend.growths, LARGEST),
                steady=min(trend.steady, LARGEST),
                idle=min(trend.idle, LARGEST),
            )
            if trend
            else None,
            flow=FlowTrend(self.flow.misses, plain(self.flow.fresh, LONGEST_TEXT)),
            hosts=_bounded_hosts(self.hosts),
            names=_shortened(self.names),
        )

    def to_json(self) -> str:
        """The memory as JSON of bounded size."""
        return kept.dumps(self.bounded(), VERSION)

    @classmethod
    def from_json(cls, text: str) -> CheckMemory:
        """Read the JSON form; whatever is none is as good as no memory."""
        return (kept.loads(cls, text, VERSION) or cls()).bounded()


NOTHING = CheckMemory()
"""The memory before the first verification."""


def _bounded_round(canaries: CanaryRound) -> CanaryRound:
    findings = (
        msgspec.structs.replace(
            finding,
            service=plain(finding.service, LONGEST_TEXT),
            question=plain(finding.question, LONGEST_TEXT),
            summary=plain(finding.summary, LONGEST_TEXT),
            remedy=plain(finding.remedy, LONGEST_TEXT),
        )
        for finding in canaries.findings[:MOST_CANARIES]
    )
    return CanaryRound(
        canaries.sent_at,
        _shortened(canaries.endpoints),
        _shortened(canaries.builds),
        tuple(findings),
        dict(list(canaries.seconds.items())[:MOST_CANARIES]),
        tuple(plain(name, LONGEST_TEXT) for name in canaries.required[:MOST_CANARIES]),
    )


def _shortened(texts: Mapping[str, str]) -> dict[str, str]:
    some = list(texts.items())[:MOST_CANARIES]
    return {plain(name, LONGEST_TEXT): plain(text, LONGEST_TEXT) for name, text in some}


def _bounded_hosts(seen: HostsSeen) -> HostsSeen:
    some = sorted(seen.silent.items(), key=lambda item: item[1])[:MOST_HOSTS]
    return HostsSeen(
        {host: since for host, since in some if is_host(host)},
        seen.after if is_host(seen.after) else "",
        tuple(host for host in seen.known[:MOST_HOSTS] if is_host(host)),
    )


def is_host(name: str) -> bool:
    """Whether this can be the name of a host: short, and of printable ASCII."""
    return 0 < len(name) <= LONGEST_NAME and name.isascii() and name.isprintable()
