"""Names of the charm's endpoints, as metadata.yaml has them."""

from __future__ import annotations

IDENTITY = "identity-credentials"
NOTIFICATIONS = "identity-notifications"
METRIC = "metric-service"
CERTIFICATES = "certificates"
TRANSFERS = "receive-ca-cert"
MEMBERS = "member"

LISTENERS = "telemetry-stack"
"""Of the charms that are told the status of the stack."""

MONITORING = "cos-agent"
"""Of the collector of the Canonical Observability Stack."""

PEERS = "coordinators"

OBSERVED = (IDENTITY, NOTIFICATIONS, METRIC, CERTIFICATES, TRANSFERS, MEMBERS)
"""Endpoints whose changes may change what is verified."""
