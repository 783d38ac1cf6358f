"""The memory of checks from one verification to the next: bounded, and read without trust."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from coordinator.report import kept
from coordinator.report.finding import Finding
from coordinator.text import plain

VERSION = 3
"""Version of the JSON form; another one is not read."""

LONGEST_TEXT = 300
"""Characters."""

LONGEST_NAME = 255
"""Characters of the name of a host (RFC 1035 has 253)."""

LARGEST = 10**15
"""No honest count is larger."""

MOST_HOSTS = 100
"""Silent hosts, and as many others."""

MOST_ITEMS = 20
"""Findings of canaries, endpoints, and whatever else there is several of."""


class CanaryRound(kept.Kept, frozen=True):
    """The last canaries, and what they proved.

    Attributes:
        sent_at: in UTC.
        endpoints: catalog type → URL.
        builds: catalog type → version of the software.
        seconds: catalog type → how long the canary took that came back.
        required: catalog types of the findings whose faults were failures.
    """

    sent_at: kept.Moment
    endpoints: Mapping[str, str]
    builds: Mapping[str, str]
    findings: tuple[Finding, ...] = ()
    seconds: Mapping[str, float] = {}
    required: tuple[str, ...] = ()


class BacklogTrend(kept.Kept, frozen=True):
    """The trend of the measures that wait for metricd, in verifications without a break.

    Attributes:
        waiting: how many waited last.
        at: when that was, in UTC.
        growths: verifications with more than in the one before.
        steady: those with about as many.
        idle: those with no less, and no metricd.
    """

    waiting: kept.Count
    at: kept.Moment
    growths: kept.Count = 0
    steady: kept.Count = 0
    idle: kept.Count = 0


class FlowTrend(kept.Kept, frozen=True):
    """The time since fresh measures came.

    Attributes:
        misses: verifications in a row without anything fresh; None: nothing fresh was ever seen.
        fresh: type and id of what had fresh measures last, such as `instance/ID`; or empty.
    """

    misses: kept.Count | None = msgspec.field(default=None, name="dry")
    fresh: str = ""


class HostsSeen(kept.Kept, frozen=True):
    """The progress of the round through the compute hosts.

    Attributes:
        silent: host → since when it has been silent, in UTC.
        after: the host that was looked at last; empty: the first is next.
        known: names of some hosts, so that several can be looked for at the same time.
    """

    silent: Mapping[str, kept.Moment] = {}
    after: str = ""
    known: tuple[str, ...] = ()


class Unpublished(kept.Kept, frozen=True):
    """The time since which Ceilometer has published nothing, in UTC; None: it has published."""

    since: kept.Moment | None = None


Memory: TypeAlias = BacklogTrend | FlowTrend | HostsSeen | Unpublished
"""The memory of one inspection."""


class CheckMemory(kept.Kept, frozen=True):
    """Everything that checks remember.

    Attributes:
        canaries: None before the first were sent.
        charms_fail: a charm of the stack was down: canaries may tell what came of it.
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
        """The same, with nothing longer, larger or more than honest values are."""
        others = kept.fields_of(msgspec.structs.replace(self, hosts=HostsSeen()))
        shortened = {key: _shortened(value) for key, value in others.items()}
        bounded = kept.read(CheckMemory, shortened)
        return msgspec.structs.replace(bounded, hosts=_bounded_hosts(self.hosts))

    def to_json(self) -> str:
        """The memory as JSON of bounded size."""
        return kept.dumps(self.bounded(), VERSION)

    @classmethod
    def from_json(cls, text: str) -> CheckMemory:
        """Read the JSON form; any other text is no memory."""
        return (kept.loads(cls, text, VERSION) or cls()).bounded()


NOTHING = CheckMemory()
"""The memory before the first verification."""

_Value: TypeAlias = (
    "str | float | datetime.datetime | tuple[_Value, ...] | Mapping[str, _Value] | None"
)
"""The value of a field whose structs are objects."""


def _shortened(value: _Value) -> _Value:
    if isinstance(value, str):
        return plain(value, LONGEST_TEXT)
    if isinstance(value, int):
        return min(value, LARGEST)
    if isinstance(value, tuple):
        return tuple(_shortened(item) for item in value[:MOST_ITEMS])
    if isinstance(value, Mapping):
        items = list(value.items())[:MOST_ITEMS]
        return {plain(key, LONGEST_TEXT): _shortened(item) for key, item in items}
    return value


def _bounded_hosts(seen: HostsSeen) -> HostsSeen:
    some = sorted(seen.silent.items(), key=lambda item: item[1])[:MOST_HOSTS]
    return HostsSeen(
        {host: since for host, since in some if is_host(host)},
        seen.after if is_host(seen.after) else "",
        tuple(host for host in seen.known[:MOST_HOSTS] if is_host(host)),
    )


def is_host(name: str) -> bool:
    """True if this can be the name of a host: short, and of printable ASCII."""
    return 0 < len(name) <= LONGEST_NAME and name.isascii() and name.isprintable()
