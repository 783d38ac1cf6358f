"""The signs of a need for ceilometer-upgrade, from the cloud and the controller."""

from __future__ import annotations

from coordinator.blueprint import resource_types
from coordinator.checks.runner import Verification
from coordinator.juju.errors import JujuFault
from coordinator.juju.sight import Sight
from coordinator.upgrade.backends import Backends
from coordinator.upgrade.decision import Observed
from coordinator.upgrade.record import Fingerprint, Record


def find_release(seen: Sight, record: Record, backends: Backends) -> str:
    """Tell the Ceilometer in force: that of the model, else that of the command that would run.

    While the controller cannot be asked, what is remembered of it counts: a command of another
    version, which was once run instead, says nothing about the model.
    """
    unseen = isinstance(seen.application, JujuFault)
    told = (seen.release, record.release if unseen else "")
    return next(filter(resource_types.is_version, told), "") or backends.command.release()


def observe(verified: Verification, record: Record, backends: Backends, seen: Sight) -> Observed:
    """Put together what a decision about ceilometer-upgrade rests on."""
    report = verified.report
    if report.resource_types is None:
        return Observed(None, None, report.taken_at, seen.asks, seen.task)
    fingerprint = Fingerprint(
        endpoint=report.endpoints["metric"],
        scope=f"{report.interface}/{report.region}",
        build=report.builds.get("metric", ""),
        release=find_release(seen, record, backends),
        members=",".join(sorted(backends.members)),
    )
    return Observed(report.behind, fingerprint, report.taken_at, seen.asks, seen.task)
