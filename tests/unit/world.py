"""A cloud and its Juju model that go on living between the coordinator's hooks.

Whole turns of the loop are taken on it; what the coordinator must never do is asserted at once.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
import pathlib
from collections.abc import Callable
from unittest import mock

import msgspec

from coordinator import reconcile
from coordinator.blueprint.resource_types import Comparison
from coordinator.checks import runner
from coordinator.checks.memory import NOTHING, CheckMemory
from coordinator.juju import access, action, ceilometer, client, errors
from coordinator.juju.ceilometer import State, Task
from coordinator.juju.sight import Sight
from coordinator.juju.status import Application, CharmStatus
from coordinator.report.finding import Cause
from coordinator.request import Request
from coordinator.text import Secret
from coordinator.upgrade import command, packages
from coordinator.upgrade import record as upgrade_record
from coordinator.upgrade.backends import Backends
from coordinator.upgrade.policy import Method, Trigger, UpgradePolicy
from tests.unit import reports

A, B = "http://192.0.2.30:8041", "http://192.0.2.31:8041"
MODEL = "5a0f4e1c-6f0b-4f5e-8d6e-0c2b8f1d7a11"
AUTO = UpgradePolicy(Method.AUTO, Trigger.ON_CHANGE)
GONE = errors.JujuFault(Cause.NO_CONTROLLER, "no answer", "juju show-controller")
BARRED = errors.JujuFault(Cause.NOT_PERMITTED, "may not", "juju grant")


class Way(enum.Enum):
    """What becomes of an action that is begun."""

    WORKS = "works"
    DEAF = "deaf"  # it works, but the charm goes on asking
    GRUMBLES = "grumbles"  # it works, but is said to have failed, and the charm goes on asking
    FAILS = "fails"
    HANGS = "hangs"
    VANISHES = "vanishes"


class Door(enum.Enum):
    """How the controller takes an order to run the action."""

    OPEN = "open"
    BARRED = "barred"
    SLOW = "slow"  # it takes it, and does not say so in time


@dataclasses.dataclass
class Run:
    """A run by the action.

    Attributes:
        endpoint: for which it was begun.
        given_up: whether the coordinator may take it for lost, having seen nothing for an hour.
    """

    endpoint: str
    way: Way
    state: State = State.GOING
    given_up: bool = False


class World:
    """Everything but the coordinator.

    Attributes:
        record: what the coordinator remembers, as JSON.
        worked: endpoints for which a run did its work; a test may clear it.
        unseen: minutes since the coordinator last saw the controller.
        lost_sight: whether it ever took a run for lost that went on.
    """

    def __init__(self, policy: UpgradePolicy = AUTO) -> None:
        self.policy = policy
        self.record = ""
        self.now = reports.NOW
        self.endpoint = A
        self.complete: set[str] = set()
        self.asks = True
        self.visible = True
        self.door = Door.OPEN
        self.way = Way.WORKS
        self.command_works = True
        self.model_release = ""
        self.command_release = ""
        self.members: tuple[str, ...] = ()
        self.tasks: list[Run] = []
        self.commands = 0
        self.worked: list[str] = []
        self.unseen = 0
        self.lost_sight = False

    # What happens

    def pass_time(self, minutes: int) -> None:
        self.now += datetime.timedelta(minutes=minutes)
        self.unseen = 0 if self.visible else self.unseen + max(minutes, 0)
        for run in self.going():
            run.given_up = run.given_up or self.unseen >= 60
            self.lost_sight = self.lost_sight or run.given_up

    def end_tasks(self) -> None:
        """Every task goes the way that it was begun on."""
        for run in self.going():
            if run.way in {Way.WORKS, Way.DEAF, Way.GRUMBLES}:
                self.complete.add(run.endpoint)
                self.worked.append(run.endpoint)
            self.asks = self.asks and run.way is not Way.WORKS
            ends = {Way.FAILS: State.FAILED, Way.GRUMBLES: State.FAILED}
            ends |= {Way.VANISHES: State.LOST, Way.HANGS: State.GOING}
            run.state = ends.get(run.way, State.DONE)

    def cancel(self) -> None:
        """The operator's answer to tasks that do not end."""
        for run in self.going():
            run.state = State.LOST

    def going(self) -> list[Run]:
        return [run for run in self.tasks if run.state is State.GOING]

    # What the coordinator does

    def hook(self) -> reconcile.Turn:
        """One turn, remembered."""
        return self._taken(reconcile.reconcile)

    def by_hand(self) -> reconcile.Turn:
        """The action of the coordinator."""
        return self._taken(
            lambda request, record, memory, backends: reconcile.act(
                request, reconcile.look(request, record, memory, backends), backends
            )
        )

    def _taken(
        self,
        take: Callable[[Request, upgrade_record.Record, CheckMemory, Backends], reconcile.Turn],
    ) -> reconcile.Turn:
        with mock.patch.object(runner, "verify", self._verify):
            record = upgrade_record.load_record(self.record)
            found = take(reports.REQUEST, record, NOTHING, self._backends())
        self.record = found.record.to_json()
        return found

    @property
    def kept(self) -> upgrade_record.Record:
        return upgrade_record.load_record(self.record)

    def _backends(self) -> Backends:
        return Backends(
            policy=self.policy,
            command=_Runner(self),
            members=self.members,
            announce=lambda _line: None,
            action=_Backend(self),
        )

    def _verify(
        self,
        _request: Request,
        memory: CheckMemory = NOTHING,
        _progress: runner.Progress = print,
        release: Callable[[], str] = str,
        announce: runner.Progress = print,
    ) -> runner.Verification:
        """In the place of `runner.verify`."""
        assert announce
        release()
        behind = () if self.endpoint in self.complete else reports.BEHIND
        report = msgspec.structs.replace(
            reports.report(),
            taken_at=self.now,
            endpoints={"metric": self.endpoint},
            behind=behind,
        )
        return runner.Verification(report, reports.CREDENTIALS, memory, Comparison(behind))

    # What is asked of it

    def enqueue(self, *, anew: bool) -> str:
        if not self.visible:
            raise errors.JujuError(GONE)
        if not self.going():
            if not anew:
                return ""
            if self.door is Door.BARRED:
                raise errors.JujuError(BARRED)
            self.tasks.append(Run(self.endpoint, self.way))
        if self.door is Door.SLOW:
            raise errors.UnclearError(GONE)
        run = self.going()[0]
        run.given_up = False
        return str(self.tasks.index(run) + 1)

    def view(self, number: str, related: str) -> Sight:
        if not self.visible:
            return Sight(GONE, related=related)
        run = self.tasks[int(number) - 1] if number else None
        task = Task(number, run.state, "no such luck") if run else None
        status = CharmStatus(message=ceilometer.REQUEST if self.asks else "")
        seen = Application("ceilometer", "ceilometer", version=self.model_release, status=status)
        return Sight(seen, task, related or seen.name)

    def run_command(self) -> command.RunResult:
        """Never beside a task that could be known, and never where it would not help."""
        assert all(run.given_up for run in self.going()), "two upgrades at once"
        complete = self.endpoint in self.complete
        assert not (complete and self.asks and self.visible), "the charm goes on asking"
        assert self.policy.runs_on_change or not complete, "needless"
        self.commands += 1
        self.command_release = self.command_release or "24.0.0"
        if not self.command_works:
            return command.RunResult("HTTP 503", 1)
        self.complete.add(self.endpoint)
        self.worked.append(self.endpoint)
        return command.RunResult("", 1)


class _Controller(client.Controller):
    def __init__(self, world: World) -> None:
        given = access.Access(
            ("192.0.2.1:17070",),
            certificate="",
            controller="",
            model=MODEL,
            shown="openstack",
            us="telemetry-coordinator",
            username="us",
            password=Secret(""),
        )
        super().__init__(given, pathlib.Path("juju"))
        self._world = world

    def start(self, application: str, *, anew: bool = True) -> str:
        assert application == "ceilometer"
        return self._world.enqueue(anew=anew)


class _Backend(action.ActionBackend):
    def __init__(self, world: World) -> None:
        super().__init__(_Controller(world), (), {})
        self._world = world

    def look(self, task: str, related: str) -> Sight:
        return self._world.view(task, related)


class _Runner(command.CommandBackend):
    def __init__(self, world: World) -> None:
        super().__init__(packages.Source())
        self._world = world

    def release(self) -> str:
        return self._world.command_release

    def run(self, job: command.Job) -> command.RunResult:
        assert job.credentials == reports.CREDENTIALS
        return self._world.run_command()
