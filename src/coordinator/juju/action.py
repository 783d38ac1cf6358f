"""Runs ceilometer-upgrade as the action of Ceilometer's own charm, through the controller."""

from __future__ import annotations

from collections.abc import Sequence

from coordinator.juju import ceilometer, client, errors


class ActionBackend:
    """Begins the action in the background; its end is seen by a later look."""

    def __init__(self, through: client.Controller, members: Sequence[str]) -> None:
        """Prepare, without asking anything.

        Args:
            through: the controller.
            members: related applications that are Ceilometer; they decide among several.
        """
        self._controller = through
        self._members = members

    def look(self, number: str = "") -> ceilometer.View:
        """What the controller tells about Ceilometer, and about a task. Raises nothing."""
        return self._controller.look(number)

    def target(self, view: ceilometer.View) -> ceilometer.CeilometerApplication | errors.JujuFault:
        """The application that is meant, or why none is."""
        us, model = self._controller.us, self._controller.access.shown
        return ceilometer.target(view, self._members, us, model)

    def start(self, application: str, *, anew: bool = True) -> str:
        """Enqueue the action on the leader of ceilometer and return the number of its task.

        Args:
            application: ceilometer's.
            anew: whether one is begun where none waits or runs; else the number is empty then.

        Raises:
            JujuError: it cannot be enqueued.
        """
        return self._controller.start(application, anew=anew)
