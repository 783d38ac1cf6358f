"""The time in which a controller that did not answer is not asked again.

The juju client does not give up by itself on a controller that refuses, hangs or has no route: a
call lasts as long as it is let. So one that did not answer is left alone for some minutes.
"""

from __future__ import annotations

import datetime

from coordinator.report import kept

LENGTH = datetime.timedelta(minutes=5)
"""Time without a call after one that was not answered in time."""


class BackOff(kept.Kept, frozen=True):
    """The back-off from a controller that did not answer.

    Attributes:
        where: its addresses, as they were asked; others have nothing to do with it.
        since: when it first did not answer.
        until: when it is asked again.
    """

    where: tuple[str, ...]
    since: kept.Moment
    until: kept.Moment

    def covers(self, where: tuple[str, ...], now: datetime.datetime) -> bool:
        """True if a controller is not to be asked now; never after the clock was set back."""
        return where == self.where and now < self.until <= now + LENGTH


def extend(before: BackOff | None, where: tuple[str, ...], now: datetime.datetime) -> BackOff:
    """The back-off after a call that was not answered."""
    since = before.since if before and where == before.where else now
    return BackOff(where, min(since, now), now + LENGTH)
