"""The ways in which ceilometer-upgrade may be run here: options and secret become means."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable

import ops

import controllers
import inputs
from settings import Method, Policy, Settings
from telemetry import loop, membership, packages, upgrade
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
) -> loop.Means:
    """What a turn of the loop works with.

    Args:
        charm: whose unit this is.
        seen: what the hook observed.
        options: valid options.
        proxies: the model's proxies.
        announce: told one line before something takes long.
        writable: whether what is done can be remembered; else nothing is done.
    """
    origin, method = options.origin, options.method
    suite = f"{origin.series}-{origin.pocket}/{origin.release}" if origin else ""
    basic = loop.Means(
        wish=upgrade.Wish(
            runs=method is not Method.ADVISE and writable,
            on_change=options.policy is Policy.ON_CHANGE,
            heeds=method is not Method.COMMAND,
        ),
        runner=command.CommandRunner(packages.Source(suite=suite, proxies=proxies)),
        members=seen.members,
        announce=announce,
        may_act=method in {Method.AUTO, Method.ACTION},
        may_command=method in {Method.AUTO, Method.COMMAND},
    )
    if options.juju_access or method is Method.ACTION:
        return _with_controller(basic, charm, options.juju_access, seen)
    return basic


def _with_controller(
    basic: loop.Means, charm: ops.CharmBase, secret: str, seen: inputs.Inputs
) -> loop.Means:
    """The same with the way through the Juju controller, or with what bars it."""
    found = controllers.read_access(charm.model, secret, os.environ, charm.charm_dir)
    if not isinstance(found, Access):
        return dataclasses.replace(basic, obstacle=found)
    from telemetry import controller  # noqa: PLC0415 - jubilant is for who asks the controller
    from telemetry.runners import action  # noqa: PLC0415 - as above

    channel = controllers.channel(os.environ)
    find = controller.client_finder(channel, charm.unit.name, basic.announce)
    through = controller.Controller(found, find, charm.app.name, _search(seen))
    return dataclasses.replace(basic, action=action.ActionRunner(through, seen.related))


def _search(seen: inputs.Inputs) -> membership.Search:
    """What to look for in the model: the systems, and the applications that relations name."""
    if seen.order is None:
        raise ValueError("without an order there is nothing to look for")
    known = (*seen.order.applications.values(), *seen.related)
    return membership.Search(seen.order.blueprint, known)
