"""What a turn of the loop makes of a run: only the proof is a success.

Verifications are given by hand here; the command is a script, run for real.
"""

import datetime
import pathlib
from collections.abc import Callable

import msgspec
import pytest

from coordinator import reconcile
from coordinator import status as stack_status
from coordinator.blueprint.resource_types import Comparison
from coordinator.checks import runner
from coordinator.checks.memory import NOTHING, CheckMemory
from coordinator.juju import ceilometer
from coordinator.juju import status as juju_status
from coordinator.juju.sight import Sight
from coordinator.report.report import Report
from coordinator.request import Request
from coordinator.upgrade import command, packages, summary
from coordinator.upgrade import record as upgrade_record
from coordinator.upgrade.backends import Backends
from coordinator.upgrade.decision import Step
from coordinator.upgrade.observe import observe
from coordinator.upgrade.policy import Method, Trigger, UpgradePolicy
from coordinator.upgrade.record import Record
from coordinator.upgrade.run import run_upgrade
from tests.support.juju import models
from tests.unit import executables, reports

EMPTY = msgspec.structs.replace(
    reports.report(*reports.VERIFIED[:-1], reports.LACKING),
    resource_types=frozenset({"generic"}),
    behind=reports.BEHIND,
)
GOOD = reports.report()
DOWN = reports.report(reports.bad("metric"), types=None)
NEWER = msgspec.structs.replace(GOOD, builds={"metric": "4.7.1"})


class Play:
    """A turn with given reports and a command that ends as told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: pathlib.Path) -> None:
        self.path = folder / "bin/ceilometer-upgrade"
        self._patch = monkeypatch
        self._patch.setenv(command.SEAM, str(self.path))
        self.calls = folder / "calls"
        self.announced: list[str] = []
        self.releases: list[str] = []
        self.does("exit 0")

    def does(self, line: str) -> None:
        executables.script(self.path, f"echo called >> {self.calls}", line)

    @property
    def runs(self) -> int:
        return len(self.calls.read_text().splitlines()) if self.calls.exists() else 0

    def turn(
        self, *seen: Report, record: Record | None = None, runs: bool = True
    ) -> reconcile.Turn:
        """A turn whose verifications find these reports, one after the other."""
        found = iter(seen)

        def verify(
            _request: Request,
            memory: CheckMemory = NOTHING,
            _progress: runner.Progress = print,
            release: Callable[[], str] = str,
            announce: Callable[[str], None] = print,
        ) -> runner.Verification:
            self.releases.append(release())
            return verification(next(found), memory)

        self._patch.setattr(runner, "verify", verify)
        return reconcile.reconcile(
            reports.REQUEST, record or Record(), NOTHING, self.means(runs=runs)
        )

    def means(self, *, runs: bool = True) -> Backends:
        return Backends(
            policy=UpgradePolicy(Method.COMMAND, Trigger.ON_CHANGE, remembers=runs),
            command=command.CommandBackend(packages.Source(), timeout=10),
            members=("ceilometer-two", "ceilometer"),
            announce=self.announced.append,
        )


def verification(report: Report, memory: CheckMemory = NOTHING) -> runner.Verification:
    """The verification that found a report."""
    known = report.resource_types is not None
    comparison = Comparison(report.behind) if known else None
    return runner.Verification(report, reports.CREDENTIALS, memory, comparison)


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> Play:
    return Play(monkeypatch, tmp_path)


def test_a_fresh_gnocchi_is_upgraded_once_and_proven(play: Play):
    turn = play.turn(EMPTY, GOOD)
    assert play.runs == 1
    assert turn.situation.run is not None
    assert turn.situation.run.error == ""
    assert turn.record.success is not None
    assert turn.record.success.ran
    assert turn.types_before == {"generic"}
    assert turn.report.findings[: len(GOOD.findings)] == GOOD.findings
    assert turn.decision.step is Step.NOTHING


def test_the_next_turn_runs_nothing(play: Play):
    first = play.turn(EMPTY, GOOD)
    second = play.turn(GOOD, record=first.record)
    assert play.runs == 1
    assert second.situation.run is None
    assert second.record == first.record


def test_a_run_is_announced_with_its_reason(play: Play):
    play.turn(EMPTY, GOOD)
    (line,) = play.announced
    assert line == (
        "running ceilometer-upgrade: Gnocchi lacks resource types "
        "(identity missing; image missing; instance missing; 2 more)"
    )


def test_a_command_that_ends_well_without_the_proof_is_a_failure(play: Play):
    turn = play.turn(EMPTY, EMPTY)
    assert turn.situation.run is not None
    assert turn.situation.run.error == (
        "succeeded, but resource types are still missing "
        "(identity missing; image missing; instance missing; 2 more)"
    )
    assert turn.record.success is None
    assert turn.decision.step is Step.WAIT


def test_a_gnocchi_that_dies_meanwhile_is_a_failure(play: Play):
    turn = play.turn(EMPTY, DOWN)
    assert turn.situation.run is not None
    assert turn.situation.run.error == "succeeded, but Gnocchi no longer answers"
    assert turn.record.failure is not None
    assert turn.decision.step is Step.IMPOSSIBLE


def test_what_the_command_said_is_the_cause_of_a_failure(play: Play):
    play.does("echo 'HTTP 503'; exit 1")
    turn = play.turn(EMPTY, EMPTY)
    assert turn.record.failure is not None
    assert turn.record.failure.cause == "HTTP 503"


def test_a_gnocchi_that_does_not_answer_is_not_upgraded(play: Play):
    turn = play.turn(DOWN)
    assert play.runs == 0
    assert turn.decision.step is Step.IMPOSSIBLE
    assert turn.record == Record()


def test_an_adviser_runs_nothing(play: Play):
    turn = play.turn(EMPTY, runs=False)
    assert play.runs == 0
    assert turn.decision.step is Step.ADVISE


def test_work_that_was_done_before_is_adopted(play: Play):
    turn = play.turn(GOOD)
    assert play.runs == 0
    assert turn.record.success is not None
    assert not turn.record.success.ran


def test_the_fingerprint_is_what_was_seen(play: Play):
    observed = observe(verification(GOOD), Record(), play.means(), Sight())
    assert observed.fingerprint == upgrade_record.Fingerprint(
        endpoint="http://192.0.2.30:8041",
        scope="internal/RegionOne",
        build="4.6.0",
        release="",
        members="ceilometer,ceilometer-two",
    )
    assert observed.missing == ()


def test_nothing_is_observed_of_a_gnocchi_whose_types_could_not_be_read(play: Play):
    observed = observe(verification(DOWN), Record(), play.means(), Sight())
    assert observed.missing is None
    assert observed.fingerprint is None


def test_what_is_behind_is_observed():
    means = Backends(
        policy=UpgradePolicy(Method.COMMAND, Trigger.ON_CHANGE),
        command=command.CommandBackend(packages.Source()),
        members=(),
        announce=lambda _line: None,
    )
    assert observe(verification(EMPTY), Record(), means, Sight()).missing == reports.BEHIND


# The release whose resource types are needed


def install(play: Play, release: str) -> str:
    """A line of the command's script that installs this release beside the command."""
    folder = play.path.parent.parent / f"lib/python3/dist-packages/ceilometer-{release}.dist-info"
    metadata = f"Name: ceilometer\\nVersion: {release}\\n"
    return f"mkdir -p {folder}; printf '{metadata}' > {folder}/METADATA"


def test_without_an_installed_command_no_release_is_asked_for(play: Play):
    play.turn(GOOD)
    assert play.releases == [""]


def test_the_release_that_a_run_installed_is_asked_for_after_it(play: Play):
    play.does(install(play, "27.0.0"))
    play.turn(EMPTY, GOOD)
    assert play.releases == ["", "27.0.0"]


# Gnocchi goes away in the run


def test_a_failure_without_an_answer_is_stored_under_what_was_seen_before(play: Play):
    turn = play.turn(EMPTY, DOWN)
    assert turn.record.failure is not None
    assert (
        turn.record.failure.fingerprint
        == observe(verification(EMPTY), Record(), play.means(), Sight()).fingerprint
    )


def test_a_failure_without_an_answer_is_waited_out(play: Play):
    failed = play.turn(EMPTY, DOWN)
    again = play.turn(EMPTY, record=failed.record)
    assert play.runs == 1
    assert again.decision.step is Step.WAIT


def test_three_failures_without_an_answer_are_counted_and_call_a_person(play: Play):
    record = Record()
    for _ in range(3):
        record = aged(play.turn(EMPTY, DOWN, record=record).record)
    assert record.failure is not None
    assert record.failure.count == 3
    seen = play.turn(EMPTY, EMPTY, record=record)
    judged = summary.of_stack(
        seen.report, seen.record, seen.decision, "us", "ceilometer", grant=""
    )
    assert judged.level is stack_status.Level.BLOCKED
    assert judged.message.startswith("ceilometer-upgrade failed 4 times: succeeded, but")


def aged(record: Record) -> Record:
    """The record as if its failure were hours ago."""
    assert record.failure is not None
    at = record.failure.at - datetime.timedelta(hours=2)
    return msgspec.structs.replace(record, failure=msgspec.structs.replace(record.failure, at=at))


# Reasons besides the proof


def test_a_run_that_failed_is_repeated_although_the_types_are_there(play: Play):
    first = play.turn(GOOD)
    play.does("echo 'HTTP 503'; exit 1")
    failed = play.turn(NEWER, NEWER, record=first.record)
    play.does("exit 0")
    again = play.turn(NEWER, NEWER, record=aged(failed.record))
    assert play.runs == 2
    assert play.announced[-1] == "running ceilometer-upgrade: its last run failed"
    assert again.record.failure is None
    assert again.record.success is not None
    assert again.record.success.fingerprint.build == "4.7.1"


def test_units_of_two_builds_that_answer_in_turn_cause_one_run_at_most(play: Play):
    record = play.turn(GOOD).record
    for _ in range(5):
        record = play.turn(NEWER, GOOD, record=record).record
    assert play.runs == 1


def test_without_credentials_nothing_can_be_run(play: Play):
    seen = reports.turn()
    unknown = runner.Verification(DOWN, None)
    situation = msgspec.structs.replace(seen.situation, verification=unknown)
    with pytest.raises(ValueError, match="without credentials"):
        run_upgrade(reports.REQUEST, situation, play.means())


# The model


class Eyes:
    """In the place of the action runner: sees a given model."""

    def __init__(self, cloud: models.Model) -> None:
        model = juju_status.parse(cloud.document)
        (application,) = model.of_charm(ceilometer.CHARM)
        self._sight = Sight(application, related=application.name, model=model)

    def look(self, _task: str, _related: str) -> Sight:
        return self._sight


def seen_in(cloud: models.Model, play: Play, *reports_: Report) -> reconcile.Turn:
    means = msgspec.structs.replace(play.means(), action=Eyes(cloud), members=("ceilometer",))
    play.means = lambda *, runs=True: means
    return play.turn(*reports_)


def test_what_the_model_shows_is_in_the_report(play: Play):
    cloud = models.openstack()
    cloud.lose("nova-compute/1")
    turn = seen_in(cloud, play, GOOD)
    assert "nova-compute.units" in {finding.check for finding in turn.report.findings}
    assert turn.report.verified


def test_names_in_the_model_are_remembered_for_the_next_remedies(play: Play):
    cloud = models.openstack()
    cloud.deploy("alarms", charm="aodh")
    cloud.remove("aodh")
    cloud.deploy("secrets", charm="barbican")
    names = seen_in(cloud, play, GOOD).memory.names
    assert names["metric"] == "gnocchi"
    assert names["alarming"] == "alarms"
    assert "key-manager" not in names, "of two, none is the one"


def test_a_fault_in_the_model_explains_what_does_not_answer(play: Play):
    cloud = models.openstack()
    cloud.say("gnocchi", "error", 'hook failed: "config-changed"')
    turn = seen_in(cloud, play, DOWN)
    (answer,) = (f for f in turn.report.findings if f.check == "metric.endpoint")
    assert answer.because == "metric.application"
    assert turn.report.summary().startswith("gnocchi/0 is in error")


def test_the_model_is_in_the_report_after_a_run_of_the_command_too(play: Play):
    cloud = models.openstack()
    means = play.means()
    cloud.lose("nova-compute/1")
    play.does("exit 0")
    eyes = msgspec.structs.replace(means, action=Eyes(cloud))
    play.means = lambda *, runs=True: eyes
    turn = play.turn(EMPTY, GOOD)
    assert play.runs == 1
    assert [f.check for f in turn.report.findings].count("nova-compute.units") == 1
