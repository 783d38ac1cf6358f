"""The time since when a unit is as it is, as the coordinator itself saw it.

Juju renews the time of a status whenever a charm sets it, also to the same words, which many do
every five minutes; and of an error it tells the time of the status before. So what was seen of
each unit is remembered from one look to the next.

A hook that failed is run again and again; while it runs, the unit shows the status before the
error. Such a unit is still in error until its agent is idle without one.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from coordinator.juju.status import JujuLevel, Model, Unit
from coordinator.report import kept

MOST = 5000
"""Units that are remembered at most."""


class Sighting(kept.Kept, frozen=True):
    """The status of a unit as it was seen.

    Attributes:
        digest: of its message, without numbers.
        since: when it was first seen so, without a break.
    """

    level: JujuLevel
    digest: str
    since: kept.Moment


Sightings: TypeAlias = Mapping[str, Sighting]
"""Sightings by the name of the unit. Units that are active are not in it."""


def watch(model: Model, remembered: Sightings, now: datetime.datetime) -> tuple[Model, Sightings]:
    """The model with `seen_since` and `retried`, and what is to be remembered instead."""
    seen = {unit.name: found for unit in model.units if (found := _see(unit, remembered, now))}
    retried = frozenset(
        unit.name
        for unit in model.units
        if unit.name in seen and seen[unit.name].level is not _level(unit)
    )
    since = {name: sighting.since for name, sighting in seen.items()}
    watched = msgspec.structs.replace(model, seen_since=since, retried=retried)
    return watched, dict(sorted(seen.items())[:MOST])


def _see(unit: Unit, remembered: Sightings, now: datetime.datetime) -> Sighting | None:
    """The sighting to be remembered of a unit; None where it is well."""
    before = remembered.get(unit.name)
    if before is not None and before.since > now:
        before = None  # the clock was set back
    level = _level(unit)
    if before is not None and before.level is JujuLevel.ERROR and _hides_error(unit):
        return before
    if level in {JujuLevel.ACTIVE, JujuLevel.UNKNOWN}:
        return None
    digest = digest_of(unit.workload.message)
    if before is not None and (before.level, before.digest) == (level, digest):
        return before
    return Sighting(level, digest, now)


def _level(unit: Unit) -> JujuLevel:
    return JujuLevel.LOST if unit.lost else unit.workload.level


def _hides_error(unit: Unit) -> bool:
    """True if a unit is at work, perhaps on the hook that failed."""
    at_work = unit.agent.level is JujuLevel.EXECUTING and not unit.lost
    return at_work and unit.workload.level is not JujuLevel.ERROR


def digest_of(message: str) -> str:
    """The same for messages that differ in numbers only, such as percentages and times."""
    words = re.sub("[0-9]+", "0", message)
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:8]
