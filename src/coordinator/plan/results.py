"""A plan as results of the action plan-stack: commands for a shell, or a bundle. Pure."""

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
"""What is repaired by carrying out a plan."""


class VisibleModel(msgspec.Struct, frozen=True):
    """The model as far as it can be seen.

    Attributes:
        whole: whether these are all its applications.
        fault: why the controller could not be asked, None where it was or need not be.
    """

    model: Model
    whole: bool = False
    fault: JujuFault | None = None


class Options(msgspec.Struct, frozen=True):
    """What the charm's options say; nothing, where some are not valid.

    Attributes:
        required: catalog types whose faults are failures.
        optional: catalog types whose faults are degradations.
        acts: whether the coordinator may run ceilometer's action.
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
    """Results of the action.

    Args:
        us: name of the coordinator's application.
        seen: the model.
        choice: the blueprint in force, and why that is another one than the option asks for.
        options: what the charm's options say.
        params: parameters of the action.
        report: what was verified last, as far as that is known.

    Raises:
        ValueError: a parameter is not allowed, or one is missing; it says which, and what is.
    """
    wishes = _wishes(us, seen, params)
    if params.get("format") == "bundle" and not seen.whole:
        # a bundle has all of the stack: Juju itself compares it with the model
        seen = VisibleModel(Model(), fault=seen.fault)
        wishes = msgspec.structs.replace(wishes, whole=True)
    made = completion.complete(choice.blueprint, seen.model, wishes)
    later = _afterwards(made, seen, options)
    text = (
        _bundle(made, seen)
        if params.get("format") == "bundle"
        else _commands(made, seen, choice, options, later)
    )
    text = _outage(report) + text if later else text
    return {
        "compared-with": "model" if seen.whole else "relations",
        "missing-applications": str(len(made.additions)),
        "missing-integrations": str(len(made.missing)),
        "questions": str(len(made.questions) + len(made.undecided)),
        "plan": text,
        "afterwards": "".join(f"{line}\n" for line in later),
    }


def _outage(report: Report | None) -> str:
    """What is to be repaired before a plan is carried out, and cannot be by it; as comments."""
    failed = report.causes(Severity.FAILED) if report else ()
    broken = next((finding for finding in failed if finding.cause not in _PLANNED), None)
    if broken is None:
        return ""
    remedy = f"# -> {plain(broken.remedy)}\n" if broken.remedy else ""
    return f"# Repair this first: {plain(broken.summary)}\n{remedy}"


def _wishes(us: str, seen: VisibleModel, params: Mapping[str, Any]) -> plan.Wishes:
    channel, placement = str(params.get("channel", "")), str(params.get("placement", ""))
    wishes = plan.Wishes(us, whole=seen.whole)
    try:
        if channel:
            wishes = msgspec.structs.replace(wishes, channel=platforms.parse(channel))
    except ValueError as error:
        raise ValueError(f"parameter channel: {error}") from None
    try:
        return msgspec.structs.replace(wishes, placement=plan.parse_placement(placement))
    except ValueError as error:
        raise ValueError(f"parameter placement: {error}") from None


def _bundle(made: plan.Plan, seen: VisibleModel) -> str:
    lines = [_ADDITIONS if seen.whole else _WARNING]
    left = bundle.left(made)
    if left:
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
    """What is to be run when all units have settled; nothing where nothing is to be done."""
    if not (made.additions or made.missing or made.asks):
        return []
    us = shlex.quote(made.wishes.coordinator)
    acts = options.acts and seen.whole
    lines = [
        f"# {us} runs the action ceilometer-upgrade of {shlex.quote(name)} by itself"
        if acts
        else f"{remedies.run_upgrade(shlex.quote(name))} --wait=10m"
        for name in made.asks
    ]
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
