"""Ceilometer's application and its model as one hook saw them."""

from __future__ import annotations

import msgspec

from coordinator.juju.ceilometer import CHARM, Task, asks
from coordinator.juju.errors import JujuFault
from coordinator.juju.status import Application, Model


class Sight(msgspec.Struct, frozen=True):
    """All that is known of Ceilometer's application.

    Attributes:
        application: as the controller showed it, or why it could not; None when nobody asked.
        task: the task of a run that was begun; None when it was not seen.
        related: name of the related application, else of one in the model, where there is one.
        model: None when it was not seen.
    """

    application: Application | JujuFault | None = None
    task: Task | None = None
    related: str = ""
    model: Model | None = None

    @property
    def seen(self) -> Application | None:
        """The application, where the controller showed it."""
        return self.application if isinstance(self.application, Application) else None

    @property
    def name(self) -> str:
        """Name of the application: as in the model, else the related one, else the charm's."""
        return self.seen.name if self.seen else self.related or CHARM

    @property
    def release(self) -> str:
        """Version of Ceilometer in the model; empty when it is not known."""
        return self.seen.version if self.seen else ""

    @property
    def asks(self) -> bool | None:
        """Its charm asks for its action ceilometer-upgrade; None when not known."""
        return asks(self.seen) if self.seen else None
