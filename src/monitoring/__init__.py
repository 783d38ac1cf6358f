"""What the Canonical Observability Stack gets: metrics, alert rules and a dashboard."""
