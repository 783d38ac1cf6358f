"""A plan as results of the action plan-stack: commands for a shell, or a bundle."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from coordinator.blueprint import platforms
from coordinator.blueprint.loader import Choice
from coordinator.juju.errors import JujuFault
from coordinator.juju.status import Model
from coordinator.plan import bundle, completion, plan
from coordinator.report import remedies, templates
from coordinator.report.finding import Cause, Severity
from coordinator.report.report import Report
from coordinator.text import plain

_WARNING = """\
# All of the stack, since the model cannot be seen: juju deploy refreshes what is there already,
# and Vault seals itself then. See first what it would do: juju deploy --dry-run ./FILE
"""

_ADDITIONS = """\
# What this model lacks. Nothing that is there already is part of it, so that juju deploy leaves
# all of that alone. See first what it would do: juju deploy --dry-run ./FILE
"""

_PLANNED = {Cause.NOT_DEPLOYED, Cause.NOT_INTEGRATED, Cause.NO_SUBORDINATE}
"""Faults that are repaired by carrying out a plan."""


class VisibleModel(msgspec.Struct, frozen=True):
    """The model as far as it can be seen.

    Attributes:
        whole: these are all its applications.
        fault: why the controller could not be asked; None where it was or need not be.
    """

    model: Model
    whole: bool = False
    fault: JujuFault | None = None


class Options(msgspec.Struct, frozen=True):
    """The charm's options; none, where some are not valid.

    Attributes:
        acts: the coordinator may run ceilometer's action.
    """

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    acts: bool = False


def of_plan(
    us: str,
    seen: VisibleModel,
    choice: Choice,
    options: Options,
    params: Mapping[str, Any],
    *,
    report: Report | None,
) -> dict[str, Any]:
    """Results of the action, for the coordinator's application and its last report.

    Raises:
        ValueError: a parameter is not allowed, or one is missing; it says which, and what is.
    """
    wishes = _wishes(us, seen, params)
    as_bundle = params.get("format") == "bundle"
    if as_bundle and not seen.whole:
        # a bundle has all of the stack: Juju itself compares it with the model
        seen = VisibleModel(Model(), fault=seen.fault)
        wishes = msgspec.structs.replace(wishes, whole=True)
    made = completion.complete(choice.blueprint, seen.model, wishes)
    later = _afterwards(made, seen, options)
    text = _bundle(made, seen) if as_bundle else _commands(made, seen, choice, options, later)
    if later and report:
        text = _outage(report) + text
    return {
        "compared-with": "model" if seen.whole else "relations",
        "missing-applications": str(len(made.additions)),
        "missing-integrations": str(len(made.missing)),
        "questions": str(len(made.questions) + len(made.undecided)),
        "plan": text,
        "afterwards": "".join(f"{line}\n" for line in later),
    }


def _outage(report: Report) -> str:
    """The fault to repair before a plan is carried out, as comments; empty where none is."""
    for broken in report.causes(Severity.FAILED):
        if broken.cause not in _PLANNED:
            remedy = f"# -> {plain(broken.remedy)}\n" if broken.remedy else ""
            return f"# Repair this first: {plain(broken.summary)}\n{remedy}"
    return ""


def _wishes(us: str, seen: VisibleModel, params: Mapping[str, Any]) -> plan.Wishes:
    channel, placement = str(params.get("channel", "")), str(params.get("placement", ""))
    try:
        wanted = platforms.parse(channel) if channel else None
    except ValueError as error:
        raise ValueError(f"parameter channel: {error}") from None
    try:
        directives = plan.parse_placement(placement)
    except ValueError as error:
        raise ValueError(f"parameter placement: {error}") from None
    return plan.Wishes(us, wanted, directives, whole=seen.whole)


def _bundle(made: plan.Plan, seen: VisibleModel) -> str:
    lines = [_ADDITIONS if seen.whole else _WARNING]
    if left := bundle.left(made):
        lines.append("# Then integrate it with what is there:\n")
        lines += [f"# juju integrate {_shown(link)}\n" for link in left]
    for app in made.undecided:
        lines.append(f"# Left out: {app.name}, since {plain(app.open_question)}\n")
    for question in made.questions:
        lines.append(f"# Only a person can tell ({plain(question.reason)}):\n")
        lines.append(f"#   juju integrate {_shown(question.link)}\n")
    lines += [f"# {plain(note)}\n" for note in made.notes]
    return "".join(lines) + bundle.of_plan(made)


def _shown(link: plan.Link) -> str:
    """The ends of an integration, as arguments of a command."""
    return shlex.join((link.one, link.other))


def _afterwards(made: plan.Plan, seen: VisibleModel, options: Options) -> list[str]:
    """Commands for when all units have settled; none where nothing is to be done."""
    if not (made.additions or made.missing or made.asks):
        return []
    us = shlex.quote(made.wishes.coordinator)
    asking = [shlex.quote(name) for name in made.asks]
    if options.acts and seen.whole:
        lines = [
            f"# {us} runs the action ceilometer-upgrade of {name} by itself" for name in asking
        ]
    else:
        lines = [f"{remedies.run_upgrade(name)} --wait=10m" for name in asking]
    return [*lines, f"juju run {us}/leader verify-stack --wait=5m"]


def _commands(
    made: plan.Plan, seen: VisibleModel, choice: Choice, options: Options, later: Sequence[str]
) -> str:
    services = tuple(choice.blueprint.services)
    watched = (*options.required, *options.optional) or services
    return templates.fill(
        "plan.txt",
        plan=made,
        fault=seen.fault,
        fallback=choice.fault,
        optional=list(options.optional),
        unwatched=[type_ for type_ in services if type_ not in watched],
        afterwards=later,
        plain=plain,
    )
