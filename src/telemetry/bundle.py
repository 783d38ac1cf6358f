"""A plan as a bundle for `juju deploy`. Pure.

Source of the form: Juju documentation, reference "Bundle", and charmcraft documentation,
"bundle.yaml file".
"""

from __future__ import annotations

from typing import Any

import yaml

from telemetry.plan import Application, Plan


def of_plan(plan: Plan, *, base: bool = True) -> str:
    """The bundle of a completed model, as YAML.

    Applications that are there already are part of it under their own names, since integrations
    can only name applications of the bundle. Juju leaves alone what is there with the revision
    that the bundle names, and refreshes all else. Those in other models cannot be part of it.

    Args:
        plan: the completed model.
        base: whether the cloud's own applications are in it; without them it is an overlay.

    Raises:
        ValueError: a charm that is there is a local one, which `juju deploy` would replace.
    """
    local = [
        app.name for app in plan.applications if app.present and app.revision and not app.channel
    ]
    if local:
        raise ValueError(
            f"{local[0]} is of a local charm, which a bundle would replace: use format=commands"
        )
    applications = {
        app.name: _application(app)
        for app in plan.applications
        if not app.elsewhere and (base or not app.deploy.base)
    }
    elsewhere = {app.name for app in plan.applications if app.elsewhere}
    content: dict[str, Any] = {}
    machines = _machines(plan)
    if machines:
        content["machines"] = machines
    content["applications"] = applications
    content["relations"] = [
        [link.one, link.other]
        for link in plan.links
        if (not link.optional or link.present) and link.other.partition(":")[0] not in elsewhere
    ]
    return yaml.safe_dump(content, sort_keys=False, width=99)


def _application(app: Application) -> dict[str, Any]:
    entry: dict[str, Any] = {"charm": app.charm}
    if app.channel:
        entry["channel"] = app.channel
    if app.revision:
        entry["revision"] = app.revision
    if app.base:
        entry["base"] = f"{app.base}/stable"
    if app.units:
        entry["num_units"] = app.units
    if app.to:
        entry["to"] = ["lxd:new" if place == "lxd" else place for place in app.to]
    options = {} if app.present else {**app.origin, **app.deploy.options}
    if options:
        entry["options"] = options
    return entry


def _machines(plan: Plan) -> dict[str, Any]:
    """The machines that units are placed on, which a bundle must name."""
    found: dict[str, Any] = {}
    for app in plan.applications:
        for place in app.to:
            number = place.removeprefix("lxd:")
            if number.isdigit():
                found[number] = {"base": f"{app.base}/stable"}
    return found
