"""When a controller that does not answer is asked again. Pure.

The juju client does not give up by itself on a controller that refuses, hangs or has no route: a
call lasts as long as it is let. So one that did not answer is left alone for some minutes.
"""

from __future__ import annotations

import dataclasses
import datetime
import json

from coordinator.juju import foreign

BACK_OFF = datetime.timedelta(minutes=5)
"""Time without a call after one that was not answered in time."""


@dataclasses.dataclass(frozen=True)
class ControllerRest:
    """What is remembered of a controller that does not answer.

    Attributes:
        where: its addresses, as they were asked; others have nothing to do with it.
        since: when it first did not answer; None while it does.
        until: when it is asked again.
    """

    where: tuple[str, ...] = ()
    since: datetime.datetime | None = None
    until: datetime.datetime | None = None

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
        if self.since is None or self.until is None:
            return ""
        return json.dumps(
            {
                "where": list(self.where),
                "since": self.since.isoformat(),
                "until": self.until.isoformat(),
            }
        )

    @classmethod
    def from_json(cls, text: str) -> ControllerRest:
        """What was kept; nothing where that is not what was written here."""
        try:
            entry = foreign.Entry(foreign.load(text), "rest")
            where = entry.names("where", foreign.ADDRESS)
            since = foreign.moment(entry.text("since"), "rest.since")
            until = foreign.moment(entry.text("until"), "rest.until")
        except foreign.NotUnderstoodError:
            return AWAKE
        return cls(where, since, until)


AWAKE = ControllerRest()
"""Nothing is remembered: it is asked."""
