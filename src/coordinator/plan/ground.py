"""On what a model's own applications run: what new ones beside them must run on as well. Pure.

Release, base and tracks are those of the model; what it does not tell is the usual of the release.
What no document names is empty: a person knows it.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator, Sequence

from coordinator.blueprint import platforms
from coordinator.blueprint.platforms import Channel, Platform
from coordinator.blueprint.systems import System
from coordinator.checks.model import releases
from coordinator.juju.status import Application
from coordinator.plan.plan import COORDINATOR

_COORDINATORS_CHANNEL = "latest/stable"
"""Of the coordinator's charm, which follows no release of OpenStack."""

Members = Sequence[tuple[System, Application]]


class Ground:
    """The model's own release, base and channels."""

    def __init__(self, members: Members, wanted: Channel | None) -> None:
        """Look at the stack.

        Args:
            members: its applications, each with its system.
            wanted: the channel that a person asked for.
        """
        self._members = members
        self._wanted = wanted
        self.track = _most(_tracks(members))
        """Track of the model's own OpenStack charms, known or not; empty where none tells it."""
        self.running = _most(releases.release_of(app) for _, app in members)
        """Release of the software that runs; empty where no version tells it."""
        self.base = _most(
            str(app.base)
            for system, app in members
            if not system.beside and system.deploy.track == platforms.OPENSTACK
        ) or _most(str(app.base) for system, app in members if not system.beside)

    def channel(self, name: str) -> Channel:
        """The channel of OpenStack's charms.

        Raises:
            ValueError: no release is known to deploy an application from.
        """
        if self._wanted is not None:
            return self._wanted
        for _, app in self._members:
            track = platforms.track_of(app.channel)
            if track == self.track and track in platforms.releases():
                return platforms.parse(app.channel)
        if self.running in platforms.releases():
            return Channel(self.running)
        known = ", ".join(platforms.releases())
        told = f" ({self.track} is not known)" if self.track else ""
        fault = f"no release is known to deploy {name} from{told}"
        raise ValueError(f"{fault}; give a channel of one of {known}, as channel=2024.1/stable")

    def platform(self, name: str) -> Platform:
        """The release and base that an application is deployed for.

        Raises:
            ValueError: the release is not known, or documented on other bases only.
        """
        release = self.channel(name).release
        try:
            return platforms.find(release, self.base)
        except platforms.UnknownPlatformError as error:
            raise ValueError(f"{name} cannot be planned: {error}") from None

    def lacks(self, system: System) -> str:
        """Why there is no charm of a system for the release; empty where there is one."""
        if self._wanted is None and not self.track and not self.running:
            return ""  # what is to be deployed asks for a release, and tells so
        return self.platform(system.charm).lacks.get(system.charm, "")

    def channel_of(self, system: System, name: str) -> str:
        """The channel of a new application: that of others of its charm, else its family's.

        Raises:
            ValueError: the release is not known.
        """
        if system.key == COORDINATOR.key:
            return _COORDINATORS_CHANNEL
        if system.deploy.track == platforms.OPENSTACK:
            channel = self.channel(name)
            return f"{channel.release}/{channel.risk}"
        alike = (app.channel for other, app in self._members if other.key == system.key)
        own = _most(channel for channel in alike if "/" in channel)
        return own or self.platform(name).channel_of(system.deploy.track)

    def notes(self) -> Iterator[str]:
        """Where what is planned is not what the model is."""
        told = self.track or self.running
        if self._wanted and told and told != self._wanted.release:
            yield f"The model's own charms are for {told}, not for {self._wanted.release}"
        if self.track and self.running and self.track != self.running:
            text = f"The model's own charms are for {self.track}, and run OpenStack {self.running}"
            yield f"{text}: end that upgrade first"


def _tracks(members: Members) -> Iterator[str]:
    for system, app in members:
        if system.deploy.track == platforms.OPENSTACK and system.key != COORDINATOR.key:
            yield platforms.track_of(app.channel)


def _most(values: Iterable[str]) -> str:
    """The commonest of some values that are not empty; empty where there are none."""
    counted = collections.Counter(value for value in values if value)
    return counted.most_common(1)[0][0] if counted else ""
