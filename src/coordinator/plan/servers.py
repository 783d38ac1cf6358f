"""The applications that serve a system to the stack, whoever they are.

They may be of another charm, such as ceph-proxy, or of another model. What the stack already uses
counts more than names.
"""

from __future__ import annotations

import collections
from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec

from coordinator.blueprint.systems import Integration, System
from coordinator.checks.model.certificates import Server
from coordinator.juju.discovery import Stack
from coordinator.juju.status import Application, Model
from coordinator.plan.plan import ANY, COORDINATOR, Wishes


class Servers(msgspec.Struct, frozen=True):
    """The servers of a model.

    Attributes:
        systems: those of the blueprint, and the coordinator's.
    """

    systems: Mapping[str, System]
    stack: Stack
    wishes: Wishes

    @property
    def model(self) -> Model:
        """The whole model."""
        return self.stack.model

    @property
    def us(self) -> Application | None:
        """The coordinator's own application; None where it is not seen."""
        return self.model.applications.get(self.wishes.coordinator)

    def own(self, system: System) -> tuple[Application, ...]:
        """The applications of a system in this model, those that are most used first."""
        found = self._staying(app.name for app in self.stack.of(system.key))
        users = collections.Counter(server.application for server in self._used(system.key))
        return tuple(sorted(found, key=lambda a: (-users[a.name], a.name != system.charm)))

    def of(self, need: Integration) -> tuple[Server, ...]:
        """The servers that a need could have, the likeliest first; none: it must be deployed."""
        system = self.systems[need.system]
        own = [Server(app.name, self._endpoint(app.name, need)) for app in self.own(system)]
        used = {server.application for server in self._used(system.key)}
        first = [server for server in own if server.application in used]
        others = [server for server, _ in self._elsewhere(need)]
        offered = [
            name
            for name, remote in self.model.remote.items()
            if not remote.life and (need.other in remote.endpoints or name in system.charms)
        ]
        named = [app.name for app in self._staying(system.charms)]
        unseen = [Server(name, need.other) for name in self.unseen(system)]
        last = [Server(name, need.other) for name in (*offered, *named)]
        return tuple(dict.fromkeys((*first, *others, *unseen, *own, *last)))

    def unseen(self, system: System) -> tuple[str, ...]:
        """Names of a system's applications that only the coordinator's relations tell.

        What anything can be integrated with is told by its name only.
        """
        ends = {end.endpoint: end for end in COORDINATOR.integrations}
        return tuple(
            found.application
            for found in (self.us.integrations if self.us else ())
            if found.application not in self.model.applications
            and (end := ends.get(found.endpoint)) is not None
            and (
                found.application in system.charms
                if end.other == ANY
                else end.system == system.key
            )
        )

    def is_there(self, system: System) -> bool:
        """True if a system is there, whoever brings it."""
        if self.own(system) or self.unseen(system) or system.charm in self.model.applications:
            return True
        if any(name in self.model.remote for name in system.charms):
            return True
        needs = (need for other in self.systems.values() for need in other.integrations)
        return any(self.of(need) for need in needs if need.system == system.key)

    def is_given(self, system: System) -> bool:
        """True if a system is part of the cloud, in a model that is not seen."""
        return system.deploy.base and not self.wishes.whole

    def is_of(self, name: str, key: str) -> bool:
        """True if an application is of a system; one that is not seen is known by its name."""
        return (self.stack.charm_of(name) or name) in self.systems[key].charms

    def is_leaving(self, system: System) -> bool:
        """True if the system is being removed."""
        apps = self.stack.of(system.key)
        return bool(apps) and all(app.is_leaving for app in apps)

    def direct(self, need: Integration, charms: Collection[str]) -> Server | None:
        """The server of a need of others with none of these charms between: percona-cluster."""
        for server, endpoint in self._elsewhere(need):
            if endpoint == need.endpoint and self.stack.charm_of(server.application) not in charms:
                return server
        return None

    def _staying(self, names: Iterable[str]) -> Iterator[Application]:
        for name in names:
            app = self.model.applications.get(name)
            if app is not None and not (app.is_leaving or app.unreadable):
                yield app

    def _users(self, key: str) -> Iterator[tuple[Application, Integration]]:
        """Applications that use a system, and the need by which they do."""
        for system in self.systems.values():
            apps = self.stack.of(system.key)
            if system.key == COORDINATOR.key and self.us is not None:
                apps = (self.us,)
            for need in system.integrations:
                if need.system == key:
                    yield from ((app, need) for app in apps)

    def _used(self, key: str) -> Iterator[Server]:
        """The stack's servers in the place of a system."""
        for app, need in self._users(key):
            for found in app.integrated(need.endpoint) if need.other != ANY else ():
                yield Server(found.application, found.other or need.other)

    def _elsewhere(self, need: Integration) -> Iterator[tuple[Server, str]]:
        """Servers of the same need of others that are of other charms and models."""
        charms = self.systems[need.system].charms
        for app, other in self._users(need.system):
            if other.other == need.other != ANY:
                for found in app.integrated(other.endpoint):
                    if self.stack.charm_of(found.application) not in charms:
                        server = Server(found.application, found.other or need.other)
                        yield server, other.endpoint

    def _endpoint(self, name: str, need: Integration) -> str:
        """The endpoint of an application by which it serves such a need to others."""
        for app, other in self._users(need.system):
            for found in app.integrated(other.endpoint) if other.other == need.other else ():
                if found.application == name and found.other:
                    return found.other
        return need.other
