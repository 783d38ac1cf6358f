"""Which application serves a system to the stack, whoever it is. Pure.

It may be of another charm, such as ceph-proxy, or of another model. What the stack already uses
counts more than names.
"""

from __future__ import annotations

import collections
from collections.abc import Collection, Iterator, Mapping

import msgspec

from coordinator.blueprint.systems import Integration, System
from coordinator.checks.model.certificates import Server
from coordinator.juju.discovery import Stack
from coordinator.juju.status import Application, Model
from coordinator.plan.plan import ANY, COORDINATOR


class Servers(msgspec.Struct, frozen=True):
    """Who serves what in a model.

    Attributes:
        systems: those of the blueprint, and the coordinator's.
        stack: the stack's applications.
        us: name of the coordinator's application.
    """

    systems: Mapping[str, System]
    stack: Stack
    us: str

    @property
    def model(self) -> Model:
        """The whole model."""
        return self.stack.model

    def own(self, system: System) -> tuple[Application, ...]:
        """The applications of a system in this model, those that are most used first."""
        found = [app for app in self.stack.of(system.key) if not app.is_leaving]
        found = [app for app in found if not app.unreadable]
        users = collections.Counter(server.application for server in self._used(system.key))
        names = [app.name for app in found]
        order = sorted(
            names, key=lambda name: (-users[name], name != system.charm, names.index(name))
        )
        return tuple(self.model.applications[name] for name in order)

    def of(self, need: Integration) -> tuple[Server, ...]:
        """Who could serve a need, the likeliest first; none where it must be deployed."""
        system = self.systems[need.system]
        own = [Server(app.name, self._endpoint(app.name, need)) for app in self.own(system)]
        others = [server for server, _ in self._elsewhere(need)]
        offered = [
            Server(name, need.other)
            for name, remote in self.model.remote.items()
            if not remote.life and (need.other in remote.endpoints or name in system.charms)
        ]
        named = [
            Server(name, need.other)
            for name in system.charms
            if (app := self.model.applications.get(name))
            and not (app.is_leaving or app.unreadable)
        ]
        unseen = [Server(name, need.other) for name in self.unseen(system)]
        used = {server.application for server in self._used(system.key)}
        first = [server for server in own if server.application in used]
        return tuple(dict.fromkeys((*first, *others, *unseen, *own, *offered, *named)))

    def unseen(self, system: System) -> tuple[str, ...]:
        """Names of a system's applications that only the coordinator's relations tell.

        What anything can be integrated with is told by its name only.
        """
        us = self.model.applications.get(self.us)
        ends = {i.endpoint: i for i in COORDINATOR.integrations}
        return tuple(
            found.application
            for found in (us.integrations if us else ())
            if found.application not in self.model.applications
            and found.endpoint in ends
            and (
                found.application in system.charms
                if ends[found.endpoint].other == ANY
                else ends[found.endpoint].system == system.key
            )
        )

    def is_there(self, system: System) -> bool:
        """Whether a system is there, whoever brings it."""
        if self.own(system) or self.unseen(system) or system.charm in self.model.applications:
            return True
        if any(name in self.model.remote for name in system.charms):
            return True
        needs = (i for other in self.systems.values() for i in other.integrations)
        return any(self.of(need) for need in needs if need.system == system.key)

    def is_leaving(self, system: System) -> bool:
        """Whether the system is being removed."""
        apps = self.stack.of(system.key)
        return bool(apps) and all(app.is_leaving for app in apps)

    def direct(self, need: Integration, own: Collection[str]) -> Server | None:
        """Who serves a need of others with none of their own charms between: percona-cluster."""
        found = [
            server
            for server, endpoint in self._elsewhere(need)
            if endpoint == need.endpoint and self.stack.charm_of(server.application) not in own
        ]
        return found[0] if found else None

    def _users(self, key: str) -> Iterator[tuple[Application, Integration]]:
        """Applications that use a system, and the need by which they do."""
        for system in self.systems.values():
            for need in system.integrations:
                if need.system == key:
                    for app in self._apps(system):
                        yield app, need

    def _apps(self, system: System) -> tuple[Application, ...]:
        us = self.model.applications.get(self.us)
        if system.key != COORDINATOR.key:
            return self.stack.of(system.key)
        return (us,) if us else ()

    def _used(self, key: str) -> Iterator[Server]:
        """What the stack is integrated with in the place of a system."""
        for app, need in self._users(key):
            for found in app.integrated(need.endpoint):
                if need.other != ANY:
                    yield Server(found.application, found.other or need.other)

    def _elsewhere(self, need: Integration) -> Iterator[tuple[Server, str]]:
        """Applications of other charms and models that serve the same need of others."""
        charms = self.systems[need.system].charms
        for app, other in self._users(need.system):
            if other.other != need.other:
                continue
            for found in app.integrated(other.endpoint):
                if need.other != ANY and self.stack.charm_of(found.application) not in charms:
                    yield Server(found.application, found.other or need.other), other.endpoint

    def _endpoint(self, name: str, need: Integration) -> str:
        """The endpoint of an application by which it serves such a need to others."""
        for app, other in self._users(need.system):
            if other.other == need.other:
                for found in app.integrated(other.endpoint):
                    if found.application == name and found.other:
                        return found.other
        return need.other
