"""What a hook does that has, or may have, something to do.

It reads options and relations, asks keystone for a user, and tells a status. A hook without any
of that loads nothing of this module, nor of what it stands on.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import logging
import os
from collections.abc import Callable

import ops

import config
import inputs
import unit_state
from charms.telemetry_coordinator.v0 import telemetry_stack
from coordinator import status
from coordinator.blueprint import loader
from coordinator.openstack.proxies import Proxies
from coordinator.report.history import Change, History
from peer_state import PeerState
from relations import databags, transfers
from relations.endpoints import IDENTITY, LISTENERS, TRANSFERS

logger = logging.getLogger(__name__)

_STACK = "stack.json"
"""What other charms were told last."""

_ABOUT = "stack-status.json"
"""The status in it, where units are told another one: a fault of an option is not theirs."""

_NOTHING_VERIFIED = status.waiting("nothing was verified yet")


def unverified(told: status.Status) -> telemetry_stack.Stack:
    """What is told while the stack cannot be verified: why, and since when at the latest."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    return telemetry_stack.Stack(ready=False, message=told.text, since=now)


def read_history(files: unit_state.UnitState) -> History:
    """What a unit remembers of the coordinator's status."""
    return History.from_json(files.read(unit_state.HISTORY))


def keep_history(files: unit_state.UnitState, history: History) -> None:
    """Replace that, where it is another."""
    files.keep_news(unit_state.HISTORY, history.to_json())


class Duties:
    """The work of one hook, short of what needs the cloud or the controller."""

    def __init__(
        self,
        charm: ops.CharmBase,
        *,
        peers: PeerState,
        files: unit_state.UnitState,
        transferred: transfers.Transfers,
        show: Callable[[status.Status], None],
        regular: bool,
    ) -> None:
        """Read nothing yet.

        Args:
            charm: whose unit this is.
            peers: what all units know.
            files: what this unit knows.
            transferred: CA certificates from receive-ca-cert.
            show: told the status of this hook.
            regular: whether the hook tells nothing of Juju that is new. Endpoints that had no
                relation at the last such hook are then not asked about again: Juju announces
                every relation by a hook.
        """
        self._charm = charm
        self._model = charm.model
        self.proxies = Proxies.from_environment(os.environ)
        self._peers = peers
        self._files = files
        self._transferred = transferred
        self._show = show
        self._regular = regular
        self._provider = telemetry_stack.TelemetryStackProvider(charm, LISTENERS)

    @functools.cached_property
    def related(self) -> inputs.Related:
        """The relations of this unit."""
        known = self._files.read(unit_state.UNRELATED) if self._regular else ""
        return inputs.Related(self._model, frozenset(known.split()))

    @functools.cached_property
    def seen(self) -> inputs.Inputs:
        """Options and relations, read once in a hook."""
        certificates = (
            {} if TRANSFERS in self.related.unrelated else self._transferred.certificates()
        )
        options = self._model.config
        return inputs.gather(self.related, options, self.choice, certificates, self.proxies)

    @functools.cached_property
    def choice(self) -> loader.Choice:
        """Which blueprint is in force."""
        changes = config.parse_blueprint(self._model.config)
        return loader.choose(changes, self._peers.blueprint)

    @property
    def obstacle(self) -> status.Status | None:
        """Why nothing can be verified; None when it can."""
        seen = self.seen
        if seen.request is None or seen.settings is None or seen.obstacle is not None:
            return seen.fault or _NOTHING_VERIFIED
        return None

    @property
    def is_news(self) -> bool:
        """Whether Juju tells something else than at the last verification."""
        return self._files.read(unit_state.VERIFIED) != self.seen.digest

    def prepare(self) -> None:
        """Keep and say what concerns the blueprint; the leader alone does."""
        if self.choice.problem:
            logger.warning(self.choice.problem)
        self._peers.keep_blueprint(self.choice.changes)

    def finish(self) -> None:
        """Remember for the next regular hook what need not be asked again."""
        if self._regular:
            self._files.keep_news(unit_state.UNRELATED, " ".join(sorted(self.related.empty)))

    def tell_obstacle(self, obstacle: status.Status) -> None:
        """Tell why nothing can be verified."""
        self._files.keep_news(unit_state.VERIFIED, "")
        now = datetime.datetime.now(datetime.timezone.utc)
        change = Change(now, obstacle.level.value, obstacle.problem, obstacle.check)
        keep_history(self._files, read_history(self._files).noted(change))
        self.tell(obstacle)

    def request_credentials(self) -> None:
        """Ask keystone for a user; without valid options, what was asked before stays."""
        try:
            grants = config.parse(self._model.config, self.choice.services).requested_grants
        except config.OptionsError:
            return
        wanted = databags.identity_request(self._model.app.name, grants)
        for relation in self.related.active(IDENTITY):
            databag = relation.data[self._model.unit]
            asked = {key: databag[key] for key in databags.REQUEST_KEYS if key in databag}
            if asked != wanted:
                databag.update({**dict.fromkeys(asked, ""), **wanted})

    def tell(
        self,
        told: status.Status,
        stack: Callable[[status.Status], telemetry_stack.Stack] = unverified,
        about: status.Status | None = None,
    ) -> None:
        """Show a status, and tell it to other units and charms if this unit leads.

        Args:
            told: the status.
            stack: makes of a status what other charms are told.
            about: the status of the stack, where it is not the same.
        """
        self._show(told)
        if not self._charm.unit.is_leader():
            return
        # no number moves by itself in what options and relations lack: each one is news
        exact = told == self.seen.fault
        known = self._peers.keep_status(told, exact=exact)
        self._show(dataclasses.replace(told, since=known.since))
        if about is not None and about != told:
            known = about.settled(status.Status.from_json(self._files.read(_ABOUT)))
            self._files.keep_news(_ABOUT, known.to_json())
        published = stack(known)
        self._files.keep(_STACK, published.to_json())
        if self.related.active(LISTENERS):
            self._provider.publish(published)

    def tell_listeners(self) -> None:
        """Tell a charm that came what the others know; the leader alone may."""
        told = telemetry_stack.Stack.from_json(self._files.read(_STACK))
        last = self._peers.status() or self.seen.fault
        if told is None and last is not None:
            told = unverified(last)
        if told is not None:
            self._provider.publish(told)
