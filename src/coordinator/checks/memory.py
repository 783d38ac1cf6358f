"""What checks remember from one verification to the next: typed, bounded, and read without trust.

Nothing here is shown to people; what they see is in the report.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Iterable, Mapping
from typing import NoReturn, TypeAlias

from coordinator.report.finding import Cause, Finding, Severity
from coordinator.text import plain

VERSION = 1
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
        return json.dumps(
            {
                "version": VERSION,
                "canaries": _of_round(self.canaries) if self.canaries else None,
                "charms-fail": self.charms_fail,
                "backlog": _of_backlog(self.backlog) if self.backlog else None,
                "flow": {"dry": self.flow.dry, "fresh": self.flow.fresh[:LONGEST_TEXT]},
                "hosts": _of_hosts(self.hosts),
                "unpublished-since": _of_moment(self.unpublished.since),
            }
        )

    @classmethod
    def from_json(cls, text: str) -> CheckMemory:
        """Read the JSON form; whatever is none is as good as no memory."""
        if len(text) > LONGEST_JSON:
            return cls()
        try:
            fields: object = json.loads(text, object_pairs_hook=_Fields)
            if not isinstance(fields, _Fields) or fields.number("version") != VERSION:
                return cls()
            return cls(
                canaries=_round(fields.inner("canaries")) if fields.has("canaries") else None,
                charms_fail=fields.truth("charms-fail"),
                backlog=_backlog(fields.inner("backlog")) if fields.has("backlog") else None,
                flow=_flow(fields.inner("flow")),
                hosts=_hosts(fields.inner("hosts")),
                unpublished=Unpublished(
                    fields.moment("unpublished-since") if fields.has("unpublished-since") else None
                ),
            )
        except (ValueError, OverflowError, RecursionError):
            return cls()


NOTHING = CheckMemory()
"""The memory before the first verification."""


class _Fields:
    """A JSON object whose fields are what they should be.

    Raises:
        ValueError: by each method: the field is no such value.
    """

    def __init__(self, pairs: Iterable[tuple[str, object]]) -> None:
        self._values = dict(pairs)

    def has(self, name: str) -> bool:
        return self._values.get(name) is not None

    def names(self) -> tuple[str, ...]:
        return tuple(self._values)

    def text(self, name: str) -> str:
        value = self._values.get(name)
        if isinstance(value, str) and len(value) <= LONGEST_TEXT and value.isprintable():
            return value
        return _refuse(name)

    def number(self, name: str) -> int:
        value = self._values.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST:
            return value
        return _refuse(name)

    def truth(self, name: str) -> bool:
        value = self._values.get(name)
        return value if isinstance(value, bool) else _refuse(name)

    def moment(self, name: str) -> datetime.datetime:
        at = datetime.datetime.fromisoformat(self.text(name))
        return at.astimezone(datetime.timezone.utc) if at.tzinfo else _refuse(name)

    def inner(self, name: str) -> _Fields:
        value = self._values.get(name)
        return value if isinstance(value, _Fields) else _refuse(name)


def _refuse(what: str) -> NoReturn:
    raise ValueError(f"{what} is nothing that was written here")


def _of_moment(at: datetime.datetime | None) -> str | None:
    return at.isoformat() if at else None


def _of_round(canaries: CanaryRound) -> dict[str, object]:
    return {
        "sent-at": _of_moment(canaries.sent_at),
        "endpoints": _shortened(canaries.endpoints),
        "builds": _shortened(canaries.builds),
        "findings": {
            plain(finding.service, LONGEST_TEXT): {
                "question": plain(finding.question, LONGEST_TEXT),
                "severity": finding.severity.value,
                "summary": plain(finding.summary, LONGEST_TEXT),
                "cause": finding.cause.value if finding.cause else "",
                "remedy": plain(finding.remedy, LONGEST_TEXT),
            }
            for finding in canaries.findings[:MOST_CANARIES]
        },
        "milliseconds": {
            plain(service, LONGEST_TEXT): round(min(seconds, LARGEST / 1000) * 1000)
            for service, seconds in list(canaries.seconds.items())[:MOST_CANARIES]
        },
    }


def _shortened(texts: Mapping[str, str]) -> dict[str, str]:
    some = list(texts.items())[:MOST_CANARIES]
    return {plain(name, LONGEST_TEXT): plain(text, LONGEST_TEXT) for name, text in some}


def _round(fields: _Fields) -> CanaryRound:
    findings, took = fields.inner("findings"), fields.inner("milliseconds")
    return CanaryRound(
        sent_at=fields.moment("sent-at"),
        endpoints=_texts(fields.inner("endpoints")),
        builds=_texts(fields.inner("builds")),
        findings=tuple(
            _finding(service, findings.inner(service))
            for service in findings.names()[:MOST_CANARIES]
        ),
        seconds={service: took.number(service) / 1000 for service in took.names()[:MOST_CANARIES]},
    )


def _texts(fields: _Fields) -> dict[str, str]:
    return {name: fields.text(name) for name in fields.names()[:MOST_CANARIES]}


def _finding(service: str, fields: _Fields) -> Finding:
    cause = fields.text("cause")
    return Finding(
        service=service,
        question=fields.text("question"),
        severity=Severity(fields.text("severity")),
        summary=fields.text("summary"),
        cause=Cause(cause) if cause else None,
        remedy=fields.text("remedy"),
    )


def _of_backlog(trend: BacklogTrend) -> dict[str, object]:
    return {
        "waiting": min(trend.waiting, LARGEST),
        "at": _of_moment(trend.at),
        "growths": min(trend.growths, LARGEST),
        "steady": min(trend.steady, LARGEST),
        "idle": min(trend.idle, LARGEST),
    }


def _backlog(fields: _Fields) -> BacklogTrend:
    return BacklogTrend(
        waiting=fields.number("waiting"),
        at=fields.moment("at"),
        growths=fields.number("growths"),
        steady=fields.number("steady"),
        idle=fields.number("idle"),
    )


def _flow(fields: _Fields) -> FlowTrend:
    return FlowTrend(fields.number("dry") if fields.has("dry") else None, fields.text("fresh"))


def _of_hosts(seen: HostsSeen) -> dict[str, object]:
    some = sorted(seen.silent.items(), key=lambda item: item[1])[:MOST_HOSTS]
    return {
        "silent": {host: _of_moment(since) for host, since in some if is_host(host)},
        "after": seen.after if is_host(seen.after) else "",
        "known": {host: True for host in seen.known[:MOST_HOSTS] if is_host(host)},
    }


def _hosts(fields: _Fields) -> HostsSeen:
    silent = fields.inner("silent")
    names = [name for name in silent.names() if is_host(name)][:MOST_HOSTS]
    known = [name for name in fields.inner("known").names() if is_host(name)][:MOST_HOSTS]
    return HostsSeen(
        {name: silent.moment(name) for name in names}, fields.text("after"), tuple(known)
    )


def is_host(name: str) -> bool:
    """Whether this can be the name of a host: short, and of printable ASCII."""
    return 0 < len(name) <= LONGEST_NAME and name.isascii() and name.isprintable()
