"""Compute hosts whose instances have gone silent, found a few hosts at a time.

Each verification goes on where the last one ended, so that all hosts are looked at in turn, and
looks again at hosts that were silent: these stay in the reports until they are heard.
"""

from __future__ import annotations

import datetime
import functools
import math
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping

import msgspec

from coordinator.checks.base import CheckContext, CheckResult
from coordinator.checks.measures import LOOK_BACK, OutOfTimeError, Resource, Sampling, ago, late
from coordinator.checks.memory import MOST_HOSTS, HostsSeen
from coordinator.report import figures as figures_of
from coordinator.report.finding import Cause, Severity
from coordinator.text import counted, named, quoted

HOSTS = 8
"""Hosts that are looked at in turn."""

AGAIN = 4
"""Silent hosts that are looked at again."""

PER_HOST = 3
"""Instances of a host that are asked for measures at most."""

NAMED = 3
"""Silent hosts that are named; more are in the figures."""

FIGURES = 20
"""Silent hosts that have a figure in the report at most."""

_Heard = Mapping[str, float | None]
"""Minutes since the newest measure, by host; None where that cannot be told."""


class _Look(msgspec.Struct, frozen=True):
    """The hosts that one verification looks at.

    Attributes:
        instances: a few of each host, the youngest first: of these, most run.
        empty: hosts that were silent and have no instances any more.
        after: the host that was looked at last in turn; empty where the first is next.
        known: names of hosts that are still there, as far as is known.
    """

    instances: Mapping[str, list[Resource]]
    empty: frozenset[str]
    after: str
    known: tuple[str, ...]


def inspect_hosts(context: CheckContext, sampling: Sampling) -> CheckResult:
    """Tell which compute hosts have gone silent, and where to go on the next time.

    A host is silent when none of a few of its instances has a fresh measure. At most
    (HOSTS + AGAIN) * (1 + PER_HOST) = 48 requests beside those of the flow, however many hosts and
    instances there are. They take three rounds: names, instances, and the measures of the youngest
    instance of each; one more where that is not fresh.
    """
    before = context.memory.hosts
    age = context.request.thresholds.age
    try:
        look = _look(sampling, before)
        heard = {**_listen(sampling, look.instances, age), **dict.fromkeys(look.empty)}
    except OutOfTimeError:
        return late(context)
    now = datetime.datetime.now(datetime.timezone.utc)
    silent = {host: since for host, since in before.silent.items() if host not in heard}
    for host, minutes in heard.items():
        if minutes and minutes > age:
            silent[host] = _since(now, minutes, before.silent.get(host))
    complete = look.instances.keys() <= heard.keys()
    seen = HostsSeen(silent, look.after if complete else before.after, look.known)
    return _judge(heard, seen, now, age)


def _look(sampling: Sampling, before: HostsSeen) -> _Look:
    """Look for the hosts that follow in turn, and for some that were silent; one round.

    The next host after a name takes a search. Where names are known, several are looked for at the
    same time, and a host between two of them is found as well.

    Raises:
        OutOfTimeError, or anything of the HTTP stack.
    """
    drawn = {one.host for one in sampling.draw("instance") if one.host}
    names = sorted({*before.known, *drawn})
    starts = _starts(before.after, names)
    again = _some(before.silent)
    jobs: dict[tuple[str, str], Callable[[], list[Resource]]] = {}
    for sign, hosts in ((">", starts), ("=", again)):
        for host in hosts:
            jobs[sign, host] = functools.partial(_find, sampling, sign, host)
    found = sampling.gather(jobs)
    if len(found) < len(jobs):
        raise OutOfTimeError
    in_turn = [(start, found[">", start]) for start in starts]
    instances = {some[0].host: _of_one_host(some) for some in found.values() if some}
    present = [host for host in {*names, *instances} if not _is_gone(host, in_turn)]
    after = _end_of_turn(before.after, in_turn)
    return _Look(
        instances=instances,
        empty=frozenset(host for host in again if not found["=", host]),
        after=after,
        known=tuple(_cyclic(after, sorted(present))[:MOST_HOSTS]),
    )


def _find(sampling: Sampling, sign: str, host: str) -> list[Resource]:
    """Instances of the next host after a name, or of the host of that name."""
    order = ["host:asc", "started_at:desc"]
    return sampling.find("instance", [{sign: {"host": host}}], order, PER_HOST)


def _of_one_host(instances: list[Resource]) -> list[Resource]:
    return [one for one in instances if one.host == instances[0].host]


def _cyclic(after: str, names: Iterable[str]) -> list[str]:
    """Names in the order of their turn."""
    return sorted(names, key=lambda name: (name <= after, name))


def _starts(after: str, names: list[str]) -> list[str]:
    """The names after which to look for the next host, once round at most."""
    ahead = [name for name in names if name > after]
    behind = ["", *(name for name in names if name < after)] if after else []
    return [after, *ahead, *behind][:HOSTS]


def _is_gone(host: str, in_turn: Iterable[tuple[str, list[Resource]]]) -> bool:
    """Whether a search went past a host without finding it."""
    return any(start < host and (not some or host < some[0].host) for start, some in in_turn)


def _end_of_turn(after: str, in_turn: Iterable[tuple[str, list[Resource]]]) -> str:
    """The last host up to which no other was left out."""
    for start, some in in_turn:
        if start > after or (after and not start):
            break  # there are more between them: the next verification goes on there
        after = some[0].host if some else ""
    return after


def _listen(sampling: Sampling, hosts: Mapping[str, list[Resource]], age: int) -> _Heard:
    """How long hosts have been silent: the youngest instance of each, then the others.

    Raises:
        OutOfTimeError, or anything of the HTTP stack.
    """
    newest: dict[str, float] = {}
    asked: set[str] = set()
    for part in (slice(0, 1), slice(1, PER_HOST)):
        jobs = {
            (host, number): functools.partial(sampling.silence, one)
            for host, some in hosts.items()
            if newest.get(host, math.inf) > age
            for number, one in enumerate(some[part])
        }
        if not jobs:
            continue
        found = sampling.gather(jobs)
        for (host, _), minutes in found.items():
            asked.add(host)
            if minutes is not None:
                newest[host] = min(minutes, newest.get(host, math.inf))
        if len(found) < len(jobs):
            # what was not asked in time is neither silent nor heard
            late_ones = {host for host, _ in jobs.keys() - found.keys()}
            asked -= {host for host in late_ones if newest.get(host, math.inf) > age}
    return {host: _heard(sampling, hosts[host][0], newest.get(host), age) for host in asked}


def _heard(sampling: Sampling, youngest: Resource, newest: float | None, age: int) -> float | None:
    """The silence of a host; None also where its measures wait for metricd."""
    if newest is not None and newest > age and sampling.unprocessed(youngest):
        return None
    return newest


def _judge(heard: _Heard, seen: HostsSeen, now: datetime.datetime, age: int) -> CheckResult:
    """What is to be said about the hosts that were heard, and those that are known as silent."""
    silent = {host: (now - since).total_seconds() / 60 for host, since in seen.silent.items()}
    longest = sorted(silent, key=lambda host: (-silent[host], host))
    figures = {f"{figures_of.SILENT_HOSTS}{quoted(h)[1:-1]}": round(silent[h], 1) for h in longest}
    figures = dict(list(figures.items())[:FIGURES])
    if not heard and not silent:
        text = "has no compute host with instances in Gnocchi"
        return CheckResult(Severity.SKIPPED, text, memory=seen)
    told = [
        f"{quoted(host)} for {ago(silent[host])}"
        for host in longest
        if silent[host] <= figures_of.GONE
    ]
    if told:
        text = f"has sent no measures from {named(told, NAMED)}"
        return CheckResult(
            Severity.DEGRADED, text, Cause.SILENT_HOSTS, figures=figures, memory=seen
        )
    known = [host for host, minutes in heard.items() if minutes is not None and minutes <= age]
    gone = f"{counted(len(silent), 'compute host')} silent for more than a week"
    if silent and not known:
        text = f"has {gone} in Gnocchi"
        return CheckResult(Severity.SKIPPED, text, figures=figures, memory=seen)
    if not known:
        text = "has hosts in Gnocchi whose measures metricd has not processed, or may not be read"
        return CheckResult(Severity.SKIPPED, text, figures=figures, memory=seen)
    text = f"sends measures from {counted(len(known), 'compute host')} that were sampled"
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
