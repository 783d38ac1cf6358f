"""A plan: the steps by which a Juju model becomes as the blueprint says, as values."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from coordinator.blueprint.platforms import Channel
from coordinator.blueprint.systems import Deployment, Integration, System

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

ANY = "juju-info"
"""Endpoint that every application has, and that can have any number of integrations."""


class Wishes(msgspec.Struct, frozen=True):
    """The wishes of a person for a plan.

    Attributes:
        coordinator: name of the coordinator's application.
        channel: of OpenStack's charms; None: as in the model.
        placement: directives for the units of new applications, used in turn.
        whole: the model shows all its applications; else what a cloud has anyway is taken as
            given.
    """

    coordinator: str = COORDINATOR.key
    channel: Channel | None = None
    placement: tuple[str, ...] = ()
    whole: bool = True


class PlannedApplication(msgspec.Struct, frozen=True):
    """An application of the completed model.

    Attributes:
        present: it is there already.
        units: 0 for a subordinate.
        to: placement of its units; empty means new machines.
        origin: options that must be set when it is deployed.
        open_question: what only a person knows of how it is deployed; empty where all is known.
    """

    name: str
    charm: str
    present: bool
    channel: str = ""
    base: str = ""
    units: int = 1
    to: tuple[str, ...] = ()
    origin: Mapping[str, str] = {}
    deploy: Deployment = Deployment()
    open_question: str = ""


class Link(msgspec.Struct, frozen=True):
    """An integration of the completed model; its ends are written as `APPLICATION:ENDPOINT`.

    Attributes:
        present: it is there already.
        optional: the stack can do without it.
    """

    one: str
    other: str
    present: bool = False
    optional: bool = False

    @property
    def names(self) -> tuple[str, str]:
        """The applications at its ends."""
        return self.one.partition(":")[0], self.other.partition(":")[0]


class Question(msgspec.Struct, frozen=True):
    """An integration that only a person can decide on.

    Attributes:
        reason: why it is not simply made.
    """

    link: Link
    reason: str


class Plan(msgspec.Struct, frozen=True):
    """The completed model.

    Attributes:
        applications: those that others need come first.
        asks: applications whose charm asks for its action ceilometer-upgrade, or will.
        notes: what could not be decided without a person.
        questions: integrations that are not there, and that nobody may simply make.
        machines: base of each machine of the model, by number, as far as they are known.
    """

    applications: tuple[PlannedApplication, ...]
    links: tuple[Link, ...]
    asks: tuple[str, ...]
    notes: tuple[str, ...]
    wishes: Wishes
    questions: tuple[Question, ...] = ()
    machines: Mapping[str, str] = {}

    @property
    def additions(self) -> tuple[PlannedApplication, ...]:
        """The applications to deploy."""
        return tuple(app for app in self.applications if not (app.present or app.open_question))

    @property
    def undecided(self) -> tuple[PlannedApplication, ...]:
        """The applications to deploy as only a person knows."""
        return tuple(app for app in self.applications if app.open_question)

    @property
    def missing(self) -> tuple[Link, ...]:
        """The integrations to make."""
        return tuple(link for link in self.links if not link.present and not link.optional)

    @property
    def optional(self) -> tuple[Link, ...]:
        """The integrations that may be made."""
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
