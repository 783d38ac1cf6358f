"""A plan as a bundle for `juju deploy`.

Only what is to come is part of it. Juju makes everything that a bundle names as the bundle says:
an application that is there is refreshed to another revision, and loses its constraints; a local
charm is replaced (juju/juju, `core/bundle/changes/handlers.go`).

Source of the form: Juju documentation, reference "Bundle", and charmcraft documentation,
"bundle.yaml file".
"""

from __future__ import annotations

from typing import Any

import yaml

from coordinator.plan.plan import Link, Plan, PlannedApplication


def of_plan(plan: Plan, *, overlay: bool = False) -> str:
    """The bundle of what a model lacks, as YAML.

    Args:
        plan: the completed model.
        overlay: another bundle has the applications that are there; else integrations with them
            cannot be part of it, since integrations can only name applications of the bundle.
    """
    content: dict[str, Any] = {}
    machines = _machines(plan)
    if machines:
        content["machines"] = machines
    content["applications"] = {app.name: _application(app) for app in plan.additions}
    later = () if overlay else left(plan)
    content["relations"] = [[one.one, one.other] for one in plan.missing if one not in later]
    return yaml.safe_dump(content, sort_keys=False, width=99)


def left(plan: Plan) -> tuple[Link, ...]:
    """The integrations to make after the bundle is deployed: those with applications there."""
    new = {app.name for app in plan.additions}
    return tuple(link for link in plan.missing if not new.issuperset(link.names))


def _application(app: PlannedApplication) -> dict[str, Any]:
    entry = {
        "charm": app.charm,
        "channel": app.channel,
        "base": app.base and f"{app.base}/stable",
        "num_units": app.units,
        "to": ["lxd:new" if place == "lxd" else place for place in app.to],
        "options": {**app.origin, **app.deploy.options},
    }
    return {key: value for key, value in entry.items() if value}


def _machines(plan: Plan) -> dict[str, Any]:
    """The machines that units are placed on, which a bundle must name, as they are."""
    found: dict[str, Any] = {}
    for app in plan.additions:
        for place in app.to:
            number = place.removeprefix("lxd:")
            if number.isdigit():
                found[number] = {"base": f"{plan.machines.get(number) or app.base}/stable"}
    return found
