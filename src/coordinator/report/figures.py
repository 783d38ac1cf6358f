"""Names of the numbers in `Report.figures`; a colon is followed by what the number is about."""

from __future__ import annotations

from collections.abc import Mapping

VERIFICATION_SECONDS = "verification.seconds"
"""Canaries included."""

ENDPOINT_SECONDS = "endpoint.seconds:"
"""By service: time to answer its versions and one read; Keystone, a token."""

CANARY_SECONDS = "canary.seconds:"
"""By service: from sending a canary until it was seen on the other side, and removed."""

CERTIFICATE_ENDS = "certificate.ends:"
"""By service: when the certificate of its endpoint ends, in seconds since the epoch."""

BACKLOG = "metric.backlog"
"""Measures that wait for Gnocchi's metricd."""

SILENT_HOSTS = "telemetry.hosts.silent:"
"""By compute host: minutes since a measure of its instances came."""

HOSTS_CHECK = "telemetry.hosts"
"""The check that looks for silent hosts."""

GONE = 7 * 24 * 60
"""Minutes of silence after which a host is no fault any more: it was taken away, and the
notifications of the ends of its instances were lost."""


def about(figures: Mapping[str, float], name: str) -> dict[str, float]:
    """The numbers of one name, by what they are about."""
    return {
        key.removeprefix(name): number for key, number in figures.items() if key.startswith(name)
    }
