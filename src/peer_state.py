"""What outlives a hook, in the peer relation: record, last report, verdict and blueprint."""

from __future__ import annotations

import dataclasses
import datetime
import json

import ops

import archive
from coordinator import status
from coordinator.checks.memory import CheckMemory
from coordinator.report import truncate
from coordinator.report.report import Report
from coordinator.upgrade import record as upgrade_record

PEERS = "coordinators"
_RECORD = "record"
_REPORT = "report"
_LIMIT = 64 * 1024
"""Bytes of a report in the databag, which goes to every unit with every change."""
_FILE = "last-report.json"
"""Has the whole of a report that is longer, on the unit that led."""
_VERDICT = "verdict"
_BLUEPRINT = "blueprint"
_CLIENT = "client"
_CHECKS = "checks"

CLIENT_WAIT = datetime.timedelta(hours=1)
"""After an installation of the juju client that failed, the next is tried so much later."""


@dataclasses.dataclass(frozen=True)
class Remembered:
    """The upgrade record as it was found.

    Attributes:
        record: what it says; empty when it cannot be read.
        writable: whether it may be replaced; without that, nothing that it must remember is done.
        problem: why a person has to look at it, None when it is fine.
        damaged: whether the problem is that it cannot be read.
        newer: whether the problem is that a newer revision of the charm wrote it.
    """

    record: upgrade_record.Record
    writable: bool
    problem: status.Status | None = None
    damaged: bool = False
    newer: bool = False

    def overruled(self) -> Remembered:
        """The same after a person ordered a run: a damaged record may then be replaced."""
        return Remembered(self.record, writable=True) if self.damaged else self


class Memory:
    """The peer application databag; all units read it, the leader writes it."""

    def __init__(self, charm: ops.CharmBase) -> None:
        self._app = charm.app
        self._unit = charm.unit
        self._model = charm.model

    def record(self) -> Remembered:
        """The upgrade record."""
        databag = self._databag()
        if databag is None:
            problem = status.waiting(f"the peer relation {PEERS} is not there yet")
            return Remembered(upgrade_record.Record(), writable=False, problem=problem)
        try:
            return Remembered(upgrade_record.load_record(databag.get(_RECORD, "")), writable=True)
        except upgrade_record.RecordError as error:
            remedy = (
                f"juju refresh {self._app.name}"
                if error.newer
                else f"juju run {self._app.name}/leader ceilometer-upgrade"
            )
            problem = status.blocked(str(error), remedy)
            newer = error.newer
            return Remembered(
                upgrade_record.Record(), False, problem, damaged=not newer, newer=newer
            )

    def report(self) -> Report | None:
        """The last report of the leader."""
        return Report.from_json(self._read(_REPORT))

    def whole_report(self) -> Report | None:
        """The same with all that was found, where this unit has it."""
        report = self.report()
        if report is None or not report.left_out:
            return report
        kept = Report.from_json(archive.read(_FILE))
        return kept if kept is not None and kept.taken_at == report.taken_at else report

    def checks(self) -> CheckMemory:
        """What checks remember of the last verification."""
        return CheckMemory.from_json(self._read(_CHECKS))

    def keep_checks(self, memory: CheckMemory) -> None:
        """Replace that."""
        self._write(_CHECKS, memory.to_json())

    def verdict(self) -> status.Status | None:
        """The last verdict of the leader."""
        return status.Status.from_json(self._read(_VERDICT))

    def blueprint(self) -> str:
        """What the option `blueprint` said when it was last right."""
        return self._read(_BLUEPRINT)

    def keep_blueprint(self, changes: str) -> None:
        """Replace that."""
        if self.blueprint() != changes:
            self._write(_BLUEPRINT, changes)

    def client_problem(self, now: datetime.datetime) -> str:
        """Why the juju client could not be installed on this unit a short time ago; or nothing."""
        relation = self._model.get_relation(PEERS)
        text = relation.data[self._unit].get(_CLIENT, "") if relation is not None else ""
        try:
            note = json.loads(text)
            at, problem = datetime.datetime.fromisoformat(note["at"]), str(note["problem"])
            return problem if at <= now < at + CLIENT_WAIT else ""
        except (ValueError, KeyError, TypeError):
            return ""

    def keep_client_problem(self, now: datetime.datetime, problem: str) -> None:
        """Remember for this unit that the juju client could not be installed."""
        relation = self._model.get_relation(PEERS)
        if relation is not None and relation.active:
            note = {"at": now.isoformat(), "problem": problem}
            relation.data[self._unit][_CLIENT] = json.dumps(note)

    def keep_record(self, record: upgrade_record.Record, found: Remembered) -> None:
        """Replace the record, unless the one that was found must be kept."""
        if found.writable:
            self._write(_RECORD, record.to_json())

    def keep_report(self, report: Report) -> None:
        """Replace the last report; what a databag has no room for is kept in a file."""
        part = truncate.within(_LIMIT, report, Report.to_json)
        if part is not report:
            archive.keep(report.to_json(), _FILE)
        self._write(_REPORT, part.to_json())

    def keep_verdict(self, judged: status.Status) -> None:
        """Replace the last verdict."""
        self._write(_VERDICT, judged.to_json())

    def _databag(self) -> ops.RelationDataContent | None:
        relation = self._model.get_relation(PEERS)
        return relation.data[self._app] if relation is not None and relation.active else None

    def _read(self, key: str) -> str:
        databag = self._databag()
        return databag.get(key, "") if databag is not None else ""

    def _write(self, key: str, text: str) -> None:
        databag = self._databag()
        if databag is not None and self._unit.is_leader():
            databag[key] = text
