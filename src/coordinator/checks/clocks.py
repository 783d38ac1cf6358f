"""Whether the clocks of the cloud agree with this unit's. Pure.

Tokens are good from one time to another, and Gnocchi's measures carry the time at which a sample
was taken: a host whose clock is wrong makes faults that look like anything else.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from coordinator.openstack import errors
from coordinator.openstack.http import Clock
from coordinator.report import remedies
from coordinator.report.finding import Cause, Finding, Severity

LIMIT = 30.0
"""Seconds that a clock may differ by: NTP keeps them within a tenth, and a person notices more."""


class HostClock(msgspec.Struct, frozen=True):
    """A clock that was seen.

    Attributes:
        title: name of its system for people.
        names: application names for remedies.
        url: what was asked.
    """

    title: str
    names: remedies.Names
    url: str
    clock: Clock

    @property
    def is_off(self) -> bool:
        """Whether it differs by more than the limit, whatever the margin."""
        return abs(self.clock.ahead) - self.clock.margin > LIMIT

    @property
    def finding(self) -> Finding:
        """What is to be said about it, when it is off."""
        where = errors.shown(self.url)
        text = f"{self.title}'s clock is {_differing(self.clock.ahead)} this unit's at {where}"
        remedy = remedies.remedy(Cause.CLOCK, self.names)
        return Finding(self.names.service, "clock", Severity.DEGRADED, text, Cause.CLOCK, remedy)


def judge(seen: Sequence[HostClock]) -> tuple[Finding, ...]:
    """Which clocks are wrong; where all differ alike, that is this unit's.

    Args:
        seen: Keystone's first.
    """
    off = [one for one in seen if one.is_off]
    aheads = [one.clock.ahead for one in seen]
    if not off:
        return tuple(_well(one, seen) for one in seen[:1])
    if len(off) == len(seen) > 1 and max(aheads) - min(aheads) < LIMIT:
        return (_own(off[0]),)
    return tuple(one.finding for one in off)


def _well(first: HostClock, seen: Sequence[HostClock]) -> Finding:
    most = max(abs(one.clock.ahead) + one.clock.margin for one in seen)
    text = f"{first.title}'s clock and all others agree with this unit's within {most:.1f} s"
    return Finding(first.names.service, "clock", Severity.OK, text)


def _own(first: HostClock) -> Finding:
    """The finding about this unit's own clock; all others agree with the first."""
    us = first.names.coordinator
    text = f"this unit's clock is {_differing(-first.clock.ahead)} those of all services"
    return Finding(
        service=first.names.service,
        question="clock",
        severity=Severity.DEGRADED,
        summary=text,
        cause=Cause.CLOCK,
        remedy=f"juju exec -a {us} -- timedatectl",
    )


def _differing(ahead: float) -> str:
    return f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'}"
