"""The peer application databag: record, status and blueprint, which all units must know.

Every change there wakes every unit, the leader included. So nothing is in it that changes by
itself: no time of a verification, no counter; and nothing is written that is there already.
"""

from __future__ import annotations

import ops

from coordinator import status
from relations.endpoints import PEERS

_RECORD = "record"
_STATUS = "status"
_BLUEPRINT = "blueprint"
_FORMER = ("report", "verdict")
"""Keys of earlier revisions, which kept there what changes with every verification."""

_FORMER_OF_UNITS = ("client",)


class PeerState:
    """The peer application databag; all units read it, the leader writes it."""

    def __init__(self, charm: ops.CharmBase) -> None:
        self._charm = charm

    def record(self) -> str | None:
        """The upgrade record as it was written; None while there is no place for one."""
        return self._read(_RECORD) if self._relation() is not None else None

    def status(self) -> status.Status | None:
        """The status that the leader told last."""
        return status.Status.from_json(self._read(_STATUS))

    def blueprint(self) -> str:
        """The last right value of the option `blueprint`."""
        return self._read(_BLUEPRINT)

    def keep_blueprint(self, changes: str) -> None:
        """Replace the blueprint."""
        self._write(_BLUEPRINT, changes)

    def keep_record(self, record: str) -> None:
        """Replace the record."""
        self._write(_RECORD, record)

    def keep_status(self, told: status.Status, *, exact: bool = False) -> status.Status:
        """Replace the status; return what others are told: the same while only numbers move.

        With `exact`, a number that moves is news, too.
        """
        settled = told if exact else told.settled(self.status())
        self._write(_STATUS, settled.to_json())
        for key in _FORMER:
            self._write(key, "")
        return settled

    def clean_unit(self) -> None:
        """Remove what earlier revisions left in the databag of this unit."""
        relation = self._relation()
        if relation is not None:
            databag = relation.data[self._charm.unit]
            for key in databag.keys() & _FORMER_OF_UNITS:
                del databag[key]

    def _relation(self) -> ops.Relation | None:
        relation = self._charm.model.get_relation(PEERS)
        return relation if relation is not None and relation.active else None

    def _read(self, key: str) -> str:
        relation = self._relation()
        return relation.data[self._charm.app].get(key, "") if relation is not None else ""

    def _write(self, key: str, text: str) -> None:
        relation = self._relation()
        if relation is not None and self._charm.unit.is_leader() and self._read(key) != text:
            relation.data[self._charm.app][key] = text
