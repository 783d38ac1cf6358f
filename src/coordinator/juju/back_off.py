"""When a controller that does not answer is asked again. Pure.

The juju client does not give up by itself on a controller that refuses, hangs or has no route: a
call lasts as long as it is let. So one that did not answer is left alone for some minutes.
"""

from __future__ import annotations

import datetime

from coordinator.report import kept

BACK_OFF = datetime.timedelta(minutes=5)
"""Time without a call after one that was not answered in time."""


class ControllerRest(kept.Kept, frozen=True):
    """What is remembered of a controller that does not answer.

    Attributes:
        where: its addresses, as they were asked; others have nothing to do with it.
        since: when it first did not answer; None while it does.
        until: when it is asked again.
    """

    where: tuple[str, ...] = ()
    since: kept.Moment | None = None
    until: kept.Moment | None = None

    def bars(self, where: tuple[str, ...], now: datetime.datetime) -> bool:
        """Whether a controller is not to be asked now.

        A clock that was set back bars nothing.
        """
        if self.until is None or where != self.where:
            return False
        return self.until - BACK_OFF <= now < self.until

    def prolonged(self, where: tuple[str, ...], now: datetime.datetime) -> ControllerRest:
        """After a call at a time that was not answered."""
        since = self.since if where == self.where and self.since else now
        return ControllerRest(where, min(since, now), now + BACK_OFF)

    def to_json(self) -> str:
        """As text, to be kept; empty where there is nothing to remember."""
        return kept.dumps(self) if self.until else ""

    @classmethod
    def from_json(cls, text: str) -> ControllerRest:
        """What was kept; nothing where that is not what was written here."""
        return kept.loads(cls, text) or AWAKE


AWAKE = ControllerRest()
"""Nothing is remembered: it is asked."""
