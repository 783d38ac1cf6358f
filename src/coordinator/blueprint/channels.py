"""The channels of all charms that go with a release of OpenStack, read from `channels.yaml`."""

from __future__ import annotations

import dataclasses
import functools
import pathlib
from collections.abc import Mapping

OPENSTACK = "openstack"
"""Family of the charms whose track is the release itself."""

RISKS = ("stable", "candidate", "beta", "edge")

_PATH = pathlib.Path(__file__).with_name("channels.yaml")


@dataclasses.dataclass(frozen=True)
class Release:
    """A release of OpenStack on one base.

    Attributes:
        name: its track, such as `2023.2`.
        base: of the units, such as `ubuntu@22.04`.
        origin: where their packages come from, such as `cloud:jammy-bobcat`.
        tracks: of the charms that are not OpenStack's own, by family.
    """

    name: str
    base: str
    origin: str
    tracks: Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class Channel:
    """Where the charms of a release come from."""

    release: Release
    risk: str = "stable"

    def of(self, family: str) -> str:
        """The channel of a family of charms."""
        if family == OPENSTACK:
            return f"{self.release.name}/{self.risk}"
        # a cloud of edge charms does not want an edge database
        return f"{self.release.tracks[family]}/stable"


@functools.cache
def releases() -> Mapping[str, Release]:
    """All releases that are known, the oldest first."""
    import yaml  # noqa: PLC0415 - a quiet hook plans nothing

    entries = yaml.safe_load(_PATH.read_text(encoding="utf-8"))
    return {name: Release(name, **entry) for name, entry in entries.items()}


def families() -> tuple[str, ...]:
    """Families of charms that have their tracks in common."""
    return OPENSTACK, *next(iter(releases().values())).tracks


def parse(text: str) -> Channel:
    """Read the channel of OpenStack's charms, `TRACK` or `TRACK/RISK`.

    Raises:
        ValueError: saying what is allowed.
    """
    track, _, risk = text.partition("/")
    if track not in releases() or (risk or "stable") not in RISKS:
        known = ", ".join(releases())
        raise ValueError(f"use TRACK/RISK with one of the tracks {known}, such as 2024.1/stable")
    return Channel(releases()[track], risk or "stable")
