"""Runs ceilometer-upgrade as the action of Ceilometer's own charm, through the controller."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence

from coordinator.juju import ceilometer, client, errors, patience
from coordinator.juju.rest import ControllerRest


class ActionBackend:
    """Begins the action in the background; its end is seen by a later look."""

    def __init__(
        self,
        through: client.Controller,
        members: Sequence[str],
        sightings: patience.Sightings | None = None,
    ) -> None:
        """Prepare, without asking anything."""
        self._controller = through
        self._members = members
        self.sightings: patience.Sightings = sightings or {}
        """What is to be remembered of units after the last look."""

    @property
    def rest(self) -> ControllerRest:
        """What is to be remembered of a controller that did not answer."""
        return self._controller.rest

    def look(self, number: str = "") -> ceilometer.View:
        """What the controller tells about Ceilometer, and about a task. Raises nothing."""
        view = self._controller.look(number)
        if view.model is None:
            return view
        now = datetime.datetime.now(datetime.timezone.utc)
        model, self.sightings = patience.watch(view.model, self.sightings, now)
        return dataclasses.replace(view, model=model)

    def target(self, view: ceilometer.View) -> ceilometer.CeilometerApplication | errors.JujuFault:
        """The application that is meant, or why none is."""
        us, model = self._controller.us, self._controller.access.shown
        return ceilometer.target(view, self._members, us, model)

    def start(self, application: str, *, anew: bool = True) -> str:
        """Enqueue the action on ceilometer's leader, as `Controller.start` does."""
        return self._controller.start(application, anew=anew)
