"""How a Juju model becomes what the blueprint says. Pure.

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
from coordinator.checks.model import certificates, needs, subordinates
from coordinator.checks.model.certificates import Server
from coordinator.checks.model.needs import Need
from coordinator.juju import ceilometer, discovery
from coordinator.juju.status import Application as Seen
from coordinator.juju.status import Model
from coordinator.plan.ground import Ground
from coordinator.plan.plan import ANY, COORDINATOR, Application, Link, Plan, Question, Wishes
from coordinator.plan.servers import Servers


def complete(blueprint: Blueprint, model: Model, wishes: Wishes) -> Plan:
    """The model as it is when the blueprint is fulfilled.

    What is there already is recognised by its charm, whatever it is called; an endpoint that is
    integrated with something else than the blueprint says is left alone.

    Raises:
        ValueError: something is to be deployed, and it is not known from where; or the model is
            of another kind.
    """
    _refuse_kubernetes(blueprint, model)
    return _Completion(blueprint, model, wishes).plan()


_KUBERNETES = "this is a Kubernetes model (Sunbeam), and plan-stack knows charms for machines only"


def _refuse_kubernetes(blueprint: Blueprint, model: Model) -> None:
    if model.is_kubernetes:
        raise ValueError(_KUBERNETES)
    charms = {charm for system in blueprint.systems.values() for charm in system.charms}
    for app in model.applications.values():
        if app.charm.endswith("-k8s") and app.charm.removesuffix("-k8s") in charms:
            raise ValueError(f"{app.name} is of the charm {app.charm}: {_KUBERNETES}")


class _Completion:
    """The work on one plan."""

    def __init__(self, blueprint: Blueprint, model: Model, wishes: Wishes) -> None:
        us = model.applications.get(wishes.coordinator)
        related = {found.application for found in us.integrations} if us else set[str]()
        self._blueprint = blueprint
        self._systems = {**blueprint.systems, COORDINATOR.key: _coordinator(blueprint)}
        self._model = model
        self._wishes = wishes
        self._stack = discovery.find(model, blueprint, related)
        self._servers = Servers(self._systems, self._stack, wishes.coordinator)
        self._ground = Ground(
            [
                (system, app)
                for system in self._systems.values()
                for app in self._stack.of(system.key)
            ],
            wishes.channel,
        )
        self._secured = certificates.server(blueprint, self._stack)
        self._unknown = tuple(name for name, app in model.applications.items() if app.unreadable)
        self._places = itertools.cycle(wishes.placement)
        self._names: dict[str, dict[str, None]] = {key: {} for key in self._systems}
        self._beside: dict[str, str] = {}
        self._links: dict[Link, None] = {}
        self._questions: dict[Question, None] = {}
        self._notes: dict[str, None] = {}

    def plan(self) -> Plan:
        for system in self._systems.values():
            for app in self._servers.own(system):
                self._take(system, app.name)
            for name in self._servers.unseen(system) if not self._wishes.whole else ():
                if self._is_given(system):
                    self._names[system.key][name] = None
                else:
                    self._take(system, name)
        for system in self._systems.values():
            if self._is_goal(system):
                self._reach(system)
        order = _ordered(self._systems)
        applications = tuple(
            self._application(self._systems[key], name)
            for key in order
            for name in self._in_order(self._systems[key])
        )
        machines = {name: str(machine.base) for name, machine in self._model.machines.items()}
        undecided = {app.name for app in applications if app.open_question}
        known = {
            *(app.name for app in applications),
            *self._model.applications,
            *self._model.remote,
        }
        new = {app.name for app in applications if not (app.present or app.open_question)}
        questions = {_conditioned(one, new, known): None for one in self._questions}
        links: list[Link] = []
        for link in sorted(self._links, key=self._rank):
            first = sorted(undecided & _names_of(link))
            if first and not (link.present or link.optional):
                questions[Question(link, f"{first[0]} must be deployed first")] = None
            elif not link.optional or _names_of(link) <= known:
                links.append(link)
        return Plan(
            applications=applications,
            links=tuple(links),
            asks=self._asks(links),
            notes=(*self._ground.notes(), *self._notes, *self._choices()),
            wishes=self._wishes,
            questions=tuple(questions),
            machines=machines,
        )

    def _in_order(self, system: System) -> Sequence[str]:
        """Names of a system's applications; those beside others in the order of these."""
        owners = {own: name for name, own in self._beside.items()}
        keys = [key for key in system.beside if system.apart]

        def place(name: str) -> int:
            owner = owners.get(name, "")
            return next((n for n, key in enumerate(keys) if owner in self._names[key]), -1)

        return sorted(self._names[system.key], key=place)

    def _rank(self, link: Link) -> tuple[int, int]:
        """Links in the order of the blueprint."""
        name = link.one.partition(":")[0]
        for place, (key, system) in enumerate(self._systems.items()):
            if name in self._names[key]:
                return place, self._in_order(system).index(name)
        return len(self._systems), 0

    # What the stack is for

    def _is_goal(self, system: System) -> bool:
        """Whether it is wanted for itself, and not because another system needs it."""
        needed = any(system.key in other.needs for other in self._systems.values())
        return bool(system.key == COORDINATOR.key or system.catalog or system.check or not needed)

    def _reach(self, system: System) -> None:
        """Plan a system that is wanted for itself, where it is not there."""
        if system.key == COORDINATOR.key:
            self._take(system, self._wishes.coordinator)
        elif self._is_excused(system) or self._servers.is_there(system):
            return
        elif self._is_given(system):
            self._names[system.key][system.charm] = None
        else:
            self._deploy(system, system.charm)

    def _is_excused(self, system: System) -> bool:
        """Whether a system is not planned though it is not there; says why."""
        if self._servers.own(system):
            return True
        if self._servers.is_leaving(system):
            names = ", ".join(app.name for app in self._stack.of(system.key))
            self._note(f"{names}: being removed, so nothing is planned for it")
            return True
        if self._unknown:
            self._note(
                f"Juju could not tell about {', '.join(self._unknown)}: nothing is deployed"
            )
            return True
        hosts = [app for key in system.beside for app in self._servers.own(self._systems[key])]
        hosted = any(self._hosts(system, app) for app in hosts)
        return bool(hosts) and not system.apart and not hosted

    def _hosts(self, system: System, app: Seen) -> bool:
        """Whether a principal needs a subordinate system."""
        links = (subordinates.link_to(self._blueprint, system, key) for key in system.beside)
        return any(not subordinates.is_spared(app, link) for link in links)

    def _is_given(self, system: System) -> bool:
        """Whether a system is part of the cloud, in a model that is not seen."""
        return system.deploy.base and not self._wishes.whole

    def _note(self, text: str) -> None:
        self._notes[text] = None

    # Applications

    def _deploy(self, system: System, name: str) -> bool:
        """Plan a new application with what it needs; says whether there is a charm for it."""
        reason = self._ground.lacks(system)
        if reason:
            self._note(f"{name} is left out, since there is no charm of {system.charm}: {reason}")
            return False
        self._take(system, name)
        return True

    def _take(self, system: System, name: str) -> None:
        """Make an application part of the plan, and see to what it needs."""
        if name in self._names[system.key]:
            return
        self._names[system.key][name] = None
        app = self._model.applications.get(name)
        for need in system.integrations:
            if need.system in system.beside and not system.apart:
                self._stand_beside(system, name, need)
            elif app is None:
                self._serve(system, name, need)
            else:
                self._see_to(system, app, need)

    def _see_to(self, system: System, app: Seen, need: Integration) -> None:
        """A need of an application that is there."""
        there = app.integrated(need.endpoint)
        for found in there:
            if need.other != ANY or self._is(found.application, need.system):
                server = Server(found.application, found.other or need.other)
                self._links[self._link(system, app.name, need, server, present=True)] = None
        if there and need.other != ANY:
            return
        if need.other == ANY and any(self._is(i.application, need.system) for i in there):
            return
        ours = system.key == COORDINATOR.key
        state = Need.MISSING if ours else needs.assess(app, need)
        if state is Need.MET:
            return
        if self._is_needed(system, need):
            certain = ours or state is Need.MISSING or bool(need.optional and system.catalog)
            self._serve(system, app.name, need, "" if certain else _reason(app, state))
        elif need.optional:
            self._serve(system, app.name, need)

    def _is(self, name: str, key: str) -> bool:
        """Whether an application is of a system; one that is not seen is known by its name."""
        return (self._stack.charm_of(name) or name) in self._systems[key].charms

    def _is_needed(self, system: System, need: Integration) -> bool:
        """Whether the stack cannot do without; with certificates in Keystone, clients cannot."""
        if not need.optional:
            return True
        client = certificates.endpoint_of(system, self._blueprint)
        return self._secured is not None and need.endpoint == client

    def _serve(self, system: System, name: str, need: Integration, question: str = "") -> None:
        """Integrate an application with who serves its need, deployed for it where it must be.

        A question says why a person must decide; then nothing is deployed for it.
        """
        deploys = self._is_needed(system, need) and not question
        server = self._server(name, need, deploys=deploys)
        if server is None and question:
            target = self._systems[need.system]
            server = Server(f"{name}-{target.charm}" if target.apart else target.charm, need.other)
        if server is None:
            return
        link = self._link(system, name, need, server)
        if question:
            self._questions[Question(link, question)] = None
        else:
            self._links[link] = None

    def _server(self, name: str, need: Integration, *, deploys: bool) -> Server | None:
        """Who serves a need of an application; deployed now where nobody does, and that may be."""
        system = self._systems[need.system]
        if need.optional and self._secured and need.endpoint == certificates.ENDPOINT:
            return self._secured
        if system.apart:
            return self._own_server(name, need, system, deploys=deploys)
        planned = [Server(one, need.other) for one in self._names[system.key]]
        found = (*self._servers.of(need), *planned)
        if found:
            return found[0]
        if self._is_given(system):
            self._names[system.key][system.charm] = None
            return Server(system.charm, need.other)
        if deploys and not self._is_excused(system) and self._deploy(system, system.charm):
            return Server(system.charm, need.other)
        return None

    def _own_server(
        self, name: str, need: Integration, system: System, *, deploys: bool
    ) -> Server | None:
        """The application that is beside one other only."""
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
        if direct is not None and not free:
            return direct
        chosen = own if own in free else next(iter(free), "")
        if chosen:
            self._beside[name] = chosen
            return Server(chosen, need.other)
        if deploys and not self._unknown:
            self._beside[name] = own
            self._deploy(system, own)
        return Server(own, need.other) if deploys and not self._unknown else None

    def _stand_beside(self, system: System, name: str, need: Integration) -> None:
        """A subordinate is integrated with each of its principals."""
        target = self._systems[need.system]
        principals = [app.name for app in self._servers.own(target)]
        if not principals:
            self._serve(system, name, need)
            return
        own = [app.name for app in self._servers.own(system)] or [name]
        for principal in principals:
            there = [one for one in own if principal in self._principals(one, need)]
            lacks = name == own[0] and self._hosts(system, self._model.applications[principal])
            if name in there or (lacks and not there):
                server = Server(principal, need.other)
                link = self._link(system, name, need, server, present=name in there)
                self._links[link] = None

    def _principals(self, name: str, need: Integration) -> set[str]:
        app = self._model.applications.get(name)
        return {found.application for found in app.integrated(need.endpoint)} if app else set()

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

    # What is deployed

    def _application(self, system: System, name: str) -> Application:
        seen = self._model.applications.get(name)
        deploy = system.deploy
        if seen is not None or self._is_elsewhere(system, name):
            channel = seen.channel if seen else ""
            units = 0 if system.beside or seen is None else len(seen.units)
            charm = seen.charm if seen else system.charm
            return Application(name, charm, True, channel, units=units, deploy=deploy)
        platform = self._ground.platform(name)
        channel = self._ground.channel_of(system, name)
        units = 0 if system.beside else deploy.units
        unknown = "" if channel else f"no channel of the charm {system.charm}"
        if deploy.origin and not platform.origin:
            unknown += f"{' and ' * bool(unknown)}no {deploy.origin}"
        has_origin = deploy.origin and platform.origin != "distro"
        return Application(
            name=name,
            charm=system.charm,
            present=False,
            channel=channel or "CHANNEL",
            base=self._base(system, name),
            units=units,
            to=self._placed(system, units),
            origin={deploy.origin: platform.origin or "ORIGIN"} if has_origin else {},
            deploy=deploy,
            open_question=f"{unknown} is documented for {platform}" if unknown else "",
        )

    def _is_elsewhere(self, system: System, name: str) -> bool:
        """Whether an application is there, though the model does not show it."""
        us = self._model.applications.get(self._wishes.coordinator)
        related = us is not None and any(name == found.application for found in us.integrations)
        return related or name in self._model.remote or self._is_given(system)

    def _base(self, system: System, name: str) -> str:
        """Its base: a subordinate has that of its principal."""
        for link in self._links:
            if system.beside and name in _names_of(link):
                (other,) = _names_of(link) - {name} or {name}
                app = self._model.applications.get(other)
                owner = next((k for k, names in self._names.items() if other in names), "")
                if owner in system.beside and app is not None and str(app.base):
                    return str(app.base)
        platform = self._ground.platform(name)
        return platform.base_of(system.deploy.track)

    def _placed(self, system: System, units: int) -> tuple[str, ...]:
        if not self._wishes.placement or system.deploy.metal:
            return ()
        return tuple(itertools.islice(self._places, units))

    # What else a person wants to know

    def _asks(self, links: Sequence[Link]) -> tuple[str, ...]:
        """Who asks for ceilometer-upgrade, or will: of a Gnocchi that it gets, it must be told."""
        gets = {link.one for link in links if not link.present}
        found: list[str] = []
        for name in self._names.get("ceilometer", ()):
            app = self._model.applications.get(name)
            if app is None or ceilometer.asks(app) or f"{name}:metric-service" in gets:
                found.append(name)
        return tuple(found)

    def _choices(self) -> Iterator[str]:
        """Where there are several applications of a system to choose from."""
        targets = {
            need.system
            for system in self._systems.values()
            for need in system.integrations
            if need.system not in system.beside
        }
        for key in self._systems:
            names = list(self._names[key])
            if key in targets and len(names) > 1 and not self._systems[key].apart:
                title = self._systems[key].title
                yield f"{title}: there are {', '.join(names)}; {names[0]} is taken"


def _reason(app: Seen, state: Need) -> str:
    if state is Need.STORED:
        return f"{app.name} runs without it: its data are elsewhere, and this would not move them"
    return f"{app.name} is content without it"


def _conditioned(question: Question, new: Collection[str], known: Collection[str]) -> Question:
    """The question, with what comes before it where the other application is not there."""
    other, reason = question.link.other.partition(":")[0], question.reason
    if other in new:
        reason = f"{reason} (after this plan has deployed {other})"
    elif other not in known:
        reason = f"{reason} ({other} would have to be deployed first)"
    return msgspec.structs.replace(question, reason=reason)


def _names_of(link: Link) -> set[str]:
    return {end.partition(":")[0] for end in (link.one, link.other)}


def _coordinator(blueprint: Blueprint) -> System:
    """The coordinator, integrated with those systems that this cloud has."""
    known = tuple(i for i in COORDINATOR.integrations if i.system in blueprint.systems)
    return msgspec.structs.replace(COORDINATOR, integrations=known)


def _ordered(systems: Mapping[str, System]) -> Sequence[str]:
    """Keys of systems, those that others need first."""
    wanted = {
        key: [other for other in system.needs if other in systems]
        for key, system in systems.items()
    }
    try:
        return tuple(graphlib.TopologicalSorter(wanted).static_order())
    except graphlib.CycleError:
        return tuple(systems)
