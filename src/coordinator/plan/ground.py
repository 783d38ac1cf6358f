"""The release, base and channels of a model, for new applications beside its own.

What the model does not tell is the usual of the release. What no document names is empty: a
person knows it.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator, Sequence

from coordinator.blueprint import platforms
from coordinator.blueprint.platforms import Channel, Platform
from coordinator.blueprint.systems import System
from coordinator.checks.model import releases
from coordinator.juju.status import Application
from coordinator.plan.plan import COORDINATOR, PlannedApplication

_COORDINATORS_CHANNEL = "latest/stable"
"""Of the coordinator's charm, which follows no release of OpenStack."""


class Ground:
    """The ground that a plan is made on.

    Args:
        members: applications of the stack, each with its system.
        wanted: the channel that a person asked for.
    """

    def __init__(
        self, members: Sequence[tuple[System, Application]], wanted: Channel | None
    ) -> None:
        self._members = members
        self._wanted = wanted
        openstack = [
            (system, app) for system, app in members if system.deploy.track == platforms.OPENSTACK
        ]
        # the track of the charms, known or not, and the release of the software
        self._track = _most(platforms.track_of(app.channel) for _, app in openstack)
        self._running = _most(releases.release_of(app) for _, app in members)
        self._base = _bases(openstack) or _bases(members)

    def lacks(self, system: System) -> str:
        """The reason why the release has no charm of a system; empty where it has one."""
        if not (self._wanted or self._track or self._running):
            return ""  # what is to be deployed asks for a release, and tells so
        return self._platform(system.charm).lacks.get(system.charm, "")

    def new(self, system: System, name: str, base: str, to: Sequence[str]) -> PlannedApplication:
        """A new application of a system; without a base, it has that of the release.

        Raises:
            ValueError: the release is not known, or documented on other bases only.
        """
        deploy, platform = system.deploy, self._platform(name)
        channel = self._channel_of(system, name)
        unknown = [] if channel else [f"no channel of the charm {system.charm}"]
        if deploy.origin and not platform.origin:
            unknown.append(f"no {deploy.origin}")
        has_origin = deploy.origin and platform.origin != "distro"
        return PlannedApplication(
            name=name,
            charm=system.charm,
            present=False,
            channel=channel or "CHANNEL",
            base=base or platform.base_of(deploy.track),
            units=0 if system.beside else deploy.units,
            to=tuple(to),
            origin={deploy.origin: platform.origin or "ORIGIN"} if has_origin else {},
            deploy=deploy,
            open_question=(
                f"{' and '.join(unknown)} is documented for {platform}" if unknown else ""
            ),
        )

    def notes(self) -> Iterator[str]:
        """Differences between what is planned and what the model is."""
        told = self._track or self._running
        if self._wanted and told and told != self._wanted.release:
            yield f"The model's own charms are for {told}, not for {self._wanted.release}"
        if self._track and self._running and self._track != self._running:
            text = f"The model's own charms are for {told}, and run OpenStack {self._running}"
            yield f"{text}: end that upgrade first"

    def _channel(self, name: str) -> Channel:
        """The channel of OpenStack's charms."""
        if self._wanted is not None:
            return self._wanted
        for _, app in self._members:
            track = platforms.track_of(app.channel)
            if track == self._track and track in platforms.releases():
                return platforms.parse(app.channel)
        if self._running:
            return Channel(self._running)
        known = ", ".join(platforms.releases())
        told = f" ({self._track} is not known)" if self._track else ""
        fault = f"no release is known to deploy {name} from{told}"
        raise ValueError(f"{fault}; give a channel of one of {known}, as channel=2024.1/stable")

    def _platform(self, name: str) -> Platform:
        try:
            return platforms.find(self._channel(name).release, self._base)
        except platforms.UnknownPlatformError as error:
            raise ValueError(f"{name} cannot be planned: {error}") from None

    def _channel_of(self, system: System, name: str) -> str:
        """The channel of a new application: that of others of its charm, else its family's."""
        if system.key == COORDINATOR.key:
            return _COORDINATORS_CHANNEL
        if system.deploy.track == platforms.OPENSTACK:
            channel = self._channel(name)
            return f"{channel.release}/{channel.risk}"
        alike = (app.channel for other, app in self._members if other.key == system.key)
        own = _most(channel for channel in alike if "/" in channel)
        return own or self._platform(name).channel_of(system.deploy.track)


def _bases(members: Iterable[tuple[System, Application]]) -> str:
    """The commonest base; subordinates only follow."""
    return _most(str(app.base) for system, app in members if not system.beside)


def _most(values: Iterable[str]) -> str:
    """The commonest of some values that are not empty; empty where there are none."""
    counted = collections.Counter(value for value in values if value)
    return counted.most_common(1)[0][0] if counted else ""
