"""Random lives of a cloud and of ceilometer's charm, and what hooks decide in them."""

import dataclasses
import enum

from hypothesis import given
from hypothesis import strategies as st

from coordinator.juju import ceilometer
from coordinator.juju.ceilometer import State
from coordinator.upgrade import decision as upgrade_decision
from coordinator.upgrade import record as upgrade_record
from coordinator.upgrade.decision import Observed, Step
from coordinator.upgrade.policy import UpgradePolicy
from coordinator.upgrade.record import Fingerprint, Record, Running
from tests.unit.reports import NOW
from tests.unit.upgrade.situations import (
    ADVISE,
    BOTH,
    COMPLETE,
    FOLLOWS,
    LACKING,
    MINUTE,
    WHEN_NEEDED,
)

# Random lives with the command


@dataclasses.dataclass(frozen=True)
class Event:
    """What happens before a hook: time passes, the cloud changes, runs begin to fail or work."""

    minutes: int
    endpoint: str
    answers: bool
    wiped: bool
    works: bool


EVENTS = st.lists(
    st.builds(
        Event,
        minutes=st.integers(-90, 90),
        endpoint=st.sampled_from(["http://192.0.2.30:8041", "http://192.0.2.31:8041"]),
        answers=st.booleans() | st.just(True),
        wiped=st.booleans(),
        works=st.booleans(),
    ),
    max_size=25,
)


class Cloud:
    """A Gnocchi whose types come by a run that works, and the coordinator's hooks."""

    def __init__(self, policy: UpgradePolicy) -> None:
        self.policy = policy
        self.kept = ""
        self.now = NOW
        self.types: set[str] = set()
        self.runs: list[tuple[str, bool, bool]] = []
        self.steps: list[Step] = []

    def hook(self, event: Event) -> None:
        self.now += event.minutes * MINUTE
        if event.wiped:
            self.types.clear()
        fingerprint = Fingerprint(event.endpoint)
        record = upgrade_record.load_record(self.kept)
        lacking = event.endpoint not in self.types
        missing = (LACKING if lacking else COMPLETE) if event.answers else None
        observed = Observed(missing, fingerprint, self.now)
        decision = upgrade_decision.decide(observed, record, self.policy)
        self.steps.append(decision.step)
        if decision.step is Step.ADOPT:
            record = record.adopted(self.now, fingerprint)
        elif decision.step is Step.RUN:
            self.runs.append((event.endpoint, lacking, event.works))
            if event.works:
                self.types.add(event.endpoint)
                record = record.succeeded(self.now, fingerprint)
            else:
                record = record.failed(self.now, fingerprint, "HTTP 503")
        self.kept = record.to_json()


@given(EVENTS, st.sampled_from([BOTH, WHEN_NEEDED]))
def test_a_proven_success_is_never_repeated_for_the_same_fingerprint(
    events: list[Event], policy: UpgradePolicy
):
    cloud = Cloud(policy)
    for event in events:
        cloud.hook(event)
    last_success = None
    for endpoint, needed, worked in cloud.runs:
        assert needed or endpoint != last_success
        if worked:
            last_success = endpoint


@given(EVENTS)
def test_when_needed_never_runs_while_the_proof_is_complete(events: list[Event]):
    cloud = Cloud(WHEN_NEEDED)
    for event in events:
        cloud.hook(event)
    assert all(needed for _, needed, _ in cloud.runs)


@given(EVENTS, st.sampled_from([BOTH, WHEN_NEEDED]))
def test_no_need_is_ever_lost(events: list[Event], policy: UpgradePolicy):
    cloud = Cloud(policy)
    for event in events:
        cloud.hook(event)
    # later, however far the clock was set back, one hook does what is needed
    endpoint, minutes = "http://192.0.2.30:8041", 90 * len(events) + 120
    cloud.hook(Event(minutes, endpoint, answers=True, wiped=True, works=True))
    assert cloud.steps[-1] is Step.RUN
    assert endpoint in cloud.types


@given(EVENTS)
def test_an_adviser_never_runs(events: list[Event]):
    cloud = Cloud(ADVISE)
    for event in events:
        cloud.hook(event)
    assert cloud.runs == []


@given(EVENTS)
def test_the_same_picture_twice_settles(events: list[Event]):
    cloud = Cloud(BOTH)
    for event in events:
        cloud.hook(event)
    minutes = 90 * len(events) + 120  # after any wait, however far the clock was set back
    calm = Event(minutes, "http://192.0.2.30:8041", answers=True, wiped=False, works=True)
    cloud.hook(calm)
    cloud.hook(dataclasses.replace(calm, minutes=5))
    assert cloud.steps[-1] is Step.NOTHING


# Random lives with the action of ceilometer's charm


class Way(enum.Enum):
    """What becomes of an action that is begun."""

    WORKS = "works"
    DEAF = "deaf"  # it works, but the charm goes on asking
    FAILS = "fails"
    HANGS = "hangs"
    VANISHES = "vanishes"


@dataclasses.dataclass(frozen=True)
class Happening:
    """What happens before a hook."""

    minutes: int
    wiped: bool
    redeployed: bool
    visible: bool
    way: Way


HAPPENINGS = st.lists(
    st.builds(
        Happening,
        minutes=st.integers(-90, 90),
        wiped=st.booleans(),
        redeployed=st.booleans(),
        visible=st.booleans() | st.just(True),
        way=st.sampled_from(Way),
    ),
    max_size=25,
)
ENDPOINT = "http://192.0.2.30:8041"


class Model:
    """A Juju model whose ceilometer does what a way says; and the coordinator's hooks."""

    def __init__(self) -> None:
        self.kept, self.now = "", NOW
        self.complete, self.asks = False, True
        self.tasks: dict[str, Way] = {}
        self.ended: dict[str, State] = {}
        self.steps: list[Step] = []
        self.needless = 0

    def hook(self, happening: Happening) -> None:
        self.now += happening.minutes * MINUTE
        self.complete = self.complete and not happening.wiped
        self.asks = self.asks or happening.redeployed
        record = upgrade_record.load_record(self.kept)
        number = record.running.task if record.running else ""
        self._progress(number)
        task = ceilometer.Task(number, self.ended.get(number, State.GOING)) if number else None
        observed = Observed(
            COMPLETE if self.complete else LACKING,
            Fingerprint(ENDPOINT),
            self.now,
            self.asks if happening.visible else None,
            task if happening.visible else None,
        )
        record = upgrade_decision.settle(observed, record)
        decision = upgrade_decision.decide(observed, record, FOLLOWS)
        self.steps.append(decision.step)
        if decision.step is Step.ADOPT:
            record = record.adopted(self.now, Fingerprint(ENDPOINT), observed.asks)
        elif decision.step is Step.RUN:
            record = self._begin(happening, record, observed)
        self.kept = record.to_json()

    def cancel_what_hangs(self) -> None:
        """The operator's answer to a task that does not end."""
        hanging = [number for number, way in self.tasks.items() if way is Way.HANGS]
        self.ended.update(dict.fromkeys(hanging, State.LOST))

    def _begin(self, happening: Happening, record: Record, observed: Observed) -> Record:
        self.needless += self.complete and not observed.asks and record.failure is None
        number = str(len(self.tasks) + 1)
        self.tasks[number] = happening.way
        asked = bool(observed.asks)
        return record.started(
            Running(
                self.now, Fingerprint(ENDPOINT), number, "ceilometer", not self.complete, asked
            )
        )

    def _progress(self, number: str) -> None:
        way = self.tasks.get(number)
        if way in (Way.WORKS, Way.DEAF):
            self.complete = True
            self.asks = self.asks and way is Way.DEAF
        if way and way is not Way.HANGS:
            states = {Way.FAILS: State.FAILED, Way.VANISHES: State.LOST}
            self.ended[number] = states.get(way, State.DONE)


GOOD_HOOK = Happening(120, wiped=False, redeployed=False, visible=True, way=Way.WORKS)


@given(HAPPENINGS)
def test_with_the_action_no_need_is_ever_lost(happenings: list[Happening]):
    model = Model()
    for happening in happenings:
        model.hook(happening)
    model.cancel_what_hangs()  # as the operator is told to
    model.hook(dataclasses.replace(GOOD_HOOK, wiped=True))
    for _ in range(3):  # the end of a run is seen, another begun, and its end seen
        model.hook(GOOD_HOOK)
    assert model.complete
    assert model.steps[-1] is Step.NOTHING or model.steps[-1] is Step.ADOPT


@given(HAPPENINGS)
def test_with_the_action_nothing_is_run_without_need(happenings: list[Happening]):
    model = Model()
    for happening in happenings:
        model.hook(happening)
    assert model.needless == 0


@given(HAPPENINGS)
def test_with_the_action_one_run_at_most_is_under_way(happenings: list[Happening]):
    model = Model()
    for happening in happenings:
        before = upgrade_record.load_record(model.kept).running
        model.hook(happening)
        if before is not None and model.steps[-1] is Step.RUN:
            # a new one only after the end of the old, or an hour without a sight of it
            ended = before.task in model.ended
            assert ended or before.is_out_of_sight(model.now)


def test_a_charm_that_goes_on_asking_is_not_run_again_and_again():
    model = Model()
    deaf = dataclasses.replace(GOOD_HOOK, minutes=5, way=Way.DEAF)
    for _ in range(20):
        model.hook(deaf)
    assert model.steps.count(Step.RUN) == 1


def test_a_redeployed_ceilometer_is_heard():
    model = Model()
    for _ in range(4):
        model.hook(GOOD_HOOK)
    model.hook(dataclasses.replace(GOOD_HOOK, redeployed=True))
    assert model.steps[-1] is Step.RUN
