"""What one unit gives to monitoring: metrics on loopback, and what cos-agent carries."""

from __future__ import annotations

import os
from collections.abc import Iterable

import ops

from coordinator.report.metrics import Sample
from monitoring import cos
from monitoring.exporter import Exporter, Systemd
from relations.endpoints import MONITORING as ENDPOINT
from unit_state import EXPORTED, UnitState

KEY = "config"


class Monitor:
    """The metrics of one unit and its side of the relation with the collector."""

    def __init__(self, charm: ops.CharmBase, files: UnitState) -> None:
        """Touch nothing.

        Args:
            charm: whose unit this is.
            files: where the metrics are written.
        """
        self._model = charm.model
        self._files = files
        self._unit = charm.unit
        self._exporter = Exporter(charm.unit.name, files, Systemd.of(os.environ))

    def export(self, samples: Iterable[Sample]) -> None:
        """Export what was verified."""
        self._exporter.export(samples)

    def withdraw(self) -> None:
        """Export nothing that was verified, where something of it is exported."""
        if self._files.read(EXPORTED):
            self._exporter.withdraw()

    def serve(self, port: int | None) -> None:
        """Serve the metrics on a port, and tell the collector; None leaves all as it is."""
        if port is None:
            return
        self._exporter.serve(port)
        relations = [one for one in self._model.relations[ENDPOINT] if one.active]
        if not relations:
            return
        topology = cos.Topology(self._model.name, self._model.uuid, self._unit.name)
        text = cos.databag(topology, port)
        for relation in relations:
            relation.data[self._unit].update({KEY: text})

    def stop(self) -> None:
        """Serve nothing any more."""
        self._exporter.stop()
