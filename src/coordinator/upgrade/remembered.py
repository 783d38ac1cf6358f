"""The upgrade record as it was found where all units see it, and what may become of it. Pure."""

from __future__ import annotations

import msgspec

from coordinator import status
from coordinator.report import remedies
from coordinator.upgrade import record as upgrade_record


class Remembered(msgspec.Struct, frozen=True):
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

    def allows(self, record: upgrade_record.Record) -> bool:
        """Whether a record is news, and may take the place of the one that was found."""
        return self.writable and record != self.record


def read(text: str | None, coordinator: str) -> Remembered:
    """Read a record.

    Args:
        text: its JSON, empty where there is none; None while there is no place to keep one.
        coordinator: name of the coordinator's application.
    """
    nothing = upgrade_record.Record()
    if text is None:
        fault = status.waiting("the peer relation coordinators is not there yet")
        return Remembered(nothing, writable=False, fault=fault)
    try:
        return Remembered(upgrade_record.load_record(text), writable=True)
    except upgrade_record.RecordError as error:
        refresh, run = f"juju refresh {coordinator}", remedies.run_upgrade(coordinator)
        fault = status.blocked(str(error), refresh if error.newer else run)
        return Remembered(nothing, False, fault, damaged=not error.newer, newer=error.newer)
