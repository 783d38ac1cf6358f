"""Several units of the coordinator: what Juju shares between them, and what it does to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.functional.deployment import Deployment

Deploy = Callable[[int], Deployment]


class Cluster:
    """One application; its units share one peer databag, and one of them leads."""

    def __init__(self, deploy: Deploy, units: int) -> None:
        """Deploy it.

        Args:
            deploy: makes the unit of a number, related to keystone and gnocchi.
            units: how many.
        """
        self._deploy = deploy
        self._shared: Mapping[str, str] = {}
        self.units: dict[int, Deployment] = {}
        self.leader = 0
        for number in range(units):
            self.add(number)

    def add(self, number: int) -> None:
        """Add a unit; the first of an application leads."""
        if not self.units:
            self.leader = number
        self.units[number] = self._deploy(number)

    def remove(self, number: int) -> None:
        """Remove a unit; its leadership ends with it."""
        del self.units[number]

    def lead(self, number: int) -> None:
        """Move the leadership; the new leader is told, the old one just no longer leads."""
        self.leader = number
        self.run(number, Deployment.leader_elected)

    def run(self, number: int, event: Callable[[Deployment], None]) -> None:
        """Run a hook on a unit, with the peer databag as it is now."""
        unit = self.units[number]
        unit.lead(number == self.leader)
        unit.keep(self._shared)
        event(unit)
        if number == self.leader:
            self._shared = unit.peer_data()
        else:
            assert unit.peer_data() == self._shared, "a unit that does not lead wrote"

    def everywhere(self, event: Callable[[Deployment], None]) -> None:
        """Run a hook on every unit."""
        for number in list(self.units):
            self.run(number, event)

    def at_once(self, numbers: tuple[int, ...], event: Callable[[Deployment], None]) -> None:
        """Run hooks on units that all believe that they lead, each with what was there before.

        Juju takes what they write one after the other.
        """
        before = self._shared
        for number in numbers:
            unit = self.units[number]
            unit.lead(leads=True)
            unit.keep(before)
            event(unit)
            self._shared = unit.peer_data()

    def alter(self, change: Callable[[Deployment], None]) -> None:
        """Change what is remembered, as time or a person would."""
        unit = self.units[self.leader]
        unit.keep(self._shared)
        change(unit)
        self._shared = unit.peer_data()

    @property
    def first(self) -> Deployment:
        """The unit that leads."""
        return self.units[self.leader]
