"""The clocks of the cloud against this unit's.

Tokens are good from one time to another, and Gnocchi's measures carry the time at which a sample
was taken: a host whose clock is wrong makes faults that look like anything else.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from coordinator.checks.base import Subject
from coordinator.openstack import errors
from coordinator.openstack.http import Clock
from coordinator.report.finding import Cause, Finding, Severity

LIMIT = 30.0
"""Seconds that a clock may differ by: NTP keeps them within a tenth, and a person notices more."""


class HostClock(msgspec.Struct, frozen=True):
    """The clock of the host that answers for a system at a URL."""

    subject: Subject
    url: str
    clock: Clock

    @property
    def is_off(self) -> bool:
        """True if it differs by more than the limit, even if the margin is in its favour."""
        return abs(self.clock.ahead) - self.clock.margin > LIMIT


def judge(seen: Sequence[HostClock]) -> list[Finding]:
    """The wrong clocks, or one finding that all are right; where all differ alike, it is ours.

    Args:
        seen: Keystone's first.
    """
    if not seen:
        return []
    first = seen[0].subject
    aheads = [one.clock.ahead for one in seen]
    off = [one for one in seen if one.is_off]
    if not off:
        most = max(abs(one.clock.ahead) + one.clock.margin for one in seen)
        text = f"'s clock and all others agree with this unit's within {most:.1f} s"
        return [first.finding("clock", Severity.OK, text)]
    if len(off) == len(seen) > 1 and max(aheads) - min(aheads) < LIMIT:
        text = f"this unit's clock is {_differing(-aheads[0])} those of all services"
        remedy = f"juju exec -a {first.names.coordinator} -- timedatectl"
        return [Finding(first.service, "clock", Severity.DEGRADED, text, Cause.CLOCK, remedy)]
    return [_wrong_host(one) for one in off]


def _wrong_host(host: HostClock) -> Finding:
    where = errors.shown(host.url)
    text = f"'s clock is {_differing(host.clock.ahead)} this unit's at {where}"
    return host.subject.finding("clock", Severity.DEGRADED, text, Cause.CLOCK)


def _differing(ahead: float) -> str:
    return f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'}"
