"""Ceilometer's own charm as a way to run ceilometer-upgrade, through the controller."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from coordinator.juju import ceilometer, client, errors, sightings
from coordinator.juju.sight import Sight


class ActionBackend:
    """Looks at the model for Ceilometer's application; `controller` begins its action.

    Attributes:
        sightings: what is to be remembered of units after the last look.
    """

    def __init__(
        self,
        controller: client.Controller,
        members: Sequence[str],
        remembered: sightings.Sightings,
    ) -> None:
        """Take the applications that are related to the coordinator, and earlier sightings."""
        self.controller = controller
        self.sightings = remembered
        self._members = members

    def look(self, task: str, related: str) -> Sight:
        """Look at Ceilometer, and at a task. Raises nothing.

        Args:
            task: number of the task; empty for none.
            related: name of the related Ceilometer; empty where there is none.
        """
        try:
            model, shown = self.controller.look(task)
        except errors.JujuError as error:
            return Sight(error.fault, related=related)
        now = datetime.datetime.now(datetime.timezone.utc)
        model, self.sightings = sightings.watch(model, self.sightings, now)
        found = ceilometer.applications(model)
        access = self.controller.access
        meant = ceilometer.target(found, self._members, access.us, access.shown)
        return Sight(meant, shown, related or next((app.name for app in found), ""), model)
