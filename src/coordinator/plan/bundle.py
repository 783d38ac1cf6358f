"""A plan as a bundle for `juju deploy`. Pure.

Only what is to come is part of it. Juju makes everything that a bundle names as the bundle says:
an application that is there is refreshed to another revision, and loses its constraints; a local
charm is replaced (juju/juju, `core/bundle/changes/handlers.go`).

Source of the form: Juju documentation, reference "Bundle", and charmcraft documentation,
"bundle.yaml file".
"""

from __future__ import annotations

from typing import Any

import yaml

from coordinator.plan.plan import Application, Link, Plan


def of_plan(plan: Plan, *, overlay: bool = False) -> str:
    """The bundle of what a model lacks, as YAML.

    Args:
        plan: the completed model.
        overlay: whether another bundle has the applications that are there; else integrations with
            them cannot be part of it, since integrations can only name applications of the bundle.
    """
    content: dict[str, Any] = {}
    machines = _machines(plan)
    if machines:
        content["machines"] = machines
    content["applications"] = {app.name: _application(app) for app in plan.additions}
    content["relations"] = [
        [link.one, link.other] for link in plan.missing if overlay or _is_new(plan, link)
    ]
    return yaml.safe_dump(content, sort_keys=False, width=99)


def left(plan: Plan) -> tuple[Link, ...]:
    """What is to be integrated after the bundle is deployed: new applications with others."""
    return tuple(link for link in plan.missing if not _is_new(plan, link))


def _is_new(plan: Plan, link: Link) -> bool:
    """Whether both ends of an integration are to come."""
    new = {app.name for app in plan.additions}
    return {end.partition(":")[0] for end in (link.one, link.other)} <= new


def _application(app: Application) -> dict[str, Any]:
    entry: dict[str, Any] = {"charm": app.charm}
    if app.channel:
        entry["channel"] = app.channel
    if app.base:
        entry["base"] = f"{app.base}/stable"
    if app.units:
        entry["num_units"] = app.units
    if app.to:
        entry["to"] = ["lxd:new" if place == "lxd" else place for place in app.to]
    options = {**app.origin, **app.deploy.options}
    if options:
        entry["options"] = options
    return entry


def _machines(plan: Plan) -> dict[str, Any]:
    """The machines that units are placed on, which a bundle must name, as they are."""
    found: dict[str, Any] = {}
    for app in plan.additions:
        for place in app.to:
            number = place.removeprefix("lxd:")
            if number.isdigit():
                found[number] = {"base": f"{plan.machines.get(number) or app.base}/stable"}
    return found
