"""What outlives a hook: record, last report, verdict and blueprint, in the peer databag."""

from __future__ import annotations

import dataclasses

import ops

import archive
from telemetry import upgrade, verdict
from telemetry.report import Report

PEERS = "coordinators"
_RECORD = "record"
_REPORT = "report"
_LIMIT = 64 * 1024
"""Bytes of a report in the databag, which goes to every unit with every change."""
_VERDICT = "verdict"
_BLUEPRINT = "blueprint"


@dataclasses.dataclass(frozen=True)
class Remembered:
    """The upgrade record as it was found.

    Attributes:
        record: what it says; empty when it cannot be read.
        writable: whether it may be replaced; without that, nothing that it must remember is done.
        problem: why a person has to look at it, None when it is fine.
        damaged: whether the problem is that it cannot be read.
    """

    record: upgrade.Record
    writable: bool
    problem: verdict.Verdict | None = None
    damaged: bool = False

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
            problem = verdict.waiting(f"the peer relation {PEERS} is not there yet")
            return Remembered(upgrade.Record(), writable=False, problem=problem)
        try:
            return Remembered(upgrade.load_record(databag.get(_RECORD, "")), writable=True)
        except upgrade.UnreadableRecord as error:
            remedy = (
                f"juju refresh {self._app.name}"
                if error.newer
                else f"juju run {self._app.name}/leader ceilometer-upgrade"
            )
            problem = verdict.blocked(str(error), remedy)
            return Remembered(upgrade.Record(), False, problem, damaged=not error.newer)

    def report(self) -> Report | None:
        """The last report of the leader."""
        return Report.from_json(self._read(_REPORT))

    def verdict(self) -> verdict.Verdict | None:
        """The last verdict of the leader."""
        return verdict.Verdict.from_json(self._read(_VERDICT))

    def blueprint(self) -> str:
        """What the option `blueprint` said when it was last right."""
        return self._read(_BLUEPRINT)

    def keep_blueprint(self, changes: str) -> None:
        """Replace that."""
        if self.blueprint() != changes:
            self._write(_BLUEPRINT, changes)

    def keep_record(self, record: upgrade.Record, found: Remembered) -> None:
        """Replace the record, unless the one that was found must be kept."""
        if found.writable:
            self._write(_RECORD, record.to_json())

    def keep_report(self, report: Report) -> None:
        """Replace the last report; what a databag has no room for is kept in a file."""
        fitting = report.within(_LIMIT, Report.to_json)
        if fitting != report:
            archive.keep(report.to_json(), "json")
        self._write(_REPORT, fitting.to_json())

    def keep_verdict(self, judged: verdict.Verdict) -> None:
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
