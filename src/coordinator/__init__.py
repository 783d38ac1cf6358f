"""The domain: verify a telemetry stack and decide what it needs. No ops here."""
