"""Whole turns of the loop, one after the other, on a cloud and a model that change in between."""

import dataclasses

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.upgrade import record
from coordinator.upgrade.decision import Step
from coordinator.upgrade.policy import Method, Trigger, UpgradePolicy
from tests.unit.world import AUTO, A, B, Door, Way, World

WHEN_NEEDED = msgspec.structs.replace(AUTO, trigger=Trigger.WHEN_NEEDED)


def done(world: World) -> World:
    """The world after a first run by the action that went well."""
    world.hook()
    world.end_tasks()
    world.hook()
    assert world.kept.success is not None
    return world


def asking_again(world: World) -> World:
    """The same, but ceilometer was deployed again, and its action fails now."""
    done(world)
    world.asks, world.way = True, Way.FAILS
    world.hook()
    world.end_tasks()
    world.hook()
    assert world.kept.failure is not None
    return world


# After an action that failed


def test_while_only_ceilometer_asks_the_action_is_repeated_not_the_command_run():
    world = asking_again(World())
    for _ in range(5):
        world.pass_time(120)
        world.hook()
        world.end_tasks()
    assert world.commands == 0
    assert len(world.tasks) == 5  # a hook that sees the end of one begins none
    world.way = Way.WORKS
    for _ in range(3):
        world.pass_time(120)
        world.hook()
        world.end_tasks()
    assert not world.asks
    assert world.hook().decision.step is Step.NOTHING


def test_where_ceilometer_asks_a_refused_action_is_advice():
    world = asking_again(World())
    world.pass_time(120)
    world.door = Door.BARRED
    assert world.hook().decision.step is Step.ADVISE


def test_where_types_are_behind_it_is_the_commands_turn_and_then_the_request_is_heard():
    world = World()
    world.way = Way.FAILS
    world.hook()
    world.end_tasks()
    world.hook()
    world.pass_time(2)
    world.hook()
    assert world.commands == 1
    assert world.kept.success is not None
    assert not world.kept.success.still_asks

    world.way = Way.WORKS
    world.hook()
    world.end_tasks()
    world.hook()
    assert not world.asks
    assert world.commands == 1


# What changes while a task runs


def test_an_endpoint_that_moved_while_the_action_ran_is_followed():
    world = World()
    world.complete.add(B)
    world.hook()
    world.endpoint = B
    world.end_tasks()
    world.hook()
    assert [run.endpoint for run in world.tasks] == [A, B]


# The release in force, while the controller is away


def away(world: World) -> World:
    """A model of release 21, a command of release 24 on the unit, and no controller."""
    world.model_release = "21.0.0"
    done(world)
    world.command_release = "24.0.0"
    world.visible = False
    return world


def test_without_the_controller_the_release_that_it_told_stays_in_force():
    world = away(World())
    assert world.hook().decision.step is Step.NOTHING
    assert world.commands == 0
    assert world.kept.success is not None
    assert world.kept.success.fingerprint.release == "21.0.0"


def test_a_release_that_is_no_version_leaves_it_to_the_command():
    world = World()
    world.model_release, world.command_release = "2023.2", "24.0.0"
    done(world)
    assert world.kept.success is not None
    assert world.kept.success.fingerprint.release == "24.0.0"


# By hand


ACTION_ONLY = UpgradePolicy(Method.ACTION, Trigger.ON_CHANGE)


@pytest.mark.parametrize("policy", [AUTO, ACTION_ONLY])
def test_beside_a_task_that_goes_on_a_person_starts_nothing(policy: UpgradePolicy):
    world = World(policy)
    world.hook()
    world.visible = False
    found = world.by_hand()
    assert not found.situation.began
    assert found.situation.run is None
    assert found.decision.step is Step.POLL
    assert world.commands == 0


def test_a_person_takes_over_the_task_that_goes_on():
    world = World()
    world.hook()
    begun = world.kept.running
    world.pass_time(5)
    world.endpoint = B
    assert world.by_hand().situation.began
    assert len(world.tasks) == 1
    assert begun is not None
    assert world.kept.running == msgspec.structs.replace(begun, seen=world.now)


def test_a_task_that_was_given_up_too_early_is_found_before_the_command_is_run():
    world = World()
    world.hook()
    world.visible = False
    world.pass_time(60)
    world.hook()
    assert world.kept.failure is not None
    world.visible = True
    world.pass_time(60)
    world.hook()
    assert world.kept.running is not None
    assert world.commands == 0


def test_what_no_result_can_show_is_not_advised():
    world = done(World(ACTION_ONLY))
    world.door, world.endpoint = Door.BARRED, B
    world.complete.add(B)
    found = world.hook()
    assert found.decision.step is Step.RUN
    assert found.report.verified
    assert next(f for f in found.report.findings if f.check == "telemetry.charm").cause
    world.door = Door.OPEN
    assert world.hook().situation.began


def test_what_a_person_asked_for_in_vain_is_no_advice():
    world = done(World(ACTION_ONLY))
    world.door = Door.BARRED
    found = world.by_hand()
    assert (found.situation.began, found.situation.run, found.decision.step) == (
        False,
        None,
        Step.NOTHING,
    )


# A controller that does not say whether it took the order


def test_an_order_that_was_perhaps_taken_is_not_run_by_command_as_well():
    world = World()
    world.door = Door.SLOW
    found = world.hook()
    assert found.decision.step is Step.WAIT
    assert found.record == record.Record()
    assert world.commands == 0

    world.door = Door.OPEN
    world.hook()
    assert len(world.tasks) == 1
    assert world.kept.running is not None


# Members whose relations end and begin


def teardown(world: World, order: list[str]) -> None:
    """Every relation ends, with a hook after each; then all begin again, in the same order."""
    for name in order:
        world.members = tuple(sorted(set(world.members) - {name}))
        world.hook()
        world.end_tasks()
    for name in order:
        world.members = tuple(sorted({*world.members, name}))
        world.hook()
        world.end_tasks()


@pytest.mark.parametrize("way", [Way.WORKS, Way.DEAF])
@given(order=st.permutations(["ceilometer", "ceilometer-a", "ceilometer-b"]))
def test_scaled_to_none_and_back_nothing_is_run_again(way: Way, order: list[str]):
    world = World()
    world.members, world.way = tuple(sorted(order)), way
    done(world)
    world.hook()
    runs = len(world.tasks) + world.commands
    teardown(world, order)
    assert len(world.tasks) + world.commands == runs
    assert world.hook().decision.step is Step.NOTHING


def test_a_member_that_is_really_new_is_followed_once():
    world = World()
    world.members = ("ceilometer",)
    done(world)
    teardown(world, ["ceilometer"])
    runs = len(world.tasks)
    world.members = ("ceilometer", "ceilometer-two")
    for _ in range(4):
        world.hook()
        world.end_tasks()
    assert len(world.tasks) == runs + 1


# Random lives


@dataclasses.dataclass(frozen=True)
class Event:
    """What happens before a hook."""

    minutes: int
    endpoint: str
    wiped: bool
    redeployed: bool
    visible: bool
    door: Door
    way: Way
    ends: bool
    command_works: bool
    by_hand: bool
    members: tuple[str, ...]


RARELY = st.sampled_from([False, False, False, True])
EVENTS = st.lists(
    st.builds(
        Event,
        minutes=st.integers(-90, 90),
        endpoint=st.sampled_from([A, A, B]),
        wiped=RARELY,
        redeployed=RARELY,
        visible=st.booleans() | st.just(True),
        door=st.sampled_from([Door.OPEN, Door.OPEN, Door.BARRED]),
        way=st.sampled_from(Way),
        ends=st.booleans(),
        command_works=st.booleans(),
        by_hand=RARELY,
        members=st.sampled_from([(), ("ceilometer",), ("ceilometer", "ceilometer-two")]),
    ),
    max_size=20,
)
WISHES = st.sampled_from([AUTO, WHEN_NEEDED])


def live(events: list[Event], policy: UpgradePolicy) -> World:
    """A world after these events; it asserts itself that nothing is run doubly or needlessly."""
    world = World(policy)
    for event in events:
        world.visible, world.door, world.way = event.visible, event.door, event.way
        world.endpoint, world.command_works = event.endpoint, event.command_works
        world.members = event.members
        world.pass_time(event.minutes)
        # between a task's end and the look at it nobody could tell a new request from the old
        world.asks = world.asks or (event.redeployed and world.kept.running is None)
        if event.wiped:
            world.complete.clear()
        if event.ends:
            world.end_tasks()
        follow(world, by_hand=event.by_hand and policy.runs_on_change)
    return world


def follow(world: World, *, by_hand: bool = False) -> None:
    """A hook; what is recorded as done for another endpoint was done for that one."""
    before = world.kept.success
    world.by_hand() if by_hand else world.hook()
    after = world.kept.success
    moved = before and after and before.fingerprint.endpoint != after.fingerprint.endpoint
    if moved and after and world.policy.runs_on_change and not world.lost_sight:
        assert after.fingerprint.endpoint in world.worked
    if after != before:
        world.worked.clear()


def calm(world: World) -> list[Step]:
    """A day on which all goes well; the operator cancels what hangs."""
    world.cancel()
    world.visible, world.door, world.way, world.command_works = True, Door.OPEN, Way.WORKS, True
    steps: list[Step] = []
    for _ in range(6):
        world.pass_time(120)
        steps.append(world.hook().decision.step)
        world.end_tasks()
    return steps


@given(EVENTS, WISHES)
def test_whatever_happens_nothing_is_run_twice_at_once_or_in_vain(
    events: list[Event], policy: UpgradePolicy
):
    live(events, policy)


@given(EVENTS, WISHES)
def test_on_a_calm_day_everything_is_made_good(events: list[Event], policy: UpgradePolicy):
    world = live(events, policy)
    deaf = any(run.way is Way.DEAF for run in world.tasks)
    runs = len(world.tasks) + world.commands
    steps = calm(world)
    assert world.endpoint in world.complete
    assert deaf or not world.policy.follows_charm_request or not world.asks
    assert steps[-1] in {Step.NOTHING, Step.ADOPT}
    assert len(world.tasks) + world.commands <= runs + 2
