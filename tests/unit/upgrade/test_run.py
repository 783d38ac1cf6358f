"""One run of ceilometer-upgrade where ceilometer's own action is begun, refused or taken over."""

from __future__ import annotations

import dataclasses
import pathlib

import msgspec
import pytest

from coordinator.blueprint.resource_types import Comparison
from coordinator.checks import runner
from coordinator.checks.memory import NOTHING
from coordinator.juju import access, action, client, errors
from coordinator.juju.sight import Sight
from coordinator.juju.status import Application
from coordinator.report.finding import Cause
from coordinator.text import Secret
from coordinator.upgrade import command, packages
from coordinator.upgrade.backends import Backends
from coordinator.upgrade.decision import Decision, Step
from coordinator.upgrade.policy import Method, Trigger, UpgradePolicy
from coordinator.upgrade.record import Record, Running
from coordinator.upgrade.run import Situation, run_upgrade
from tests.unit import executables, reports
from tests.unit.world import BARRED, MODEL, World

LACKS = errors.JujuFault(Cause.NO_ACTION, "has no such action", "juju refresh ceilometer")

OLD = Running(reports.NOW, reports.FINGERPRINT, "10", "ceilometer", behind=True, asked=False)


class Door(client.Controller):
    """A controller that gives a task, or a fault."""

    def __init__(self, answer: str | errors.JujuFault) -> None:
        given = access.Access(
            ("192.0.2.1:17070",), "", "", MODEL, "openstack", username="us", password=Secret("")
        )
        super().__init__(given, pathlib.Path("juju"))
        self._answer = answer

    def start(self, application: str, *, anew: bool = True) -> str:
        if isinstance(self._answer, errors.JujuFault):
            raise errors.JujuError(self._answer)
        return self._answer


@dataclasses.dataclass
class Scene:
    """What a run is made with, and what came of it."""

    said: list[str] = dataclasses.field(default_factory=list[str])

    def run(
        self,
        answer: str | errors.JujuFault,
        *,
        method: Method = Method.ACTION,
        running: Running | None = None,
        step: Step = Step.RUN,
    ) -> Situation:
        backends = Backends(
            policy=UpgradePolicy(method, Trigger.ON_CHANGE),
            command=command.CommandBackend(packages.Source(), timeout=10),
            members=(),
            announce=self.said.append,
            action=action.ActionBackend(Door(answer), (), {}),
        )
        report = msgspec.structs.replace(reports.report(), behind=reports.BEHIND)
        seen = runner.Verification(
            report, reports.CREDENTIALS, NOTHING, Comparison(reports.BEHIND)
        )
        sight = Sight(Application("ceilometer-two", "ceilometer"))
        decision = Decision(step, "Gnocchi was upgraded")
        now = Situation(seen, sight, Record(running=running), decision)
        return run_upgrade(reports.REQUEST, now, backends)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_an_action_is_announced_with_its_application_and_its_reason(scene: Scene):
    scene.run("10")
    assert scene.said == ["running ceilometer-upgrade on ceilometer-two: Gnocchi was upgraded"]


def test_what_begins_is_remembered_with_what_was_seen(scene: Scene):
    found = scene.run("10")
    assert found.began
    assert found.decision.step is Step.POLL
    running = found.record.running
    assert running is not None
    assert (running.task, running.application) == ("10", "ceilometer-two")
    assert (running.behind, running.asked) == (True, False)


@pytest.mark.parametrize("number", ["1", "9", "11", "100"])
def test_another_task_that_is_taken_over_is_remembered_in_place_of_the_one_that_was(
    scene: Scene, number: str
):
    running = scene.run(number, running=OLD).record.running
    assert running is not None
    assert running.task == number
    assert running.application == "ceilometer-two"


def test_the_same_task_stays_as_it_was_remembered(scene: Scene):
    assert scene.run(OLD.task, running=OLD).record.running == OLD


def test_a_task_that_is_waited_for_is_left_alone_when_nothing_is_said_of_it(scene: Scene):
    found = scene.run("", running=OLD, step=Step.POLL)
    assert found.record.running == OLD
    assert found.refused is None
    assert found.run is None


def test_a_refusal_beside_a_task_that_is_waited_for_is_told(scene: Scene):
    found = scene.run(BARRED, running=OLD, step=Step.POLL)
    assert found.refused == BARRED
    assert found.decision.step is Step.POLL
    assert found.record.running == OLD
    assert found.run is None


@pytest.mark.parametrize(("fault", "remedy"), [(LACKS, LACKS.remedy), (BARRED, "")])
def test_only_a_charm_without_the_action_has_a_remedy_in_place_of_running_it(
    scene: Scene, fault: errors.JujuFault, remedy: str
):
    found = scene.run(fault)
    assert found.decision == Decision(Step.ADVISE, "Gnocchi was upgraded", remedy=remedy)
    assert found.refused == fault


def test_a_person_who_asked_is_told_without_advice(scene: Scene):
    found = scene.run(LACKS, step=Step.NOTHING)
    assert found.decision == Decision(Step.NOTHING, "Gnocchi was upgraded")


def test_where_the_command_may_be_run_a_refusal_is_no_end(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
):
    script = executables.script(tmp_path / "bin/ceilometer-upgrade", "exit 3")
    monkeypatch.setenv(command.SEAM, str(script))
    seen = runner.Verification(reports.report(), reports.CREDENTIALS, NOTHING, Comparison(()))
    monkeypatch.setattr(runner, "verify", lambda *_args, **_more: seen)
    found = scene.run(BARRED, method=Method.AUTO)
    assert found.run is not None
    assert found.run.error
    assert found.record.failure is not None


def test_what_a_person_asks_for_is_run_though_the_options_only_advise():
    world = World(UpgradePolicy(Method.ADVISE, Trigger.ON_CHANGE))
    world.asks = False
    world.by_hand()
    assert world.commands == 1
