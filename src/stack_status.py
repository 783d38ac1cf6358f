"""The status of this hook and of the stack, told to people, other units and other charms."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable

import msgspec
import ops

from charms.telemetry_coordinator.v0 import telemetry_stack
from coordinator import status
from coordinator.report.history import Change, Facts, History
from coordinator.report.report import Report
from inputs import Inputs
from peer_state import PeerState
from relations.endpoints import LISTENERS
from relations.related import Related
from unit_state import HISTORY, SHOWN, STACK, STACK_STATUS, UnitState

logger = logging.getLogger(__name__)


def unverified(told: status.Status) -> telemetry_stack.Stack:
    """The stack of a status that says why it cannot be verified, since now at the latest."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    return telemetry_stack.Stack(ready=False, message=told.text, since=now)


class Publisher:
    """Tells a status to all who want to know; but for `announce`, the leader alone may.

    Attributes:
        verified: the `Inputs.digest` that was verified in this hook, or nothing.
    """

    def __init__(
        self, charm: ops.CharmBase, relations: Related, peers: PeerState, files: UnitState
    ) -> None:
        self._charm = charm
        self._relations = relations
        self._peers = peers
        self._files = files
        self._announced = False
        self._offers: list[status.Status] = []
        self.verified = ""
        self._provider = telemetry_stack.TelemetryStackProvider(charm, LISTENERS)

    @property
    def offers(self) -> list[status.Status]:
        """The statuses of this hook; without news none, so that what is shown stays."""
        if self._announced and not self._offers:
            return [self._peers.status() or status.waiting("nothing was verified yet")]
        return self._offers

    def announce(self, line: str) -> None:
        """Show at once what takes long; the final status comes at the end of the hook."""
        logger.info(line)
        self._announced = True
        self._files.keep_news(SHOWN, "")
        text = status.Status(status.Level.MAINTENANCE, line).message
        self._charm.unit.status = shown = ops.MaintenanceStatus(text)
        if self._charm.unit.is_leader():
            self._charm.app.status = shown

    def tell(
        self,
        seen: Inputs,
        told: status.Status,
        stack: Callable[[status.Status], telemetry_stack.Stack] = unverified,
    ) -> None:
        """Offer the status of the stack beside what concerns an option, and tell both.

        Args:
            seen: options and relations of this hook.
            told: the status of the stack, or why it cannot be judged.
            stack: makes what other charms are told of the status.
        """
        first = seen.first(told)
        # no number moves by itself in what options and relations lack: each one is news
        exact = first in (seen.option_fault, seen.blocker)
        known = self._peers.keep_status(first, exact=exact)
        if first != told:
            known = told.settled(status.Status.from_json(self._files.read(STACK_STATUS)))
        self._files.keep_news(STACK_STATUS, known.to_json())
        dated = msgspec.structs.replace(told, since=known.since)
        option = [seen.option_fault] if seen.option_fault else []
        self._offers = [dated, *option] if first == told else [*option, dated]
        published = stack(known)
        self._files.keep(STACK, published.to_json())
        if self._relations.active(LISTENERS):
            self._provider.publish(published)

    def tell_listeners(self, last: Callable[[], status.Status | None]) -> None:
        """Tell a charm that came what the others know, or else the last status."""
        listeners = self._relations.active(LISTENERS)
        others = (one.data[self._charm.app].get(telemetry_stack.KEY) for one in listeners)
        text = next(filter(None, others), self._files.read(STACK))
        told = telemetry_stack.Stack.from_json(text)
        if told is None:
            known = self._peers.status() or last()
            told = unverified(known) if known is not None else None
        if told is not None:
            self._provider.publish(told)

    def history(self) -> History:
        """The history of the coordinator's status on this unit."""
        return History.from_json(self._files.read(HISTORY))

    def note(
        self,
        told: status.Status,
        at: datetime.datetime,
        facts: Facts | None = None,
        report: Report | None = None,
    ) -> History:
        """Keep a status in the history, with the facts and the report behind it."""
        change = Change(at, told.level.value, told.summary, told.check)
        noted = self.history().noted(change, facts, report)
        self._files.keep_news(HISTORY, noted.to_json())
        return noted


def of_report(report: Report, upgrade: str, told: status.Status) -> telemetry_stack.Stack:
    """The stack as other charms are told it after a verification.

    It is ready when nothing that is required failed: of a ceilometer-upgrade that is still to be
    run only missing resource types matter, which are a failure of their own.

    Args:
        report: the last verification.
        upgrade: the state of ceilometer-upgrade, in one word of the interface.
        told: the status of the stack.
    """
    looked_for = {f.service for f in report.findings if f.question == "catalog"} | {"identity"}
    services = {
        service: telemetry_stack.Service(
            report.state_of(service).value, report.endpoints.get(service, "")
        )
        for service in report.services
        if service in report.endpoints or service in looked_for
    }
    return telemetry_stack.Stack(report.verified, told.text, report.taken_at, services, upgrade)
