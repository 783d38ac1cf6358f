"""All that a hook has at hand, and its work without the cloud; a quiet hook loads none of it."""

from __future__ import annotations

import datetime
import functools
import logging
import os

import ops

import config
import inputs
from coordinator import status
from coordinator.blueprint import loader
from coordinator.openstack.proxies import Proxies
from monitoring import cos
from monitoring.exporter import Exporter, Systemd
from peer_state import PeerState
from relations import databags, transfers
from relations.endpoints import IDENTITY, MONITORING
from relations.related import Related
from stack_status import Publisher
from unit_state import UNRELATED, VERIFIED, UnitState

logger = logging.getLogger(__name__)


class Hook:
    """One hook or action of a unit.

    Attributes:
        peers: what all units know.
        files: what this unit knows.
    """

    def __init__(self, charm: ops.CharmBase, peers: PeerState, files: UnitState) -> None:
        self.charm = charm
        self.peers = peers
        self.files = files
        self.relations = Related(charm.model, files.read(UNRELATED))
        self.exporter = Exporter(charm.unit.name, files, Systemd.of(os.environ))
        self.publisher = Publisher(charm, self.relations, peers, files)

    @functools.cached_property
    def choice(self) -> loader.Choice:
        """The blueprint in force."""
        return loader.choose(config.parse_blueprint(self.charm.config), self.peers.blueprint)

    @functools.cached_property
    def seen(self) -> inputs.Inputs:
        """Options and relations, read once."""
        proxies = Proxies.from_environment(os.environ)
        return inputs.gather(self.relations, self.charm.model, self.choice, proxies)

    def observe(self, *, certain: bool) -> bool:
        """Tell why nothing can be verified; return True if something can, and must be.

        Args:
            certain: verify although nothing that Juju tells is another than the last time.
        """
        if self.choice.fault:
            logger.warning(self.choice.fault)
        self.peers.keep_blueprint(self.choice.changes)
        if self.seen.blocker is None:
            return certain or self.files.read(VERIFIED) != self.seen.digest
        self._tell_blocker(self.seen.blocker)
        return False

    def _tell_blocker(self, blocker: status.Status) -> None:
        self.exporter.withdraw()
        self.files.keep_news(VERIFIED, "")
        now = datetime.datetime.now(datetime.timezone.utc)
        self.publisher.note(self.seen.first(blocker), now)
        self.publisher.tell(self.seen, blocker)

    def ask(self) -> None:
        """Ask keystone for a user, and charms that transfer certificates for a version.

        Without valid options, what keystone was asked before stays.
        """
        app, unit = self.charm.app, self.charm.unit
        if unit.is_leader():
            transfers.request_version(self.relations, app)
        try:
            grants = config.parse(self.charm.config, self.choice.services).requested_grants
        except config.OptionsError:
            return
        wanted = databags.identity_request(app.name, grants)
        for relation in self.relations.active(IDENTITY):
            relation.data[unit].update(wanted)

    def tell_listeners(self) -> None:
        """Tell a charm that came what the others know; the leader alone may."""
        self.publisher.tell_listeners(lambda: self.seen.blocker)

    def serve(self) -> None:
        """Serve metrics on the port of the option, and tell the collector; not with a bad port."""
        port = config.parse_metrics_port(self.charm.config)
        if port is None:
            return
        self.exporter.serve(port)
        model, unit = self.charm.model, self.charm.unit
        collectors = [relation for relation in model.relations[MONITORING] if relation.active]
        if not collectors:
            return
        text = cos.databag(cos.Topology(model.name, model.uuid, unit.name), port)
        for relation in collectors:
            relation.data[unit].update({cos.KEY: text})
