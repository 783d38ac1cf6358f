"""The ways in which ceilometer-upgrade may be run here: options and secret become means."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import os
import pathlib
from collections.abc import Callable

import ops

import inputs
import juju_access
import peer_state
from config import Method, Policy, Settings
from coordinator import reconcile
from coordinator.juju import errors, snap
from coordinator.juju.access import Access
from coordinator.openstack.proxies import Proxies
from coordinator.upgrade import command, decision, packages


def means(
    charm: ops.CharmBase,
    seen: inputs.Inputs,
    options: Settings,
    proxies: Proxies,
    announce: Callable[[str], None],
    *,
    writable: bool,
    notes: peer_state.Memory,
    installs: bool,
) -> reconcile.Means:
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
    basic = reconcile.Means(
        wish=decision.UpgradePolicy(
            runs=method is not Method.ADVISE and writable,
            on_change=options.policy is Policy.ON_CHANGE,
            heeds=method is not Method.COMMAND and options.policy is Policy.ON_CHANGE,
        ),
        runner=command.CommandBackend(packages.Source(suite=suite, proxies=proxies)),
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
    basic: reconcile.Means,
    charm: ops.CharmBase,
    secret: str,
    seen: inputs.Inputs,
    find_client: Callable[[str], pathlib.Path | errors.JujuFault],
) -> reconcile.Means:
    """The same with the way through the Juju controller, or with what bars it."""
    found = juju_access.read_access(charm.model, secret, os.environ, charm.charm_dir)
    if not isinstance(found, Access):
        return dataclasses.replace(basic, obstacle=found)
    juju = find_client(found.channel)
    if isinstance(juju, errors.JujuFault):
        return dataclasses.replace(basic, obstacle=juju)
    from coordinator.juju import action, client  # noqa: PLC0415 - the client's libraries are heavy

    through = client.Controller(found, lambda: juju, charm.app.name)
    return dataclasses.replace(basic, action=action.ActionBackend(through, seen.related))


def _client(
    unit: str,
    announce: Callable[[str], None],
    notes: peer_state.Memory,
    installs: bool,
    channel: str,
) -> pathlib.Path | errors.JujuFault:
    """The juju client, installed now where that may be tried, or why it is not there."""
    found = snap.find()
    if found is not None:
        return found
    now = datetime.datetime.now(datetime.timezone.utc)
    problem = notes.client_problem(now)
    if installs and not problem:
        announce(f"installing the snap juju ({channel})")
        problem = snap.install(channel)
        found = snap.find()
        if found is not None:
            return found
        notes.keep_client_problem(now, problem)
    return errors.no_client(channel, problem, unit)
