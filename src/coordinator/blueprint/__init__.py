"""The systems of a complete telemetry stack: what is expected."""
