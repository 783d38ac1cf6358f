"""The applications of a Juju model that are the stack's.

An application is known by its charm, never by its name. Where others have such applications too,
such as two Memcacheds, the stack's is the one that the stack is integrated with.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from coordinator.blueprint.systems import Blueprint, System
from coordinator.juju.status import Application, Model, RemoteApplication


class Stack(msgspec.Struct, frozen=True):
    """The stack as a model has it.

    Attributes:
        applications: those of each system, by its key; none for a system that is not there.
        others: what serves the stack in the place of a system, by its key: applications of other
            charms, such as percona-cluster, and of other models.
    """

    model: Model
    applications: Mapping[str, tuple[Application, ...]]
    others: Mapping[str, tuple[Application | RemoteApplication, ...]]

    def of(self, key: str) -> tuple[Application, ...]:
        """The applications of a system."""
        return self.applications.get(key, ())

    def charm_of(self, name: str) -> str:
        """The charm of an application; empty for one that was not seen."""
        found = self.model.applications.get(name)
        return found.charm if found else ""


def find(model: Model, blueprint: Blueprint, known: Collection[str] = ()) -> Stack:
    """Find the stack's applications in a model.

    Those that are `known`, because the coordinator is related to them, are all that the stack has
    of their system.
    """
    found: dict[str, tuple[Application, ...]] = {}
    for system in blueprint.systems.values():
        alike = model.of_charm(*system.charms)
        named = tuple(app for app in alike if app.name in known)
        found[system.key] = named or alike
    for system in blueprint.systems.values():
        users = _users(system, blueprint)
        if users:
            found[system.key] = _used(found, system, users)
    return Stack(model, found, _others(model, blueprint, found))


def _others(
    model: Model, blueprint: Blueprint, found: Mapping[str, tuple[Application, ...]]
) -> Mapping[str, tuple[Application | RemoteApplication, ...]]:
    """Find what the stack is integrated with in the place of a system.

    Who serves a system's users directly, where others have one of their own between, stands for
    what that leads to.
    """
    charms = {charm for system in blueprint.systems.values() for charm in system.charms}
    foreign = {name: app for name, app in model.applications.items() if app.charm not in charms}
    candidates: dict[str, Application | RemoteApplication] = {**model.remote, **foreign}
    others: dict[str, dict[str, Application | RemoteApplication]] = {}
    for system in blueprint.systems.values():
        for need in (one for one in system.integrations if not one.optional):
            target = blueprint.systems[need.system]
            keys = target.needs if target.apart else (target.key,)
            names = _partners(found[system.key], need.endpoint)
            for name in sorted(names & candidates.keys()):
                for key in keys:
                    others.setdefault(key, {})[name] = candidates[name]
    return {key: tuple(apps.values()) for key, apps in others.items()}


def _users(system: System, blueprint: Blueprint) -> list[tuple[str, str]]:
    """Systems and their endpoints that lead to this one, where others have such systems too.

    What the stack brings, and the hosts that it has agents on, are the stack's all together.
    """
    hosts = any(system.key in other.beside for other in blueprint.systems.values())
    own = system.catalog or system.check or hosts
    if own or (system.beside and not system.apart):
        return []
    return [
        (user.key, integration.endpoint)
        for user in blueprint.systems.values()
        for integration in user.integrations
        if integration.system == system.key
    ]


def _used(
    found: Mapping[str, tuple[Application, ...]],
    system: System,
    users: Iterable[tuple[str, str]],
) -> tuple[Application, ...]:
    """The applications that the stack is integrated with; where it is with none, all."""
    alike = found[system.key]
    names = {name for key, endpoint in users for name in _partners(found[key], endpoint)}
    if system.apart:
        return tuple(app for app in alike if app.name in names or not app.subordinate_to)
    return tuple(app for app in alike if not names or app.name in names)


def _partners(apps: Iterable[Application], endpoint: str) -> set[str]:
    """Names of the applications that some are integrated with by an endpoint."""
    return {found.application for app in apps for found in app.integrated(endpoint)}
