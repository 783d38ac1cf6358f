"""Builds what a hook works with: the clients and the backends of ceilometer-upgrade."""

from __future__ import annotations

import datetime
import os
import pathlib

import msgspec

import juju_access
from coordinator.juju import errors, snap
from coordinator.juju.access import Access
from coordinator.juju.controller_back_off import BackOff
from coordinator.juju.sightings import Sightings
from coordinator.report import kept
from coordinator.upgrade import command, packages
from coordinator.upgrade.backends import Backends
from coordinator.upgrade.policy import Method
from hook import Hook
from unit_state import UnitState

CLIENT_WAIT = datetime.timedelta(hours=1)
"""After an installation of the juju client that failed, the next is tried so much later."""

_CLIENT = "juju-client.json"
_BACK_OFF = "controller.json"
_SIGHTINGS = "units.json"


class _Failure(kept.Kept, frozen=True):
    """The last installation of the juju client, which failed."""

    at: kept.Moment
    fault: str


def build_backends(hook: Hook, *, remembers: bool, installs: bool, insists: bool) -> Backends:
    """The backends of ceilometer-upgrade for one hook.

    Args:
        hook: the hook or action, with valid options.
        remembers: what is done can be recorded; else nothing is done.
        installs: the juju client may be installed where ceilometer's action may be run.
        insists: ask a controller, too, that did not answer a moment ago: a person waits.
    """
    charm, files, seen = hook.charm, hook.files, hook.seen
    options = seen.settings
    if options is None:
        raise ValueError("without valid options there is nothing to do")
    policy = msgspec.structs.replace(options.upgrade, remembers=remembers)
    basic = Backends(
        policy=policy,
        command=command.CommandBackend(packages.Source(suite=options.suite, proxies=seen.proxies)),
        members=seen.members,
        announce=hook.publisher.announce,
    )
    if not options.juju_access and policy.method is not Method.ACTION:
        return basic
    access = juju_access.read_access(charm.model, options.juju_access, os.environ, charm.charm_dir)
    if not isinstance(access, Access):
        return msgspec.structs.replace(basic, barred=access)
    may_install = installs and remembers and policy.allows_action
    juju = _find_client(hook, access.channel, installs=may_install)
    if isinstance(juju, errors.JujuFault):
        return msgspec.structs.replace(basic, barred=juju)
    from coordinator.juju import action, client  # noqa: PLC0415 - 50 ms, mostly jubilant

    back_off = kept.loads(BackOff, files.read(_BACK_OFF))
    controller = client.Controller(access, juju, back_off, insists=insists)
    sightings = kept.loads(Sightings, files.read(_SIGHTINGS)) or {}
    backend = action.ActionBackend(controller, seen.related, sightings)
    return msgspec.structs.replace(basic, action=backend)


def keep_controller(files: UnitState, backends: Backends) -> None:
    """Keep what was seen of the controller, for the next hook."""
    if backends.action is not None:
        back_off = backends.action.controller.back_off
        files.keep(_BACK_OFF, kept.dumps(back_off) if back_off else "")
        files.keep(_SIGHTINGS, kept.dumps(backends.action.sightings))


def _find_client(hook: Hook, channel: str, *, installs: bool) -> pathlib.Path | errors.JujuFault:
    """The juju client, installed now where that may be tried; else the reason it is missing."""
    found = snap.find()
    if found is not None:
        return found
    now = datetime.datetime.now(datetime.timezone.utc)
    last = kept.loads(_Failure, hook.files.read(_CLIENT))
    fault = last.fault if last and last.at <= now < last.at + CLIENT_WAIT else ""
    if installs and not fault:
        obtained = snap.obtain(channel, hook.publisher.announce)
        if isinstance(obtained, pathlib.Path):
            return obtained
        fault = obtained
        hook.files.keep(_CLIENT, kept.dumps(_Failure(now, fault)))
    return errors.no_client(channel, fault, hook.charm.unit.name)
