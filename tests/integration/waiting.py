"""Waits that end: each has a bound, and so have all of a run together."""

from __future__ import annotations

import time
from collections.abc import Callable

EACH = 5 * 60
"""Seconds that one wait may take, unless told otherwise."""
TOTAL = 25 * 60
"""Seconds that all waits of a run together may take."""


class WaitedTooLongError(Exception):
    """What was waited for did not come in time."""


class Budget:
    """The time for waits.

    Attributes:
        each: seconds for one wait.
        total: seconds for all of them together.
        left: seconds of these that are left.
    """

    def __init__(
        self,
        each: float = EACH,
        total: float = TOTAL,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.each = each
        self.total = total
        self._clock = clock
        self.left = total
        self._sleep = sleep

    def until(
        self,
        what: str,
        ready: Callable[[], bool],
        *,
        within: float | None = None,
        every: float = 2.0,
    ) -> None:
        """Ask again and again until something is so.

        Args:
            what: what is waited for, for people.
            ready: whether it is so; what it raises ends the wait.
            within: seconds, where another bound than the usual one fits.
            every: seconds between two questions.

        Raises:
            WaitedTooLongError: when its time, or that of all waits, is over.
        """
        allowed = self.each if within is None else within
        begun = self._clock()
        end = begun + min(allowed, self.left)
        try:
            while not ready():
                if self._clock() >= end:
                    raise WaitedTooLongError(self._said(what, allowed))
                self._sleep(min(every, max(0.0, end - self._clock())))
        finally:
            self.left = max(0.0, self.left - (self._clock() - begun))

    def rest(self, seconds: float) -> None:
        """Let time pass in which nothing is asked: it is no wait, and counts as none."""
        self._sleep(seconds)

    def _said(self, what: str, allowed: float) -> str:
        if allowed <= self.left:
            return f"waited {allowed / 60:g} minutes for {what}"
        return f"the {self.total / 60:g} minutes for all waits are over, the last for {what}"
