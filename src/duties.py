"""What a hook does that has, or may have, something to do.

It reads options and relations, asks keystone for a user, and tells a status. A hook without any
of that loads nothing of this module, nor of what it stands on.
"""

from __future__ import annotations

import datetime
import functools
import logging
import os
from typing import TYPE_CHECKING

import ops

import config
import inputs
from coordinator import status
from coordinator.blueprint import loader
from coordinator.openstack.proxies import Proxies
from monitoring.monitor import Monitor
from peer_state import PeerState
from relations import databags, transfers
from relations.endpoints import IDENTITY
from relations.related import Related
from stack_status import Publisher
from unit_state import UNRELATED, VERIFIED, UnitState

if TYPE_CHECKING:
    from actions import Actions

logger = logging.getLogger(__name__)


class Duties:
    """The work of one hook."""

    def __init__(self, charm: ops.CharmBase, peers: PeerState, files: UnitState) -> None:
        """Read nothing yet.

        Args:
            charm: whose unit this is.
            peers: what all units know.
            files: what this unit knows.
        """
        self._charm = charm
        self._peers = peers
        self._files = files
        self.relations = Related(charm.model, files.read(UNRELATED))
        self.monitor = Monitor(charm, files)
        self.publisher = Publisher(charm, self.relations, peers, files)

    @functools.cached_property
    def choice(self) -> loader.Choice:
        """Which blueprint is in force."""
        return loader.choose(config.parse_blueprint(self._charm.config), self._peers.blueprint)

    @functools.cached_property
    def seen(self) -> inputs.Inputs:
        """Options and relations, read once in a hook."""
        proxies = Proxies.from_environment(os.environ)
        return inputs.gather(self.relations, self._charm.model, self.choice, proxies)

    def observe(self, *, certain: bool) -> None:
        """The one loop: observe, verify, decide, act, publish; the leader alone does.

        Args:
            certain: whether to verify although nothing that Juju tells is another than the last
                time.
        """
        if self.choice.fault:
            logger.warning(self.choice.fault)
        self._peers.keep_blueprint(self.choice.changes)
        if self.seen.blocker is not None:
            self._tell_blocker(self.seen.blocker)
        elif certain or self._files.read(VERIFIED) != self.seen.digest:
            self.actions.react()

    def _tell_blocker(self, blocker: status.Status) -> None:
        """Tell why nothing can be verified, and forget what was."""
        self.monitor.withdraw()
        self._files.keep_news(VERIFIED, "")
        now = datetime.datetime.now(datetime.timezone.utc)
        self.publisher.note(self.seen.first(blocker), now)
        self.publisher.tell(self.seen, blocker)

    def ask(self) -> None:
        """Ask keystone for a user, and charms that transfer certificates for a version.

        Without valid options, what keystone was asked before stays.
        """
        charm = self._charm
        if charm.unit.is_leader():
            transfers.request_version(self.relations, charm.app)
        try:
            grants = config.parse(charm.config, self.choice.services).requested_grants
        except config.OptionsError:
            return
        wanted = databags.identity_request(charm.app.name, grants)
        for relation in self.relations.active(IDENTITY):
            relation.data[charm.unit].update(dict.fromkeys(databags.REQUEST_KEYS, "") | wanted)

    def tell_listeners(self) -> None:
        """Tell a charm that came what the others know; the leader alone may."""
        self.publisher.tell_listeners(lambda: self.seen.blocker)

    def serve(self) -> None:
        """Serve metrics on the port of the option, and tell the collector."""
        self.monitor.serve(config.parse_metrics_port(self._charm.config))

    @functools.cached_property
    def actions(self) -> Actions:
        """What works with the cloud and the controller."""
        from actions import Actions  # noqa: PLC0415 - 0.1 s, where nothing is verified

        return Actions(
            self._charm,
            lambda: self.seen,
            choice=self.choice,
            relations=self.relations,
            peers=self._peers,
            files=self._files,
            publisher=self.publisher,
            monitor=self.monitor,
        )
