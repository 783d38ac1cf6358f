"""What ceilometer-upgrade leaves behind in Gnocchi: the proof that it ran. Pure."""

from __future__ import annotations

from collections.abc import Collection

BASELINE = frozenset({"identity", "image", "instance", "network", "volume"})
"""Resource types that ceilometer-upgrade of every release creates.

Source: `resources_initial` in ceilometer/gnocchi_client.py.
"""


def lacking(resource_types: Collection[str]) -> tuple[str, ...]:
    """The resource types that Ceilometer needs and Gnocchi lacks, in order."""
    return tuple(sorted(BASELINE.difference(resource_types)))
