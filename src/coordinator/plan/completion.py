"""Completes a Juju model to what the blueprint says.

It begins with what the stack is for, and goes on to what that needs: nothing is planned that
nobody lacks. Whether a need is met is decided by the rule that judges the model
(`checks.model.needs`).
"""

from __future__ import annotations

import graphlib
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from coordinator.blueprint.systems import Blueprint, Integration, System
from coordinator.checks.model import certificates, needs, scope, subordinates
from coordinator.checks.model.certificates import Server
from coordinator.checks.model.needs import Need
from coordinator.juju import ceilometer, discovery
from coordinator.juju.status import Application, Model
from coordinator.plan.ground import Ground
from coordinator.plan.plan import (
    ANY,
    COORDINATOR,
    Link,
    Plan,
    PlannedApplication,
    Question,
    Wishes,
)
from coordinator.plan.servers import Servers

_KUBERNETES = "this is a Kubernetes model (Sunbeam), and plan-stack knows charms for machines only"


def complete(blueprint: Blueprint, model: Model, wishes: Wishes) -> Plan:
    """The model as it is when the blueprint is fulfilled.

    What is there already is recognised by its charm, whatever it is called; an endpoint that is
    integrated with something else than the blueprint says is left alone.

    Raises:
        ValueError: something is to be deployed, and it is not known from where; or the model is
            of another kind.
    """
    if model.is_kubernetes:
        raise ValueError(_KUBERNETES)
    charms = {charm for system in blueprint.systems.values() for charm in system.charms}
    for app in model.applications.values():
        if app.charm.endswith("-k8s") and app.charm.removesuffix("-k8s") in charms:
            raise ValueError(f"{app.name} is of the charm {app.charm}: {_KUBERNETES}")
    return _Completion(blueprint, model, wishes).plan()


class _Completion:
    """The work on one plan; equal links, questions and notes count once."""

    def __init__(self, blueprint: Blueprint, model: Model, wishes: Wishes) -> None:
        us = model.applications.get(wishes.coordinator)
        self._related = {found.application for found in us.integrations} if us else set[str]()
        # the coordinator is integrated with those systems that this cloud has
        ends = tuple(i for i in COORDINATOR.integrations if i.system in blueprint.systems)
        ours = msgspec.structs.replace(COORDINATOR, integrations=ends)
        self._blueprint = blueprint
        self._systems = {**blueprint.systems, COORDINATOR.key: ours}
        self._model = model
        self._wishes = wishes
        self._stack = discovery.find(model, blueprint, self._related)
        self._servers = Servers(self._systems, self._stack, wishes)
        members = [(s, app) for s in blueprint.systems.values() for app in self._stack.of(s.key)]
        self._ground = Ground(members, wishes.channel)
        self._secured = certificates.server(blueprint, self._stack)
        self._unknown = [name for name, app in model.applications.items() if app.unreadable]
        self._places = itertools.cycle(wishes.placement)
        self._names: dict[str, list[str]] = {key: [] for key in self._systems}
        self._beside: dict[str, str] = {}
        self._links: list[Link] = []
        self._questions: list[Question] = []
        self._notes: list[str] = []

    def plan(self) -> Plan:
        self._gather()
        names = {key: self._in_order(system) for key, system in self._systems.items()}
        applications = tuple(
            self._application(self._systems[key], name)
            for key in _ordered(self._systems)
            for name in names[key]
        )
        undecided = {app.name for app in applications if app.open_question}
        new = {app.name for app in applications if not app.present} - undecided
        known = {app.name for app in applications}.union(
            self._model.applications, self._model.remote
        )
        ranks = list(itertools.chain(*names.values()))
        links: list[Link] = []
        questions = [_conditioned(question, new, known) for question in self._questions]
        for link in sorted(dict.fromkeys(self._links), key=lambda one: ranks.index(one.names[0])):
            first = sorted(undecided.intersection(link.names))
            if first and not (link.present or link.optional):
                questions.append(Question(link, f"{first[0]} must be deployed first"))
            elif not link.optional or known.issuperset(link.names):
                links.append(link)
        return Plan(
            applications=applications,
            links=tuple(links),
            asks=self._asks(links),
            notes=tuple(dict.fromkeys((*self._ground.notes(), *self._notes, *self._choices()))),
            wishes=self._wishes,
            questions=tuple(dict.fromkeys(questions)),
            machines={name: str(found.base) for name, found in self._model.machines.items()},
        )

    def _gather(self) -> None:
        """Find out what is there and what is lacking."""
        for system in self._systems.values():
            for app in self._servers.own(system):
                self._take(system, app.name)
            for name in self._servers.unseen(system) if not self._wishes.whole else ():
                if self._servers.is_given(system):
                    self._add(system, name)
                else:
                    self._take(system, name)
        for key in scope.goals(self._blueprint.systems):
            system = self._systems[key]
            if not (self._is_excused(system) or self._servers.is_there(system)):
                if self._servers.is_given(system):
                    self._add(system, system.charm)
                else:
                    self._deploy(system, system.charm)
        self._take(self._systems[COORDINATOR.key], self._wishes.coordinator)

    # Applications

    def _is_excused(self, system: System) -> bool:
        """True if a system is not planned though it is not there; notes why."""
        if self._servers.own(system):
            return True
        if self._servers.is_leaving(system):
            names = ", ".join(app.name for app in self._stack.of(system.key))
            self._notes.append(f"{names}: being removed, so nothing is planned for it")
            return True
        if self._unknown:
            names = ", ".join(self._unknown)
            self._notes.append(f"Juju could not tell about {names}: nothing is deployed")
            return True
        hosts = [app for key in system.beside for app in self._servers.own(self._systems[key])]
        hosted = any(self._hosts(system, app) for app in hosts)
        return bool(hosts) and not system.apart and not hosted

    def _hosts(self, system: System, app: Application) -> bool:
        """True if a principal needs a subordinate system."""
        links = (subordinates.link_to(self._blueprint, system, key) for key in system.beside)
        return any(not subordinates.is_spared(app, link) for link in links)

    def _deploy(self, system: System, name: str) -> bool:
        """Plan a new application with what it needs; False if there is no charm for it."""
        reason = self._ground.lacks(system)
        if reason:
            text = f"{name} is left out, since there is no charm of {system.charm}: {reason}"
            self._notes.append(text)
            return False
        self._take(system, name)
        return True

    def _add(self, system: System, name: str) -> bool:
        """Make an application part of the plan; False if it is already."""
        is_new = name not in self._names[system.key]
        if is_new:
            self._names[system.key].append(name)
        return is_new

    def _take(self, system: System, name: str) -> None:
        """Make an application part of the plan, and see to what it needs."""
        if not self._add(system, name):
            return
        app = self._model.applications.get(name)
        for need in system.integrations:
            if need.system in system.beside and not system.apart:
                self._stand_beside(system, name, need)
            elif app is None:
                self._serve(system, name, need)
            else:
                self._see_to(system, app, need)

    # Integrations

    def _see_to(self, system: System, app: Application, need: Integration) -> None:
        """A need of an application that is there."""
        served = False
        for found in app.integrated(need.endpoint):
            if need.other != ANY or self._servers.is_of(found.application, need.system):
                served = True
                server = Server(found.application, found.other or need.other)
                self._links.append(self._link(system, app.name, need, server, present=True))
        if served:
            return
        if system.key == COORDINATOR.key:
            self._serve(system, app.name, need)
            return
        state = needs.assess(app, need)
        if state is Need.MET:
            return
        certain = state is Need.MISSING or not self._is_needed(system, need)
        if certain or (need.optional and system.catalog):
            self._serve(system, app.name, need)
        else:
            self._ask(system, app.name, need, _reason(app, state))

    def _is_needed(self, system: System, need: Integration) -> bool:
        """True if the stack needs it; with certificates in Keystone, its clients need them too."""
        if not need.optional:
            return True
        client = certificates.endpoint_of(system, self._blueprint)
        return self._secured is not None and need.endpoint == client

    def _serve(self, system: System, name: str, need: Integration) -> None:
        """Integrate an application with its server, which is deployed where it must be."""
        server = self._server(name, need, deploys=self._is_needed(system, need))
        if server is not None:
            self._links.append(self._link(system, name, need, server))

    def _ask(self, system: System, name: str, need: Integration, reason: str) -> None:
        """Let a person decide on an integration; nothing is deployed for it."""
        target = self._systems[need.system]
        usual = f"{name}-{target.charm}" if target.apart else target.charm
        server = self._server(name, need, deploys=False) or Server(usual, need.other)
        self._questions.append(Question(self._link(system, name, need, server), reason))

    def _server(self, name: str, need: Integration, *, deploys: bool) -> Server | None:
        """The server of a need of an application; with `deploys`, planned now if there is none."""
        system = self._systems[need.system]
        if need.optional and self._secured and need.endpoint == certificates.ENDPOINT:
            return self._secured
        if system.apart:
            return self._own_server(name, need, system, deploys=deploys)
        planned = (Server(one, need.other) for one in self._names[system.key])
        found = (*self._servers.of(need), *planned)
        if found:
            return found[0]
        usual = Server(system.charm, need.other)
        if self._servers.is_given(system):
            self._add(system, system.charm)
            return usual
        if deploys and not self._is_excused(system) and self._deploy(system, system.charm):
            return usual
        return None

    def _own_server(
        self, name: str, need: Integration, system: System, *, deploys: bool
    ) -> Server | None:
        """The server that is beside one application only."""
        direct = self._servers.direct(need, system.charms)
        own = f"{name}-{system.charm}"
        named = f"-{system.charm}"  # after another application, whose it was
        free = [
            app.name
            for app in self._servers.own(system)
            if not (app.subordinate_to or app.integrated(need.other))
            and app.name not in self._beside.values()
            and (app.name == own or not app.name.endswith(named))
        ]
        if free:
            chosen = own if own in free else free[0]
        elif direct is None and deploys and not self._unknown:
            chosen = own
        else:
            return direct
        self._beside[name] = chosen
        if not free:
            self._deploy(system, own)
        return Server(chosen, need.other)

    def _stand_beside(self, system: System, name: str, need: Integration) -> None:
        """A subordinate is integrated with each of its principals."""
        principals = self._servers.own(self._systems[need.system])
        if not principals:
            self._serve(system, name, need)
            return
        own = self._servers.own(system)
        first = own[0].name if own else name
        ends = {app.name: {i.application for i in app.integrated(need.endpoint)} for app in own}
        for principal in principals:
            there = [one for one, others in ends.items() if principal.name in others]
            lacks = not there and name == first and self._hosts(system, principal)
            if name in there or lacks:
                server = Server(principal.name, need.other)
                self._links.append(self._link(system, name, need, server, present=not lacks))

    def _link(
        self,
        system: System,
        name: str,
        need: Integration,
        server: Server,
        *,
        present: bool = False,
    ) -> Link:
        return Link(
            one=f"{name}:{need.endpoint}",
            other=f"{server.application}:{server.endpoint}",
            present=present,
            optional=not self._is_needed(system, need),
        )

    # The completed model

    def _in_order(self, system: System) -> list[str]:
        """Names of a system's applications; those beside others in the order of these."""
        owners = {own: name for name, own in self._beside.items()}
        keys = [key for key in system.beside if system.apart]

        def place(name: str) -> int:
            owner = owners.get(name, "")
            return next((n for n, key in enumerate(keys) if owner in self._names[key]), -1)

        return sorted(self._names[system.key], key=place)

    def _application(self, system: System, name: str) -> PlannedApplication:
        seen = self._model.applications.get(name)
        deploy = system.deploy
        if seen is not None:
            units = 0 if system.beside else len(seen.units)
            charm, channel = seen.charm, seen.channel
            return PlannedApplication(name, charm, True, channel, units=units, deploy=deploy)
        if name in self._related or name in self._model.remote or self._servers.is_given(system):
            return PlannedApplication(name, system.charm, True, units=0, deploy=deploy)
        units = 0 if system.beside or deploy.metal or not self._wishes.placement else deploy.units
        to = itertools.islice(self._places, units)
        return self._ground.new(system, name, self._base_beside(system, name), tuple(to))

    def _base_beside(self, system: System, name: str) -> str:
        """The base of the principal of a subordinate; empty where that is not known."""
        principals = {one for key in system.beside for one in self._names[key]}
        for link in self._links:
            others = {*link.names} - {name}
            for other in others & principals if name in link.names else ():
                app = self._model.applications.get(other)
                if app is not None and app.base.name:
                    return str(app.base)
        return ""

    def _asks(self, links: Sequence[Link]) -> tuple[str, ...]:
        """Those that ask for ceilometer-upgrade, or will: they must be told of a new Gnocchi."""
        gets = {link.one for link in links if not link.present}
        apps = self._model.applications
        return tuple(
            name
            for name in self._names.get("ceilometer", ())
            if name not in apps or ceilometer.asks(apps[name]) or f"{name}:metric-service" in gets
        )

    def _choices(self) -> Iterator[str]:
        """Notes on systems with several applications to choose from."""
        targets = {
            need.system
            for system in self._systems.values()
            for need in system.integrations
            if need.system not in system.beside
        }
        for key, system in self._systems.items():
            names = self._names[key]
            if key in targets and len(names) > 1 and not system.apart:
                yield f"{system.title}: there are {', '.join(names)}; {names[0]} is taken"


def _reason(app: Application, state: Need) -> str:
    if state is Need.STORED:
        return f"{app.name} runs without it: its data are elsewhere, and this would not move them"
    return f"{app.name} is content without it"


def _conditioned(question: Question, new: Collection[str], known: Collection[str]) -> Question:
    """The question, with what comes before it where the other application is not there."""
    _, other = question.link.names
    reason = question.reason
    if other in new:
        reason = f"{reason} (after this plan has deployed {other})"
    elif other not in known:
        reason = f"{reason} ({other} would have to be deployed first)"
    return msgspec.structs.replace(question, reason=reason)


def _ordered(systems: Mapping[str, System]) -> Sequence[str]:
    """Keys of systems, those that others need first."""
    needed = {key: [k for k in system.needs if k in systems] for key, system in systems.items()}
    try:
        return tuple(graphlib.TopologicalSorter(needed).static_order())
    except graphlib.CycleError:
        return tuple(systems)
