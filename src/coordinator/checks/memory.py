"""What checks remember from one verification to the next: typed, bounded, and read without trust.

Nothing here is shown to people; what they see is in the report.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from coordinator.juju.foreign import Json
from coordinator.report.finding import Finding
from coordinator.text import plain

VERSION = 2
"""Version of the JSON form; another one is read as if nothing were remembered."""

LONGEST_JSON = 128 * 1024
"""Characters of the JSON form; a longer text was not written here."""

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


@dataclasses.dataclass(frozen=True)
class CanaryRound:
    """The last canaries, and what they proved.

    Attributes:
        sent_at: in UTC.
        endpoints: catalog type → URL, as they were then.
        builds: catalog type → version of the software, as it was then.
        findings: what came of them.
        seconds: catalog type → how long the canary took that came back.
    """

    sent_at: datetime.datetime
    endpoints: Mapping[str, str]
    builds: Mapping[str, str]
    findings: tuple[Finding, ...] = ()
    seconds: Mapping[str, float] = dataclasses.field(default_factory=dict[str, float])

    def bounded(self) -> CanaryRound:
        """The same with a few short texts."""
        findings = (
            dataclasses.replace(
                one,
                summary=plain(one.summary, LONGEST_TEXT),
                remedy=plain(one.remedy, LONGEST_TEXT),
            )
            for one in self.findings[:MOST_CANARIES]
        )
        return CanaryRound(
            self.sent_at,
            _shortened(self.endpoints),
            _shortened(self.builds),
            tuple(findings),
            dict(list(self.seconds.items())[:MOST_CANARIES]),
        )


@dataclasses.dataclass(frozen=True)
class BacklogTrend:
    """How the measures that wait for metricd become more.

    Attributes:
        waiting: how many waited last.
        at: when that was, in UTC.
        growths: in how many verifications there were more than in the one before, without a break.
        steady: in how many about as many.
        idle: in how many not less, and no metricd was there.
    """

    waiting: int
    at: datetime.datetime
    growths: int = 0
    steady: int = 0
    idle: int = 0


@dataclasses.dataclass(frozen=True)
class FlowTrend:
    """How long nothing fresh has come.

    Attributes:
        dry: verifications in a row without anything fresh; None: nothing fresh was ever seen.
        fresh: type and id of what had fresh measures last, such as `instance/ID`; or empty.
    """

    dry: int | None = None
    fresh: str = ""


@dataclasses.dataclass(frozen=True)
class HostsSeen:
    """How far the round through the compute hosts has come.

    Attributes:
        silent: host → since when it has been silent, in UTC.
        after: the host that was looked at last in turn; empty: the first is next.
        known: names of some hosts, so that several can be looked for at the same time.
    """

    silent: Mapping[str, datetime.datetime] = dataclasses.field(
        default_factory=dict[str, datetime.datetime]
    )
    after: str = ""
    known: tuple[str, ...] = ()

    def bounded(self) -> HostsSeen:
        """The same with those that were silent longest, and no name that is none of a host."""
        longest = sorted(self.silent.items(), key=lambda item: item[1])
        silent = [(host, since) for host, since in longest if is_host(host)]
        known = tuple(filter(is_host, self.known))
        after = self.after if is_host(self.after) else ""
        return HostsSeen(dict(silent[:MOST_HOSTS]), after, known[:MOST_HOSTS])


@dataclasses.dataclass(frozen=True)
class Unpublished:
    """Since when Ceilometer is known to have published nothing, in UTC; None: it has published."""

    since: datetime.datetime | None = None


Memory: TypeAlias = BacklogTrend | FlowTrend | HostsSeen | Unpublished
"""What one inspection remembers."""


@dataclasses.dataclass(frozen=True)
class CheckMemory:
    """Everything that checks remember.

    Attributes:
        canaries: None before the first were sent.
        charms_fail: whether a charm of the stack was down: canaries may tell what came of it.
        backlog: None before it was first counted.
    """

    canaries: CanaryRound | None = None
    charms_fail: bool = False
    backlog: BacklogTrend | None = None
    flow: FlowTrend = FlowTrend()
    hosts: HostsSeen = HostsSeen()
    unpublished: Unpublished = Unpublished()

    def replaced(self, memory: Memory) -> CheckMemory:
        """The same with what one inspection remembers now."""
        match memory:
            case BacklogTrend():
                return dataclasses.replace(self, backlog=memory)
            case FlowTrend():
                return dataclasses.replace(self, flow=memory)
            case HostsSeen():
                return dataclasses.replace(self, hosts=memory)
            case Unpublished():
                return dataclasses.replace(self, unpublished=memory)

    def to_json(self) -> str:
        """The memory as JSON of bounded size."""
        canaries = self.canaries.bounded() if self.canaries else None
        kept = dataclasses.replace(self, canaries=canaries, hosts=self.hosts.bounded())
        return json.dumps({"version": VERSION, **dataclasses.asdict(kept)}, default=_written)

    @classmethod
    def from_json(cls, text: str) -> CheckMemory:
        """Read the JSON form; whatever is none is as good as no memory."""
        if len(text) > LONGEST_JSON:
            return cls()
        try:
            fields: Json = json.loads(text)
            if not isinstance(fields, Mapping) or fields.get("version") != VERSION:
                return cls()
            kept: CheckMemory = _read(cls, fields)
        except (ValueError, OverflowError, RecursionError):
            return cls()
        return dataclasses.replace(kept, hosts=kept.hosts.bounded())


NOTHING = CheckMemory()
"""The memory before the first verification."""


def is_host(name: str) -> bool:
    """Whether this can be the name of a host: short, and of printable ASCII."""
    return 0 < len(name) <= LONGEST_NAME and name.isascii() and name.isprintable()


def _shortened(texts: Mapping[str, str]) -> dict[str, str]:
    some = list(texts.items())[:MOST_CANARIES]
    return {plain(name, LONGEST_TEXT): plain(text, LONGEST_TEXT) for name, text in some}


def _written(value: datetime.datetime | enum.Enum) -> str:
    """What JSON has no form for."""
    return value.isoformat() if isinstance(value, datetime.datetime) else value.value


def _read(kind: Any, value: Json) -> Any:
    """A value of a kind, as it was written.

    Raises:
        ValueError: it is none.
    """
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if type(None) in inner:
        return None if value is None else _read(inner[0], value)
    if origin is tuple and isinstance(value, list):
        return tuple(_read(inner[0], one) for one in value)
    if origin is Mapping and isinstance(value, Mapping):
        return {_read(str, key): _read(inner[1], one) for key, one in value.items()}
    if origin is None and isinstance(value, Mapping):
        kinds = typing.get_type_hints(kind)
        return kind(**{key: _read(one, value.get(key)) for key, one in kinds.items()})
    return _read_plain(kind, value)


def _read_plain(kind: Any, value: Json) -> Any:
    if kind is datetime.datetime:
        at = datetime.datetime.fromisoformat(_read_plain(str, value))
        if at.tzinfo:
            return at.astimezone(datetime.timezone.utc)
    elif kind in _FITS:
        if _FITS[kind](value):
            return value
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        return kind(value)
    raise ValueError("nothing that was written here")


def _is_number(value: Json) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 <= value <= LARGEST


_FITS: Mapping[Any, Callable[[Json], bool]] = {
    bool: lambda value: isinstance(value, bool),
    int: lambda value: isinstance(value, int) and _is_number(value),
    float: _is_number,
    str: lambda value: (
        isinstance(value, str) and len(value) <= LONGEST_TEXT and value.isprintable()
    ),
}
