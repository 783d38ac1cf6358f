"""The systems that a request is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from coordinator.blueprint.systems import Blueprint, System


def reached(first: Iterable[str], leads_to: Callable[[str], Iterable[str]]) -> frozenset[str]:
    """Keys of systems, and of all that these lead to."""
    found: set[str] = set()
    waiting = list(first)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += leads_to(key)
    return frozenset(found)


def serving(blueprint: Blueprint, types: Sequence[str]) -> frozenset[str]:
    """Keys of the systems of these catalog types, and of all that these need.

    Keystone always is one of them; with `metric`, so are Ceilometer and what needs Ceilometer:
    they bring samples to Gnocchi.
    """
    systems = blueprint.systems
    checks = {"identity", "telemetry"} if "metric" in types else {"identity"}
    first = {
        system.key
        for system in systems.values()
        if (system.catalog and system.catalog.type in types)
        or system.check in checks
        or ("metric" in types and any(systems[key].check == "telemetry" for key in system.needs))
    }
    return reached(first, lambda key: systems[key].needs)


def goals(systems: Mapping[str, System]) -> list[str]:
    """Keys of the systems that are wanted for themselves, and not because others need them."""
    needed = {key for system in systems.values() for key in system.needs}
    return [key for key, s in systems.items() if s.catalog or s.check or key not in needed]
