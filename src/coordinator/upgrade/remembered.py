"""The upgrade record as it was found in the peer databag."""

from __future__ import annotations

import msgspec

from coordinator import status
from coordinator.report import remedies
from coordinator.upgrade.record import Record, RecordError, load_record


class Remembered(msgspec.Struct, frozen=True):
    """The upgrade record as it was found, empty when it cannot be read.

    Attributes:
        fault: why a person has to look at it, None when it is fine.
        newer: a newer revision of the charm wrote it.
    """

    record: Record
    fault: status.Status | None = None
    damaged: bool = False
    newer: bool = False

    @property
    def writable(self) -> bool:
        """True if it may be replaced; without that, nothing that it must remember is done."""
        return self.fault is None

    def overruled(self) -> Remembered:
        """The same after a person ordered a run: a damaged record may then be replaced."""
        return Remembered(self.record) if self.damaged else self

    def allows(self, record: Record) -> bool:
        """Tell if a record is news, and may take the place of the one that was found."""
        return self.writable and record != self.record


def read(text: str | None, coordinator: str) -> Remembered:
    """Read a record from its JSON; None: there is no place yet to keep one."""
    if text is None:
        fault = status.waiting("the peer relation coordinators is not there yet")
        return Remembered(Record(), fault)
    try:
        return Remembered(load_record(text))
    except RecordError as error:
        refresh, run = f"juju refresh {coordinator}", remedies.run_upgrade(coordinator)
        fault = status.blocked(str(error), refresh if error.newer else run)
        return Remembered(Record(), fault, damaged=not error.newer, newer=error.newer)
