"""Releases of OpenStack by the Ubuntu that they run on, read from `platforms.yaml`.

Nothing is guessed: what no document names for a release on a base is empty, or refused with that
reason where documents name others.
"""

from __future__ import annotations

import functools
import pathlib
import re
from collections.abc import Mapping

import msgspec

from coordinator.blueprint import data

OPENSTACK = "openstack"
"""Family of the charms whose track is the release itself."""

FAMILIES = (OPENSTACK, "ceph", "mysql", "rabbitmq", "vault", "hacluster", "memcached")
"""Families of charms that have their tracks in common."""

RISKS = ("stable", "candidate", "beta", "edge")

_PATH = pathlib.Path(__file__).with_name("platforms.yaml")
_STABLE = "stable"


class UnknownPlatformError(ValueError):
    """No document names what is asked for; the text says what is missing."""


class Channel(msgspec.Struct, frozen=True):
    """The channel of OpenStack's charms; its track is the release."""

    release: str
    risk: str = _STABLE


class Platform(msgspec.Struct, frozen=True):
    """A release of OpenStack on one base.

    Attributes:
        release: its track, such as `2023.2`.
        base: of the units, such as `ubuntu@22.04`.
        origin: where their packages come from, such as `cloud:jammy-bobcat`; empty where that is
            not documented.
        tracks: of the charms that are not OpenStack's own, by family.
        elsewhere: base of the charms of a family that run on another one.
        lacks: charms that this release has not, each with the reason.
    """

    release: str
    base: str
    origin: str = ""
    tracks: Mapping[str, str] = {}
    elsewhere: Mapping[str, str] = {}
    lacks: Mapping[str, str] = {}

    def __str__(self) -> str:
        return f"{self.release} on {self.base}"

    def channel_of(self, family: str) -> str:
        """The channel of a family of charms; empty where none is documented here."""
        # a cloud of edge charms does not want an edge database
        return f"{self.tracks[family]}/{_STABLE}" if family in self.tracks else ""

    def base_of(self, family: str) -> str:
        """The base of the units of a family of charms."""
        return self.elsewhere.get(family, self.base)


@functools.cache
def _platforms() -> Mapping[str, tuple[Platform, ...]]:
    """What is known of each release, the oldest first; the usual base of each is the first."""
    entries = data.read(_PATH)
    del entries["sources"]
    return {
        release: tuple(
            Platform(
                release,
                base,
                known["origin"],
                known["tracks"],
                known.get("elsewhere", {}),
                entry.get("lacks", {}),
            )
            for base, known in sorted(
                entry["bases"].items(), key=lambda found, usual=entry["usual"]: found[0] != usual
            )
        )
        for release, entry in entries.items()
    }


def releases() -> tuple[str, ...]:
    """Names of all releases that are known, the oldest first."""
    return tuple(_platforms())


def find(release: str, base: str = "") -> Platform:
    """A release on a base.

    Args:
        release: its track, one of `releases`.
        base: such as `ubuntu@22.04`; empty for the usual one.

    Raises:
        UnknownPlatformError: it is documented on other bases, or no base is known; says which.
    """
    found = _platforms()[release]
    if not found and base:
        return Platform(release, base)
    for platform in found:
        if base in ("", platform.base):
            return platform
    if not found:
        raise UnknownPlatformError(f"no document names a base for {release}")
    known = ", ".join(platform.base for platform in found)
    raise UnknownPlatformError(f"no document names {release} on {base}; known is it on {known}")


def parse(text: str) -> Channel:
    """Read the channel of OpenStack's charms, `TRACK` or `TRACK/RISK`.

    Raises:
        ValueError: saying what is allowed.
    """
    track, _, risk = text.partition("/")
    if track not in releases() or (risk or _STABLE) not in RISKS:
        known = ", ".join(releases())
        raise ValueError(f"use TRACK/RISK with one of the tracks {known}, such as 2024.1/stable")
    return Channel(track, risk or _STABLE)


def track_of(channel: str) -> str:
    """The track of a channel that names one of OpenStack's releases, known or not; else empty."""
    track = channel.partition("/")[0]
    return track if re.fullmatch(r"20\d\d\.[12]|[a-z]{3,12}", track) and track != "latest" else ""
