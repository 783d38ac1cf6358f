"""The charm as a process, killed at random points, and what the next hook does.

Each state of ceilometer-upgrade, of ceilometer's own action and of canaries has its turns: things
are put into that state, update-status is killed, and the next one must end well.
"""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import pathlib
import random
import signal
from collections.abc import Callable, Generator, Mapping

import pytest

from coordinator.upgrade.record import Fingerprint, Record
from tests.reliability import site as sites
from tests.reliability.canary_cloud import CanaryCloud
from tests.reliability.site import Site
from tests.reliability.soak import amount
from tests.support.agent.agent import MODEL_UUID
from tests.support.juju.controller import BLOCKED, READY, Controller

USER, PASSWORD = "telemetry-coordinator", "correct-horse"

EARLIER = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=3)


def fingerprint(site: Site, build: str = "") -> Fingerprint:
    """What an upgrade was run for, as this cloud shows it."""
    scope, endpoint = "internal RegionOne", f"http://127.0.0.1:{site.cloud.port}"
    return Fingerprint(endpoint, scope, build or site.cloud.build)


def kill_hooks(
    site: Site, seed: int, turns: int, states: Mapping[str, Callable[[], None]]
) -> Generator[str]:
    """Kill one hook after the other at a random moment of its life, in each state in turn.

    Args:
        site: where.
        seed: of the moments.
        turns: how many.
        states: by name: what puts everything into the state in which a hook is killed.

    Yields:
        The state; then the next hook is to be run.
    """
    chance = random.Random(seed)  # noqa: S311 - the same moments every time
    whole: dict[str, float] = {}
    for name, prepare in states.items():
        prepare()
        whole[name] = site.unit.hook("update-status").seconds
    killed = 0
    for name, turn in zip(itertools.cycle(states), range(1, turns + 1), strict=False):
        states[name]()
        number = chance.choice([signal.SIGKILL, signal.SIGTERM])
        killed += site.kill(number, chance.uniform(0, whole[name]))
        site.record()
        yield name
        last = site.unit.history[-1]
        assert last.succeeded, last.text()
        whole[name] = (whole[name] + last.seconds) / 2
        site.record()
        site.assert_nothing_left()
        print(f"{turn} hooks, {killed} of them killed before their end", flush=True)
    assert turns < 10 or killed > turns // 3


@dataclasses.dataclass(frozen=True)
class State:
    """A state of the upgrade in which a hook is killed.

    Attributes:
        known: what is remembered.
        files: what the command finds.
        ends: how often it ends well, whatever is killed. Juju forgets what a hook wrote that was
            killed, so where the proof was complete before, or its last run is known to have
            failed, it may run once more after a hook that died between its end and the hook's own.
    """

    known: Callable[[Site], Record | None]
    files: tuple[str, ...] = ()
    ends: tuple[int, ...] = (1,)


STATES = {
    "nothing is remembered": State(lambda _site: None),
    "it failed before": State(
        lambda site: Record().failed(EARLIER, fingerprint(site), "no such luck"), ends=(1, 2)
    ),
    "it fails": State(lambda _site: None, ("fail",), ends=(0, 1)),
    "Gnocchi was upgraded": State(
        lambda site: Record().succeeded(EARLIER, fingerprint(site, "4.6.0")), ("done",), (1, 2)
    ),
    "somebody else did it": State(lambda _site: None, ("done",), ends=(0,)),
    "all is done": State(
        lambda site: Record().succeeded(EARLIER, fingerprint(site)), ("done",), ends=(0,)
    ),
}


@pytest.mark.timeout(14400)
@pytest.mark.parametrize("seed", range(amount(1, 3)))
def test_an_upgrade_that_is_killed_is_taken_up_again(site: Site, seed: int):
    def prepared(state: State) -> Callable[[], None]:
        return lambda: site.start_anew(state.known(site), *state.files)

    states = {name: prepared(state) for name, state in STATES.items()}
    for name in kill_hooks(site, seed, amount(len(STATES), 90), states):
        state, before = STATES[name], site.log()

        again = site.unit.hook("update-status")

        log, record = site.log(), site.record()
        assert "twice" not in log, "never two at a time"
        assert log.count("end") in state.ends, log
        if "end" in before and state.ends == (1,):
            assert log == before, "what was done is not done again"
        if log[-1:] == ["failed"]:
            assert record.failure
            assert record.failure.count == 1
        else:
            assert site.unit.unit_status.name == "active", again.text()
            assert record.success
            assert record.failure is None
            assert record.success.fingerprint.build == site.cloud.build


@pytest.fixture
def juju(site: Site, tmp_path: pathlib.Path) -> Controller:
    """A controller whose ceilometer asks for its action, which nobody ends."""
    made = Controller(tmp_path / "juju", site.unit.juju_version, MODEL_UUID)
    made.add_user(USER, PASSWORD)
    made.deploy(status=BLOCKED)
    made.hold()
    site.unit.environment["PATH"] = f"{made.bin}:{site.unit.path}"
    site.unit.charm_dir.with_name("agent.conf").write_text(made.agent_conf())
    secret = site.unit.add_secret({"username": USER, "password": PASSWORD})
    site.unit.config({"juju-access": secret, "upgrade-method": "action"})
    return made


@pytest.mark.timeout(14400)
@pytest.mark.parametrize("seed", range(amount(1, 2)))
def test_the_action_of_ceilometer_is_run_once_whatever_is_killed(
    site: Site, juju: Controller, seed: int
):
    """Killed in the hook that begins it, and in the one that would have noted its end."""

    def asks() -> None:
        site.start_anew()
        juju.set_status("ceilometer", BLOCKED)
        with juju.opened() as known:
            known.tasks.clear()
            known.calls.clear()

    def is_done() -> None:
        asks()
        assert site.unit.hook("update-status").succeeded
        (task,) = juju.tasks
        juju.finish(task)
        juju.set_status("ceilometer", READY)
        (site.folder / "done").touch()

    for name in kill_hooks(site, seed, amount(2, 65), {"begins": asks, "ends": is_done}):
        before = list(juju.tasks)

        again = site.unit.hook("update-status")

        assert len(juju.tasks) == 1, "one task, though a hook died that had begun it"
        assert before in ([], list(juju.tasks))
        assert site.log() == [], "the command is not run beside it"
        record = site.record()
        if name == "ends":
            assert record.running is None
            assert record.success
            assert site.unit.unit_status.name == "active", again.text()
        else:
            assert record.running, again.text()
            assert record.running.task in juju.tasks
            assert site.unit.unit_status.message.startswith("ceilometer-upgrade ")


@pytest.fixture
def canary_site(tmp_path: pathlib.Path) -> Generator[Site]:
    """A unit that sends canaries in each hook."""
    with sites.deployed(
        tmp_path,
        CanaryCloud,
        required_services="metric,alarming,key-manager",
        deep_verification="always",
    ) as site:
        (site.folder / "done").touch()
        yield site


@pytest.mark.timeout(14400)
@pytest.mark.parametrize("seed", range(amount(1, 2)))
def test_canaries_that_are_under_way_when_a_hook_is_killed_are_removed(
    canary_site: Site, seed: int
):
    """The next round removes what was left, once it is too old for a canary of another unit."""
    site, cloud = canary_site, canary_site.cloud
    assert isinstance(cloud, CanaryCloud)
    left = 0
    sent = {"sent": lambda: site.start_anew(None, "done")}
    for _ in kill_hooks(site, seed, amount(2, 50), sent):
        left += len(cloud.things)
        cloud.age()
        made = cloud.made

        again = site.unit.hook("update-status")

        assert cloud.made == made + 4, "a metric, an alarm with its own metric, and a secret"
        assert cloud.things == {}, again.text()
        assert site.unit.unit_status.name == "active", site.unit.unit_status
    assert left > amount(-1, 20), "hooks are killed while canaries are under way"
