"""What all units must know, in the peer application databag: record, status and blueprint.

Every change there wakes every unit, the leader included. So nothing is in it that changes by
itself: no time of a verification, no counter; and nothing is written that is there already.
"""

from __future__ import annotations

import dataclasses

import ops

from coordinator import status
from coordinator.report import remedies
from coordinator.upgrade import record as upgrade_record

PEERS = "coordinators"
_RECORD = "record"
_STATUS = "status"
_BLUEPRINT = "blueprint"
_FORMER = ("report", "verdict")
"""Keys of earlier revisions, which kept there what changes with every verification."""

_FORMER_OF_UNITS = ("client",)


@dataclasses.dataclass(frozen=True)
class Remembered:
    """The upgrade record as it was found.

    Attributes:
        record: what it says; empty when it cannot be read.
        writable: it may be replaced; without that, nothing that it must remember is done.
        fault: why a person has to look at it, None when it is fine.
        damaged: it cannot be read.
        newer: a newer revision of the charm wrote it.
    """

    record: upgrade_record.Record
    writable: bool
    fault: status.Status | None = None
    damaged: bool = False
    newer: bool = False

    def overruled(self) -> Remembered:
        """The same after a person ordered a run: a damaged record may then be replaced."""
        return Remembered(self.record, writable=True) if self.damaged else self


class PeerState:
    """The peer application databag; all units read it, the leader writes it."""

    def __init__(self, charm: ops.CharmBase) -> None:
        """Read nothing yet."""
        self._app = charm.app
        self._unit = charm.unit
        self._model = charm.model

    def record(self) -> Remembered:
        """The upgrade record."""
        databag = self._databag()
        if databag is None:
            fault = status.waiting(f"the peer relation {PEERS} is not there yet")
            return Remembered(upgrade_record.Record(), writable=False, fault=fault)
        try:
            record = upgrade_record.load_record(databag.get(_RECORD, ""))
            return Remembered(record, writable=True)
        except upgrade_record.RecordError as error:
            name = self._app.name
            remedy = f"juju refresh {name}" if error.newer else remedies.run_upgrade(name)
            fault = status.blocked(str(error), remedy)
            newer = error.newer
            return Remembered(
                upgrade_record.Record(), False, fault, damaged=not newer, newer=newer
            )

    def status(self) -> status.Status | None:
        """The status that the leader told last."""
        return status.Status.from_json(self._read(_STATUS))

    def blueprint(self) -> str:
        """What the option `blueprint` said when it was last right."""
        return self._read(_BLUEPRINT)

    def keep_blueprint(self, changes: str) -> None:
        """Replace that."""
        self._write(_BLUEPRINT, changes)

    def keep_record(self, record: upgrade_record.Record, found: Remembered) -> None:
        """Replace the record, unless the one that was found must be kept."""
        if found.writable and record != found.record:
            self._write(_RECORD, record.to_json())

    def keep_status(self, told: status.Status, *, exact: bool = False) -> status.Status:
        """Replace the status; return what others are told: the same while only numbers move.

        Args:
            told: the status.
            exact: whether a number that moves is news, too.
        """
        settled = told if exact else told.settled(self.status())
        self._write(_STATUS, settled.to_json())
        self._clean_up()
        return settled

    def _clean_up(self) -> None:
        """Remove what earlier revisions left."""
        for key in _FORMER:
            self._write(key, "")
        relation = self._model.get_relation(PEERS)
        if relation is not None and relation.active:
            for key in _FORMER_OF_UNITS:
                if key in relation.data[self._unit]:
                    del relation.data[self._unit][key]

    def _databag(self) -> ops.RelationDataContent | None:
        relation = self._model.get_relation(PEERS)
        return relation.data[self._app] if relation is not None and relation.active else None

    def _read(self, key: str) -> str:
        databag = self._databag()
        return databag.get(key, "") if databag is not None else ""

    def _write(self, key: str, text: str) -> None:
        databag = self._databag()
        if databag is not None and self._unit.is_leader() and databag.get(key, "") != text:
            databag[key] = text
