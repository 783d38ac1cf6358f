"""Runs ceilometer-upgrade as the action of Ceilometer's own charm, through the controller."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import msgspec

from coordinator.juju import ceilometer, client, errors, patience


class ActionBackend:
    """Begins the action in the background; its end is seen by a later look."""

    def __init__(
        self,
        through: client.Controller,
        members: Sequence[str],
        sightings: patience.Sightings | None = None,
    ) -> None:
        """Prepare, without asking anything."""
        self.controller = through
        self._members = members
        self.sightings: patience.Sightings = sightings or {}
        """What is to be remembered of units after the last look."""

    def look(self, number: str = "") -> ceilometer.View:
        """What the controller tells about Ceilometer, and about a task. Raises nothing."""
        view = self.controller.look(number)
        if view.model is None:
            return view
        now = datetime.datetime.now(datetime.timezone.utc)
        model, self.sightings = patience.watch(view.model, self.sightings, now)
        return msgspec.structs.replace(view, model=model)

    def target(self, view: ceilometer.View) -> ceilometer.CeilometerApplication | errors.JujuFault:
        """The application that is meant, or why none is."""
        access = self.controller.access
        return ceilometer.target(view, self._members, access.us, access.shown)
