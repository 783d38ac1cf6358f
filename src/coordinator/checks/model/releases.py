"""Systems of different releases of OpenStack."""

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

    The version of the software counts, which the charm tells: the track of the charm says nothing
    about it while an upgrade waits. The model knows the principals of subordinates.
    """
    known = {
        app.name: (system, release)
        for system, apps in systems
        for app in apps
        if (release := release_of(app))
    }
    votes = collections.Counter(release for _, release in known.values())
    if len(votes) < 2:
        return ()
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
    """Shows the option for the source of its packages: its own, else its principal's."""
    app = model.applications[name]
    principals = (model.applications.get(other) for other in app.subordinate_to)
    for shown in (app, *filter(None, principals)):
        for option in _ORIGINS:
            if option in charm_facts.of(shown.charm).options:
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
