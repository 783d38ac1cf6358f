"""Compute hosts whose instances have gone silent, found a few hosts at a time.

Each verification goes on where the last one ended, so that all hosts are looked at in turn, and
looks again at hosts that were silent: these stay in the reports until their measures are fresh.
"""

from __future__ import annotations

import datetime
import functools
import math
import secrets
from collections.abc import Mapping, Sequence

from coordinator.checks.base import CheckContext, CheckResult
from coordinator.checks.measures import LOOK_BACK, OutOfTimeError, Resource, Sampling, ago
from coordinator.checks.memory import MOST_HOSTS, HostsSeen
from coordinator.report import figures as figures_of
from coordinator.report.finding import Cause, Severity
from coordinator.text import counted, named, quoted

HOSTS = 8
"""Hosts that are looked at in turn."""

SILENT_AGAIN = 4
"""Silent hosts that are looked at again."""

INSTANCES = 3
"""Instances of a host that are asked for measures at most."""

MOST_NAMED = 3
MOST_FIGURES = 20

_Turn = Sequence[tuple[str, list[Resource]]]
"""Searches for the next host in turn: the name to begin after, and what was found."""


def inspect_hosts(context: CheckContext, sampling: Sampling) -> CheckResult:
    """Tell which compute hosts have gone silent, and where to go on the next time.

    A host is silent when none of a few of its instances has a fresh measure. At most
    (HOSTS + SILENT_AGAIN) * (1 + INSTANCES) = 48 requests beside those of the flow, however many
    hosts and instances there are. They take three rounds: names, instances, and the measures of
    the youngest instance of each; one more where that is not fresh.

    Raises:
        OutOfTimeError, or another ApiError.
    """
    before = context.memory.hosts
    hosts, seen = _look(sampling, before)
    read = _read_silence(sampling, hosts)
    now = datetime.datetime.now(datetime.timezone.utc)
    silent = {host: since for host, since in before.silent.items() if host not in read}
    for host, minutes in read.items():
        if minutes and minutes > sampling.age:
            silent[host] = _since(now, minutes, before.silent.get(host))
    after = seen.after
    if len(read) < len(hosts):
        after = before.after  # the next verification looks at the same hosts again
        if not read and not silent:
            raise OutOfTimeError
    sending = sum(minutes is not None and minutes <= sampling.age for minutes in read.values())
    return _judge(HostsSeen(silent, after, seen.known), now, len(read), sending)


def _look(sampling: Sampling, before: HostsSeen) -> tuple[dict[str, list[Resource]], HostsSeen]:
    """Look for the hosts that follow in turn, and for some that were silent; one round.

    The next host after a name takes a search. Where names are known, several are looked for at the
    same time, and a host between two of them is found as well.

    Gives a few instances of each host, the youngest first, since of these most run; none of a host
    that was silent and has none any more. And what to remember of the turn.
    """
    drawn = {one.host for one in sampling.draw("instance") if one.host}
    names = {*before.known, *drawn}
    starts = _starts(before.after, sorted(names))
    again = sorted(before.silent)
    again = secrets.SystemRandom().sample(again, min(SILENT_AGAIN, len(again)))
    find = functools.partial(sampling.find, "instance", ["host:asc", "started_at:desc"], INSTANCES)
    found = sampling.gather(
        {
            (sign, host): functools.partial(find, [{sign: {"host": host}}])
            for sign, hosts in ((">", starts), ("=", again))
            for host in hosts
        }
    )
    instances = {
        some[0].host: [one for one in some if one.host == some[0].host]
        for some in found.values()
        if some
    }
    turn = [(start, found[">", start]) for start in starts]
    after = _end_of(turn, before.after)
    present = [host for host in {*names, *instances} if not _is_gone(host, turn)]
    in_turn = sorted(present, key=lambda host: (host <= after, host))
    instances.update({host: [] for host in again if not found["=", host]})
    return instances, HostsSeen(before.silent, after, tuple(in_turn[:MOST_HOSTS]))


def _starts(after: str, names: Sequence[str]) -> list[str]:
    """The names after which to look for the next host, once round at most."""
    ahead = [name for name in names if name > after]
    behind = ["", *(name for name in names if name < after)] if after else []
    return [after, *ahead, *behind][:HOSTS]


def _is_gone(host: str, turn: _Turn) -> bool:
    """True if a search went past the host without finding it."""
    return any(start < host and (not some or host < some[0].host) for start, some in turn)


def _end_of(turn: _Turn, after: str) -> str:
    """The last host up to which no other was left out."""
    for start, some in turn:
        if start > after or (after and not start):
            break  # there are more between them: the next verification goes on there
        after = some[0].host if some else ""
    return after


def _read_silence(
    sampling: Sampling, hosts: Mapping[str, list[Resource]]
) -> dict[str, float | None]:
    """Minutes since the newest measure of each host: its youngest instance, then the others.

    None where that cannot be told, or measures wait for metricd. A host that was not read in time
    is left out: it is neither silent nor fresh.
    """
    newest: dict[str, float] = {}
    late: set[str] = set()
    for part in (slice(0, 1), slice(1, INSTANCES)):
        asked = [
            one
            for host, some in hosts.items()
            if newest.get(host, math.inf) > sampling.age
            for one in some[part]
        ]
        answers = sampling.read(asked)
        for one, minutes in answers:
            if minutes is not None:
                newest[one.host] = min(minutes, newest.get(one.host, math.inf))
        answered = {one.id for one, _ in answers}
        late |= {one.host for one in asked if one.id not in answered}
    read: dict[str, float | None] = {}
    for host, some in hosts.items():
        minutes = newest.get(host)
        if minutes is not None and minutes <= sampling.age:
            read[host] = minutes
        elif host not in late:
            waits = minutes is not None and sampling.is_unprocessed(some[0])
            read[host] = None if waits else minutes
    return read


def _since(
    now: datetime.datetime, minutes: float, before: datetime.datetime | None
) -> datetime.datetime:
    """The begin of a silence: what was measured, or what is remembered beyond that."""
    if math.isfinite(minutes):
        return now - datetime.timedelta(minutes=minutes)
    beyond = now - datetime.timedelta(minutes=LOOK_BACK + 1)
    return min(beyond, before) if before else beyond


def _judge(seen: HostsSeen, now: datetime.datetime, read: int, sending: int) -> CheckResult:
    """Tell which hosts are silent.

    Args:
        seen: the hosts that are known as silent, and what else to remember.
        now: in UTC.
        read: hosts that were looked at.
        sending: hosts among them that have fresh measures.
    """
    silent = {host: (now - since).total_seconds() / 60 for host, since in seen.silent.items()}
    longest = sorted(silent, key=lambda host: (-silent[host], host))
    figures = {
        f"{figures_of.SILENT_HOSTS}{quoted(host)[1:-1]}": round(silent[host], 1)
        for host in longest[:MOST_FIGURES]
    }
    there = [host for host in longest if silent[host] <= figures_of.GONE]
    gone = f"{counted(len(silent), 'compute host')} silent for more than a week"
    severity, cause = Severity.SKIPPED, None
    if there:
        severity, cause = Severity.DEGRADED, Cause.SILENT_HOSTS
        told = [f"{quoted(host)} for {ago(silent[host])}" for host in there]
        text = f"has sent no measures from {named(told, MOST_NAMED)}"
    elif sending:
        severity = Severity.OK
        text = f"sends measures from {counted(sending, 'compute host')} that were sampled"
        text += f" (besides {gone})" if silent else ""
    elif silent:
        text = f"has {gone} in Gnocchi"
    elif read:
        text = "has hosts in Gnocchi whose measures metricd has not processed, or may not be read"
    else:
        text = "has no compute host with instances in Gnocchi"
    return CheckResult(severity, text, cause, figures=figures, memory=seen)
