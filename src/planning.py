"""The action plan-stack: what can be seen of the Juju model becomes a plan."""

from __future__ import annotations

import dataclasses
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ops

import juju_access
from config import Settings
from coordinator.blueprint import platforms
from coordinator.blueprint.loader import Choice
from coordinator.juju import errors, snap
from coordinator.juju.access import Access
from coordinator.juju.status import Application, Integration, Model
from coordinator.plan import bundle, completion, plan
from coordinator.plan.plan import COORDINATOR
from coordinator.report import remedies, render
from coordinator.text import plain

ENDPOINTS = tuple(integration.endpoint for integration in COORDINATOR.integrations)
"""The coordinator's endpoints that tell of the model."""

_WARNING = """\
# All of the stack, since the model cannot be seen: juju deploy refreshes what is there already,
# and Vault seals itself then. See first what it would do: juju deploy --dry-run ./FILE
"""

_ADDITIONS = """\
# What this model lacks. Nothing that is there already is part of it, so that juju deploy leaves
# all of that alone. See first what it would do: juju deploy --dry-run ./FILE
"""


@dataclasses.dataclass(frozen=True)
class Seen:
    """The model as far as it can be seen.

    Attributes:
        whole: whether these are all its applications.
        fault: why the controller could not be asked, None where it was or need not be.
    """

    model: Model
    whole: bool = False
    fault: errors.JujuFault | None = None


def look(charm: ops.CharmBase, announce: Callable[[str], None]) -> Seen:
    """The whole model through the controller, else what the coordinator's relations tell.

    A person waits for it, so the juju client is installed now where it is not there.

    Args:
        charm: the coordinator.
        announce: told one line before something takes long.
    """
    secret = str(charm.config.get("juju-access", ""))
    related = Model({charm.app.name: _ourselves(charm)})
    if not secret:
        return Seen(related)
    access = juju_access.read_access(charm.model, secret, os.environ, charm.charm_dir)
    if not isinstance(access, Access):
        return Seen(related, fault=access)
    juju, problem = snap.find(), ""
    if juju is None:
        announce(f"installing the snap juju ({access.channel})")
        problem = snap.install(access.channel)
        juju = snap.find()
    if juju is None:
        return Seen(related, fault=errors.no_client(access.channel, problem, charm.unit.name))
    from coordinator.juju import client  # noqa: PLC0415 - jubilant is for who asks the controller

    try:
        survey = client.Controller(access, lambda: juju, charm.app.name, insists=True).survey()
    except errors.JujuError as refused:
        return Seen(related, fault=refused.fault)
    # the secret may name another model than the coordinator's own
    applications = {**related.applications, **survey.applications}
    return Seen(dataclasses.replace(survey, applications=applications), whole=True)


def _ourselves(charm: ops.CharmBase) -> Application:
    integrations = [
        Integration(endpoint, relation.app.name)
        for endpoint in ENDPOINTS
        for relation in charm.model.relations[endpoint]
        if relation.active
    ]
    return Application(charm.app.name, COORDINATOR.charm, integrations=tuple(integrations))


def results(
    us: str,
    seen: Seen,
    choice: Choice,
    options: Settings | None,
    params: Mapping[str, Any],
) -> dict[str, Any]:
    """Results of the action.

    Args:
        us: name of the coordinator's application.
        seen: the model.
        choice: the blueprint in force, and why that is another one than the option asks for.
        options: valid options, None when some are not.
        params: parameters of the action.

    Raises:
        ValueError: a parameter is not allowed, or one is missing; it says which, and what is.
    """
    wishes = _wishes(us, seen, params)
    if params.get("format") == "bundle" and not seen.whole:
        # a bundle has all of the stack: Juju itself compares it with the model
        seen, wishes = Seen(Model(), fault=seen.fault), dataclasses.replace(wishes, whole=True)
    made = completion.complete(choice.blueprint, seen.model, wishes)
    later = _afterwards(made, seen, options)
    text = (
        _bundle(made, seen)
        if params.get("format") == "bundle"
        else _commands(made, seen, choice, options, later)
    )
    return {
        "compared-with": "model" if seen.whole else "relations",
        "missing-applications": str(len(made.additions)),
        "missing-integrations": str(len(made.missing)),
        "questions": str(len(made.questions) + len(made.doubtful)),
        "plan": text,
        "afterwards": "".join(f"{line}\n" for line in later),
    }


def _wishes(us: str, seen: Seen, params: Mapping[str, Any]) -> plan.Wishes:
    channel, placement = str(params.get("channel", "")), str(params.get("placement", ""))
    wishes = plan.Wishes(us, whole=seen.whole)
    try:
        if channel:
            wishes = dataclasses.replace(wishes, channel=platforms.parse(channel))
    except ValueError as error:
        raise ValueError(f"parameter channel: {error}") from None
    try:
        return dataclasses.replace(wishes, placement=plan.parse_placement(placement))
    except ValueError as error:
        raise ValueError(f"parameter placement: {error}") from None


def _bundle(made: plan.Plan, seen: Seen) -> str:
    lines = [_ADDITIONS if seen.whole else _WARNING]
    left = bundle.left(made)
    if left:
        lines.append("# Then integrate it with what is there:\n")
    lines += [f"# juju integrate {_shown(link)}\n" for link in left]
    for app in made.doubtful:
        lines.append(f"# Left out: {app.name}, since {plain(app.doubt)}\n")
    for question in made.questions:
        lines.append(f"# Only a person can tell ({plain(question.reason)}):\n")
        lines.append(f"#   juju integrate {_shown(question.link)}\n")
    lines += [f"# {plain(note)}\n" for note in made.notes]
    return "".join(lines) + bundle.of_plan(made)


def _shown(link: plan.Link) -> str:
    """The ends of an integration, as arguments of a command."""
    return shlex.join((link.one, link.other))


def _afterwards(made: plan.Plan, seen: Seen, options: Settings | None) -> list[str]:
    """What is to be run when all units have settled; nothing where nothing is to be done."""
    if not (made.additions or made.missing or made.asks):
        return []
    us = shlex.quote(made.wishes.coordinator)
    acts = options is not None and options.upgrade.allows_action and seen.whole
    lines = [
        f"# {us} runs the action ceilometer-upgrade of {shlex.quote(name)} by itself"
        if acts
        else f"{remedies.run_upgrade(shlex.quote(name))} --wait=10m"
        for name in made.asks
    ]
    return [*lines, f"juju run {us}/leader verify-stack --wait=5m"]


def _commands(
    made: plan.Plan,
    seen: Seen,
    choice: Choice,
    options: Settings | None,
    later: Sequence[str],
) -> str:
    watched = (
        (*options.required, *options.optional) if options else tuple(choice.blueprint.services)
    )
    return render.render(
        "plan.txt",
        plan=made,
        fault=seen.fault,
        doubt=choice.problem,
        optional=list(options.optional) if options else [],
        unwatched=[type_ for type_ in choice.blueprint.services if type_ not in watched],
        afterwards=later,
        plain=plain,
    )
