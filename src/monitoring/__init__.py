"""Metrics, alert rules and a dashboard for the Canonical Observability Stack."""
