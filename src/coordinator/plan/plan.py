"""What has to be done so that a Juju model becomes what the blueprint says. Pure."""

from __future__ import annotations

import dataclasses
import graphlib
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

from coordinator.blueprint import channels
from coordinator.blueprint.systems import Blueprint, Deployment, Integration, System
from coordinator.juju import discovery
from coordinator.juju.ceilometer import REQUEST
from coordinator.juju.status import Model

COORDINATOR = System(
    key="telemetry-coordinator",
    title="Telemetry Coordinator",
    charms=("telemetry-coordinator",),
    integrations=(
        Integration("identity-credentials", "keystone", "identity-credentials"),
        Integration("identity-notifications", "keystone", "identity-notifications"),
        Integration("metric-service", "gnocchi", "metric-service"),
        Integration("member", "ceilometer", "juju-info"),
        Integration("certificates", "vault", "certificates", optional=True),
    ),
)
"""The coordinator itself. It is no system of a blueprint: it would verify itself."""

_ANY = "juju-info"
"""Endpoint that every application has, and that can have any number of integrations."""

USUAL = Deployment()

_CHANNEL = "latest/stable"
"""Of the coordinator's charm, which follows no release of OpenStack."""


@dataclasses.dataclass(frozen=True)
class Wishes:
    """How a model is to be completed.

    Attributes:
        coordinator: name of the coordinator's application.
        channel: of OpenStack's charms; None: as in the model.
        placement: directives for the units of new applications, used in turn.
        whole: whether the model shows all its applications; else what a cloud has anyway is taken
            as given.
    """

    coordinator: str = COORDINATOR.key
    channel: channels.Channel | None = None
    placement: tuple[str, ...] = ()
    whole: bool = True


@dataclasses.dataclass(frozen=True)
class Application:
    """An application of the completed model.

    Attributes:
        present: whether it is there already.
        units: 0 for a subordinate.
        to: placement of its units; empty means new machines.
        origin: options that must be set when it is deployed.
        deploy: what its system says about it.
    """

    name: str
    charm: str
    present: bool
    channel: str = ""
    base: str = ""
    units: int = 1
    to: tuple[str, ...] = ()
    origin: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])
    deploy: Deployment = USUAL


@dataclasses.dataclass(frozen=True)
class Link:
    """An integration of the completed model; its ends are written as `APPLICATION:ENDPOINT`.

    Attributes:
        present: whether it is there already.
        optional: whether the stack can do without it.
    """

    one: str
    other: str
    present: bool = False
    optional: bool = False


@dataclasses.dataclass(frozen=True)
class Plan:
    """The completed model.

    Attributes:
        applications: those that others need come first.
        asks: applications whose charm asks for its action ceilometer-upgrade, or will.
        notes: what could not be decided without a person.
    """

    applications: tuple[Application, ...]
    links: tuple[Link, ...]
    asks: tuple[str, ...]
    notes: tuple[str, ...]
    wishes: Wishes

    @property
    def additions(self) -> tuple[Application, ...]:
        """What is to be deployed."""
        return tuple(app for app in self.applications if not app.present)

    @property
    def missing(self) -> tuple[Link, ...]:
        """What is to be integrated."""
        return tuple(link for link in self.links if not link.present and not link.optional)

    @property
    def optional(self) -> tuple[Link, ...]:
        """What may be integrated."""
        return tuple(link for link in self.links if not link.present and link.optional)


def parse_placement(text: str) -> tuple[str, ...]:
    """Directives as of `juju deploy --to`, separated by commas.

    Raises:
        ValueError: saying what is allowed.
    """
    directives = tuple(part.strip() for part in text.split(",")) if text.strip() else ()
    if not all(re.fullmatch(r"(0|[1-9]\d*)|lxd(:(0|[1-9]\d*))?", part) for part in directives):
        raise ValueError("use machines such as 3, lxd:3 or lxd, separated by commas")
    return directives


def complete(blueprint: Blueprint, model: Model, wishes: Wishes) -> Plan:
    """The model as it is when the blueprint is fulfilled.

    What is there already is recognised by its charm, whatever it is called; an endpoint that is
    integrated with something else than the blueprint says is left alone.

    Raises:
        ValueError: something is to be deployed, and no release is known.
    """
    return _Completion(blueprint, model, wishes).plan()


class _Completion:
    """The work on one plan."""

    def __init__(self, blueprint: Blueprint, model: Model, wishes: Wishes) -> None:
        self._systems = {**blueprint.systems, COORDINATOR.key: _coordinator(blueprint)}
        self._model = model
        self._wishes = wishes
        us = model.applications.get(wishes.coordinator)
        related = {found.application for found in us.integrations} if us else set[str]()
        self._stack = discovery.find(model, blueprint, related)
        self._own = _channel_of(blueprint, model)
        self._channel = wishes.channel or self._own
        self._places = itertools.cycle(wishes.placement)
        self._names = {
            key: self._found(system) for key, system in self._systems.items() if not system.apart
        }
        self._beside: dict[tuple[str, str], str] = {}
        for system in self._systems.values():
            if system.apart:
                self._names[system.key] = self._found_apart(system)

    def plan(self) -> Plan:
        applications = tuple(
            self._application(self._systems[key], name)
            for key in _ordered(self._systems)
            for name in self._names[key]
        )
        links = dict.fromkeys(
            link
            for system in self._systems.values()
            for name in self._names[system.key]
            for link in self._links(system, name)
        )
        return Plan(applications, tuple(links), self._asks(), self._notes(), self._wishes)

    # Applications

    def _found(self, system: System) -> tuple[str, ...]:
        """Names of a system's applications: those that are there, else the one to come."""
        if system.key == COORDINATOR.key:
            return (self._wishes.coordinator,)
        there = {app.name for app in self._stack.of(system.key)}
        there |= set(self._related(system))
        if not there:
            # where another charm has the name already, it is taken for a build of the same
            return (system.charm,)
        return tuple(sorted(there, key=lambda name: (name != system.charm, name)))

    def _related(self, system: System) -> Iterator[str]:
        """Names of a system's applications that are there, though the model may not show them.

        The coordinator is related to them, or they are offered by another model.
        """
        if system.charm in self._model.remote:
            yield system.charm
        us = self._model.applications.get(self._wishes.coordinator)
        systems = {i.endpoint: i.system for i in COORDINATOR.integrations if i.other != _ANY}
        for found in us.integrations if us else ():
            name = found.application
            shown = self._model.applications.get(name)
            # what anything can be integrated with is told by its name only
            fits = systems.get(found.endpoint, name) == system.key
            if fits and (shown is None or shown.charm in system.charms):
                yield name

    def _found_apart(self, system: System) -> tuple[str, ...]:
        """Names of applications that are each for one other application."""
        found: list[str] = []
        for key in system.beside:
            principal = self._systems[key]
            for integration in principal.integrations:
                if integration.system != system.key:
                    continue
                for name in self._names[key]:
                    if self._taken_as_given(principal, name) or self._remote(principal, name):
                        continue
                    own = self._found_beside(system, integration, name)
                    if own:
                        found.append(own)
                        self._beside[system.key, name] = own
        return tuple(dict.fromkeys(found))

    def _found_beside(self, system: System, integration: Integration, name: str) -> str:
        """Name of the application beside another; empty when that does without."""
        there = self._integrated(name, integration.endpoint)
        if not there:
            return f"{name}-{system.charm}"
        return next((other for other in there if self._is(other, system)), "")

    def _application(self, system: System, name: str) -> Application:
        seen = self._model.applications.get(name)
        deploy = system.deploy
        present = seen is not None or self._known(system, name)
        subordinate = bool(system.beside)
        if present:
            channel = seen.channel if seen else ""
            units = 0 if subordinate or seen is None else len(seen.units)
            charm = seen.charm if seen else system.charm
            return Application(name, charm, True, channel, units=units, deploy=deploy)
        release = self._release(name).release
        units = 0 if subordinate else deploy.units
        origin = {deploy.origin: release.origin} if deploy.origin else {}
        return Application(
            name=name,
            charm=system.charm,
            present=False,
            channel=_CHANNEL
            if system.key == COORDINATOR.key
            else self._release(name).of(deploy.track),
            base=release.base,
            units=units,
            to=self._placed(deploy, units),
            origin=origin if release.origin != "distro" else {},
            deploy=deploy,
        )

    def _release(self, name: str) -> channels.Channel:
        if self._channel is None:
            known = ", ".join(channels.releases())
            problem = f"no release is known to deploy {name} from"
            raise ValueError(
                f"{problem}; give a channel of one of {known}, as channel=2024.1/stable"
            )
        return self._channel

    def _placed(self, deploy: Deployment, units: int) -> tuple[str, ...]:
        if not self._wishes.placement or deploy.metal:
            return ()
        return tuple(itertools.islice(self._places, units))

    def _known(self, system: System, name: str) -> bool:
        """Whether an application that the model does not show is there nevertheless."""
        return name in set(self._related(system)) or self._taken_as_given(system, name)

    def _taken_as_given(self, system: System, name: str) -> bool:
        """Whether an application is part of the cloud, in a model that is not seen."""
        seen = name in self._model.applications
        return system.deploy.base and not self._wishes.whole and not seen

    def _is(self, name: str, system: System) -> bool:
        app = self._model.applications.get(name)
        return app is not None and app.charm in system.charms

    # Integrations

    def _links(self, system: System, name: str) -> Iterator[Link]:
        if self._taken_as_given(system, name) or self._remote(system, name):
            return
        for integration in system.integrations:
            if integration.system in system.beside and not system.apart:
                yield from self._links_to_principals(system, name, integration)
            else:
                yield from self._link(name, integration)

    def _links_to_principals(
        self, system: System, name: str, integration: Integration
    ) -> Iterator[Link]:
        """A subordinate is integrated with each of its principals."""
        for principal in self._names[integration.system]:
            there = [
                one
                for one in self._names[system.key]
                if principal in self._integrated(one, integration.endpoint)
            ]
            if name in there or (not there and name == self._names[system.key][0]):
                yield _link(name, integration, principal, present=name in there)

    def _link(self, name: str, integration: Integration) -> Iterator[Link]:
        there = self._integrated(name, integration.endpoint)
        target = self._systems[integration.system]
        if target.apart:
            own = self._beside.get((target.key, name))
            wanted = (own,) if own else ()
        else:
            wanted = self._names[target.key]
        found = [other for other in wanted if other in there]
        for other in found:
            yield _link(name, integration, other, present=True)
        taken = found if integration.other == _ANY else there
        if not taken and wanted:
            yield _link(name, integration, wanted[0], present=False)

    def _integrated(self, name: str, endpoint: str) -> tuple[str, ...]:
        """Applications that an endpoint is integrated with."""
        app = self._model.applications.get(name)
        return tuple(found.application for found in app.integrated(endpoint)) if app else ()

    def _remote(self, system: System, name: str) -> bool:
        """Whether an application is there without being in this model."""
        return self._wishes.whole and self._known(system, name) and not self._shown(name)

    def _shown(self, name: str) -> bool:
        return name in self._model.applications

    # What else a person wants to know

    def _asks(self) -> tuple[str, ...]:
        return tuple(
            name
            for name in self._names.get("ceilometer", ())
            if not self._shown(name)
            or any(
                REQUEST in unit.workload.message for unit in self._model.applications[name].units
            )
        )

    def _notes(self) -> tuple[str, ...]:
        """What was decided, and could be decided otherwise."""
        return (*self._mixed_releases(), *self._choices())

    def _mixed_releases(self) -> Iterator[str]:
        if (
            self._wishes.channel
            and self._own
            and self._own.release != self._wishes.channel.release
        ):
            wanted = self._wishes.channel.release.name
            yield f"The model's own charms are for {self._own.release.name}, not for {wanted}"

    def _choices(self) -> Iterator[str]:
        """Where there are several applications of a system to choose from."""
        targets = {
            integration.system
            for system in self._systems.values()
            for integration in system.integrations
            if integration.system not in system.beside
        }
        yield from (
            f"{self._systems[key].title}: there are {', '.join(names)}; {names[0]} is taken"
            for key, names in self._names.items()
            if key in targets and len(names) > 1 and not self._systems[key].apart
        )


def _coordinator(blueprint: Blueprint) -> System:
    """The coordinator, integrated with those systems that this cloud has."""
    known = tuple(i for i in COORDINATOR.integrations if i.system in blueprint.systems)
    return dataclasses.replace(COORDINATOR, integrations=known)


def _link(name: str, integration: Integration, other: str, *, present: bool) -> Link:
    return Link(
        one=f"{name}:{integration.endpoint}",
        other=f"{other}:{integration.other}",
        present=present,
        optional=integration.optional,
    )


def _channel_of(blueprint: Blueprint, model: Model) -> channels.Channel | None:
    """The channel of the model's own OpenStack charms, where it is one that is known."""
    for system in blueprint.systems.values():
        for app in model.of_charm(*system.charms):
            if system.deploy.track == channels.OPENSTACK and app.channel:
                try:
                    return channels.parse(app.channel)
                except ValueError:
                    continue
    return None


def _ordered(systems: Mapping[str, System]) -> Sequence[str]:
    """Keys of systems, those that others need first."""
    needs = {
        key: [other for other in system.needs if other in systems]
        for key, system in systems.items()
    }
    try:
        return tuple(graphlib.TopologicalSorter(needs).static_order())
    except graphlib.CycleError:
        return tuple(systems)
