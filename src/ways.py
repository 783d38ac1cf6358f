"""The ways in which ceilometer-upgrade may be run here: options and secret become means."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import os
import pathlib
from collections.abc import Callable

import ops

import controllers
import inputs
import memory
from settings import Method, Policy, Settings
from telemetry import client, loop, membership, packages, trouble, upgrade
from telemetry.access import Access
from telemetry.proxies import Proxies
from telemetry.runners import command


def means(
    charm: ops.CharmBase,
    seen: inputs.Inputs,
    options: Settings,
    proxies: Proxies,
    announce: Callable[[str], None],
    *,
    writable: bool,
    notes: memory.Memory,
    installs: bool,
) -> loop.Means:
    """What a turn of the loop works with.

    Args:
        charm: whose unit this is.
        seen: what the hook observed.
        options: valid options.
        proxies: the model's proxies.
        announce: told one line before something takes long.
        writable: whether what is done can be remembered; else nothing is done.
        notes: where it is remembered that the juju client could not be installed.
        installs: whether it may be installed where ceilometer's action may be run.
    """
    origin, method = options.origin, options.method
    suite = f"{origin.series}-{origin.pocket}/{origin.release}" if origin else ""
    basic = loop.Means(
        wish=upgrade.Wish(
            runs=method is not Method.ADVISE and writable,
            on_change=options.policy is Policy.ON_CHANGE,
            heeds=method is not Method.COMMAND and options.policy is Policy.ON_CHANGE,
        ),
        runner=command.CommandRunner(packages.Source(suite=suite, proxies=proxies)),
        members=seen.members,
        announce=announce,
        may_act=method in {Method.AUTO, Method.ACTION},
        may_command=method in {Method.AUTO, Method.COMMAND},
    )
    if options.juju_access or method is Method.ACTION:
        juju = functools.partial(
            _client, charm.unit.name, announce, notes, installs and writable and basic.may_act
        )
        return _with_controller(basic, charm, options.juju_access, seen, juju)
    return basic


def _with_controller(
    basic: loop.Means,
    charm: ops.CharmBase,
    secret: str,
    seen: inputs.Inputs,
    find_client: Callable[[str], pathlib.Path | trouble.Trouble],
) -> loop.Means:
    """The same with the way through the Juju controller, or with what bars it."""
    found = controllers.read_access(charm.model, secret, os.environ, charm.charm_dir)
    if not isinstance(found, Access):
        return dataclasses.replace(basic, obstacle=found)
    juju = find_client(found.channel)
    if isinstance(juju, trouble.Trouble):
        return dataclasses.replace(basic, obstacle=juju)
    from telemetry import controller  # noqa: PLC0415 - jubilant is for who asks the controller
    from telemetry.runners import action  # noqa: PLC0415 - as above

    through = controller.Controller(found, lambda: juju, charm.app.name, _search(seen))
    return dataclasses.replace(basic, action=action.ActionRunner(through, seen.related))


def _search(seen: inputs.Inputs) -> membership.Search:
    """What to look for in the model: the systems, and the applications that relations name."""
    if seen.order is None:
        raise ValueError("without an order there is nothing to look for")
    known = (*seen.order.applications.values(), *seen.related)
    return membership.Search(seen.order.blueprint, known)


def _client(
    unit: str,
    announce: Callable[[str], None],
    notes: memory.Memory,
    installs: bool,
    channel: str,
) -> pathlib.Path | trouble.Trouble:
    """The juju client, installed now where that may be tried, or why it is not there."""
    found = client.find()
    if found is not None:
        return found
    now = datetime.datetime.now(datetime.timezone.utc)
    problem = notes.client_problem(now)
    if installs and not problem:
        announce(f"installing the snap juju ({channel})")
        problem = client.install(channel)
        found = client.find()
        if found is not None:
            return found
        notes.keep_client_problem(now, problem)
    return trouble.no_client(channel, problem, unit)
