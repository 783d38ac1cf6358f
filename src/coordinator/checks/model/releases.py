"""Systems that are of different releases of OpenStack. Pure."""

from __future__ import annotations

import collections
import re
from collections.abc import Iterable, Sequence

from coordinator.blueprint import charm_facts, platforms
from coordinator.blueprint.systems import System
from coordinator.juju.status import Application, Model
from coordinator.report.finding import Cause, Finding, Severity

_FIRST = {
    "keystone": 17,
    "aodh": 10,
    "barbican": 10,
    "ceilometer": 14,
    "ceilometer-agent": 14,
    "nova-compute": 21,
    "watcher": 4,
}
"""Charm → major version in Ussuri; since then each counts up once in a release
(openstack/releases, `deliverables`). Gnocchi has versions of its own."""


_ORIGINS = ("openstack-origin", "source")
"""Options that tell where packages come from; a charm has one of them, or none."""


def judge(
    systems: Iterable[tuple[System, Sequence[Application]]], model: Model
) -> tuple[Finding, ...]:
    """The systems that are of another release than most.

    What counts is the version of the software, which the charm tells: the track of the charm says
    nothing about it while an upgrade waits.

    Args:
        systems: each with its applications.
        model: the whole model: packages of a subordinate come from where its principal's do.
    """
    known = {
        app.name: (system, release)
        for system, apps in systems
        for app in apps
        if (release := release_of(app))
    }
    if len({release for _, release in known.values()}) < 2:
        return ()
    votes = collections.Counter(release for _, release in known.values())
    usual = max(votes, key=lambda one: (votes[one], platforms.releases().index(one)))
    return tuple(
        Finding(
            service=system.service,
            question="release",
            severity=Severity.DEGRADED,
            summary=f"{name} is of the release {release}, most of the stack of {usual}",
            cause=Cause.MIXED_RELEASES,
            remedy=_remedy(model, name),
        )
        for name, (system, release) in known.items()
        if release != usual
    )


def _remedy(model: Model, name: str) -> str:
    """Where the packages of an application come from: its own option, else its principal's."""
    app = model.applications[name]
    for shown in (app, *(model.applications.get(other) for other in app.subordinate_to)):
        if shown is None:
            continue
        options = charm_facts.of(shown.charm).options
        for option in _ORIGINS:
            if option in options:
                return f"juju config {shown.name} {option}"
    return f"juju status {name}"


def release_of(app: Application) -> str:
    """The release of OpenStack that an application runs; empty where it cannot be told."""
    major = re.match(r"\d+", app.version)
    first = _FIRST.get(app.charm)
    if major is None or first is None:
        return ""
    index, names = int(major[0]) - first, platforms.releases()
    return names[index] if 0 <= index < len(names) else ""
