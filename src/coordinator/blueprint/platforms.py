"""Releases of OpenStack by the Ubuntu that they run on: `platforms.yaml`.

Nothing is guessed: what no document names for a release on a base is empty, or refused with that
reason where documents name others.
"""

from __future__ import annotations

import functools
import pathlib
import re
from collections.abc import Mapping

import msgspec

OPENSTACK = "openstack"
"""Family of the charms whose track is the release itself."""

FAMILIES = (OPENSTACK, "ceph", "mysql", "rabbitmq", "vault", "hacluster", "memcached")
"""Families of charms that have their tracks in common."""

_RISKS = ("stable", "candidate", "beta", "edge")

_PATH = pathlib.Path(__file__).with_name("platforms.yaml")
_STABLE = "stable"


class UnknownPlatformError(ValueError):
    """No document names what is asked for; the text says what is missing."""


class Channel(msgspec.Struct, frozen=True):
    """The channel of OpenStack's charms; its track is the release."""

    release: str
    risk: str = _STABLE


class Platform(msgspec.Struct, frozen=True):
    """A release of OpenStack, such as `2023.2`, on one base, such as `ubuntu@22.04`.

    `platforms.yaml` describes the other attributes; empty ones are not documented.
    """

    release: str = ""
    base: str = ""
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


class _Release(msgspec.Struct, frozen=True):
    bases: Mapping[str, Platform]
    lacks: Mapping[str, str] = {}


@functools.cache
def _releases() -> Mapping[str, _Release]:
    entries = msgspec.yaml.decode(_PATH.read_bytes())
    del entries["sources"]
    return msgspec.convert(entries, dict[str, _Release])


def releases() -> tuple[str, ...]:
    """Names of all releases that are known, the oldest first."""
    return tuple(_releases())


def find(release: str, base: str = "") -> Platform:
    """One of the releases on a base; an empty base means the usual one.

    Raises:
        UnknownPlatformError: it is documented on other bases, or no base is known; says which.
    """
    known = _releases()[release]
    base = base or next(iter(known.bases), "")
    if not base:
        raise UnknownPlatformError(f"no document names a base for {release}")
    if known.bases and base not in known.bases:
        told = f"no document names {release} on {base}; it is known on {', '.join(known.bases)}"
        raise UnknownPlatformError(told)
    platform = known.bases.get(base, Platform())
    return msgspec.structs.replace(platform, release=release, base=base, lacks=known.lacks)


def parse(text: str) -> Channel:
    """Read the channel of OpenStack's charms, `TRACK` or `TRACK/RISK`.

    Raises:
        ValueError: saying what is allowed.
    """
    track, _, risk = text.partition("/")
    channel = Channel(track, risk or _STABLE)
    if track not in releases() or channel.risk not in _RISKS:
        known = ", ".join(releases())
        raise ValueError(f"use TRACK/RISK with one of the tracks {known}, such as 2024.1/stable")
    return channel


def track_of(channel: str) -> str:
    """The track of a channel that names one of OpenStack's releases, known or not; else empty."""
    track = channel.partition("/")[0]
    return track if re.fullmatch(r"20\d\d\.[12]|[a-z]{3,12}", track) and track != "latest" else ""
