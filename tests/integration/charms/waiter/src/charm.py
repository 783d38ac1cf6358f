"""Waits for a verified telemetry stack, by the coordinator's library as any other charm would."""

import ops

from charms.telemetry_coordinator.v0 import telemetry_stack


class WaiterCharm(ops.CharmBase):
    """Shows what it was told last."""

    def __init__(self, framework: ops.Framework):
        super().__init__(framework)
        self.telemetry = telemetry_stack.TelemetryStackRequirer(self, "telemetry")
        framework.observe(self.on.start, self._on_gone)
        framework.observe(self.telemetry.on.ready, self._on_ready)
        framework.observe(self.telemetry.on.degraded, self._on_degraded)
        framework.observe(self.telemetry.on.gone, self._on_gone)

    def _on_ready(self, _event: telemetry_stack.ReadyEvent):
        endpoint = self.telemetry.stack.services["metric"].endpoint
        self.unit.status = ops.ActiveStatus(f"metrics from {endpoint}")

    def _on_degraded(self, _event: telemetry_stack.DegradedEvent):
        self.unit.status = ops.WaitingStatus(self.telemetry.stack.message)

    def _on_gone(self, _event: ops.EventBase):
        if not self.telemetry.is_ready:
            self.unit.status = ops.BlockedStatus("missing relation telemetry")


if __name__ == "__main__":
    ops.main(WaiterCharm)
