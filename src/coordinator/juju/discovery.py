"""Which applications of a Juju model are the stack's, and under which names to look for them.

An application is known by its charm, never by its name. Where a model has several of one charm,
such as two Memcacheds, the stack's is the one that the stack is integrated with. Pure.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping

from coordinator.blueprint.systems import Blueprint, Integration, System
from coordinator.juju.status import Application, Model

ROUNDS = 3
"""Questions in which the stack is found: its usual names, what these lead to, and once more."""

_GUIDES = {"nova-cloud-controller": "cloud-compute"}
"""Charms outside the stack that know all applications of a kind, by the endpoint that leads there:
compute hosts without agents are known to nobody in the stack (metadata.yaml of the charm)."""


@dataclasses.dataclass(frozen=True)
class Stack:
    """The stack as a model has it.

    Attributes:
        model: all that was seen of the model.
        applications: those of each system, by its key; none for a system that is not there.
    """

    model: Model
    applications: Mapping[str, tuple[Application, ...]]

    def of(self, key: str) -> tuple[Application, ...]:
        """The applications of a system."""
        return self.applications.get(key, ())

    def charm_of(self, name: str) -> str:
        """The charm of an application; empty for one that was not seen."""
        found = self.model.applications.get(name)
        return found.charm if found else ""


def find(model: Model, blueprint: Blueprint, known: Collection[str] = ()) -> Stack:
    """The stack's applications in a model.

    Args:
        model: what was seen.
        blueprint: the systems.
        known: applications that are the stack's because the coordinator is related to them; where
            one of them is of a system's charm, that system has no others.
    """
    found: dict[str, tuple[Application, ...]] = {}
    for system in blueprint.systems.values():
        alike = model.of_charm(*system.charms)
        named = tuple(app for app in alike if app.name in known)
        found[system.key] = named or alike
    for system in blueprint.systems.values():
        users = _users(system, blueprint)
        if users and (system.apart or len(found[system.key]) > 1):
            found[system.key] = _used(found, system, users)
    return Stack(model, found)


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
    """The applications that the stack is integrated with; else those that could be."""
    alike = found[system.key]
    names = {
        integration.application
        for key, endpoint in users
        for app in found[key]
        for integration in app.integrated(endpoint)
    }
    if system.apart:
        return tuple(app for app in alike if app.name in names or not app.subordinate_to)
    return tuple(app for app in alike if app.name in names) or alike


@dataclasses.dataclass(frozen=True)
class Search:
    """Finds the stack in a model that is too large to be read as a whole.

    Attributes:
        blueprint: the systems.
        known: names of applications that the coordinator is related to.
    """

    blueprint: Blueprint
    known: tuple[str, ...] = ()

    def usual_names(self) -> tuple[str, ...]:
        """Names to ask for first: those of the charms, and those that are known."""
        systems = self.blueprint.systems.values()
        charms = (charm for system in systems for charm in system.charms)
        return tuple(dict.fromkeys((*charms, *_GUIDES, *self.known)))

    def further_names(self, model: Model, asked: Collection[str]) -> tuple[str, ...]:
        """Names that integrations of what was seen lead to, and that are still to be asked for.

        An application that came without being asked for may be there with some of its units only:
        Juju 3 shows those that share a machine or a subordinate with what was asked for.
        """
        names = dict.fromkeys((*self._partial(model), *self._led_to(model)))
        return tuple(name for name in names if name not in asked and name not in model.remote)

    def _partial(self, model: Model) -> Iterator[str]:
        for system in self.blueprint.systems.values():
            alike = model.of_charm(*system.charms)
            yield from (app.name for app in alike if not app.subordinate_to)

    def _led_to(self, model: Model) -> Iterator[str]:
        for charm, endpoint in _GUIDES.items():
            for app in model.of_charm(charm):
                yield from _unseen(model, app, endpoint)
        for system in self.blueprint.systems.values():
            own = model.of_charm(*system.charms)
            for integration in system.integrations:
                if integration.optional:
                    continue
                for app in own:
                    yield from _unseen(model, app, integration.endpoint)
                if self._leads_back(system, integration, found=bool(own)):
                    others = self.blueprint.systems[integration.system]
                    for app in model.of_charm(*others.charms):
                        yield from _unseen(model, app, integration.other)

    def _leads_back(self, system: System, need: Integration, *, found: bool) -> bool:
        """Whether a system is looked for from what it needs.

        A subordinate is found by its principals: other ways lead to those of others as well. Of
        Ceilometer there may be a second one, which must be known before its action is run.
        """
        if found:
            checked = bool(self.blueprint.systems[need.system].check)
            return system.check == "telemetry" and checked
        return not system.optional and (not system.beside or need.system in system.beside)


def _unseen(model: Model, app: Application, endpoint: str) -> Iterator[str]:
    for integration in app.integrated(endpoint):
        if integration.application not in model.applications:
            yield integration.application
