"""Many events in a row, and a day of update-status: statuses stay true, and nothing grows."""

from __future__ import annotations

import dataclasses
import pathlib
import random
import statistics
from typing import Any

import pytest
from ops import testing

import unit_state
from tests.reliability import site as sites
from tests.reliability.canary_cloud import CanaryCloud
from tests.reliability.cloud import leaving_nothing
from tests.reliability.soak import amount
from tests.unit import clouds, databags, reports

Context = testing.Context[Any]

EVENTS = amount(100, 1000)
"""Relation events in a row."""

HOURS = amount(2, 24)
"""Simulated hours, with an update-status every five minutes."""

LISTENER = testing.Relation("telemetry-stack")


def written(state: testing.State) -> dict[int, tuple[dict[str, str], dict[str, str]]]:
    """What the charm wrote into databags, by relation."""
    return {
        relation.id: (dict(relation.local_unit_data), dict(relation.local_app_data))
        for relation in state.relations
        if isinstance(relation, testing.Relation | testing.PeerRelation)
    }


def kept(context: Context) -> dict[str, int]:
    """The files of the unit and their sizes."""
    folder = pathlib.Path(context.charm_root or "") / unit_state.NAME
    return {path.name: path.stat().st_size for path in folder.iterdir()}


def replaced(state: testing.State, relation: testing.RelationBase) -> testing.State:
    """The state with another picture of one relation."""
    others = {other for other in state.relations if other.id != relation.id}
    return dataclasses.replace(state, relations={*others, relation})


def assert_true(state: testing.State, cloud: clouds.Cloud) -> None:
    """The status says what the cloud is."""
    expected = "active" if cloud.types is not None else "blocked"
    assert state.unit_status.name == expected, state.unit_status
    assert state.app_status == state.unit_status


@pytest.mark.timeout(7200)
def test_a_storm_of_relation_events_changes_nothing(context: Context, cloud: clouds.Cloud):
    """Databags change in what nobody reads, as they do when units restart."""
    member = testing.Relation("member", remote_app_name="aodh", remote_units_data={0: {}})
    state = context.run(context.on.update_status(), cloud.state(LISTENER, member))
    assert_true(state, cloud)
    before, writes = kept(context), 0
    with leaving_nothing():
        for number in range(EVENTS):
            (gnocchi,) = state.get_relations("metric-service")
            relation = state.get_relation(member.id) if number % 2 else gnocchi
            event = context.on.relation_changed(relation, remote_unit=0)
            last, state = state, context.run(event, state)
            writes += written(last) != written(state)
    assert_true(state, cloud)
    assert writes == 0
    # that an endpoint had no relation is looked up again at the next update-status
    assert {**kept(context), "unrelated": 0} == {**before, "unrelated": 0}


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(amount(1, 5)))
def test_over_a_day_every_status_is_true_and_writes_are_bounded_by_changes(
    context: Context, cloud: clouds.Cloud, seed: int
):
    """A service comes and goes at random; each hook tells the truth at once."""
    chance = random.Random(seed)  # noqa: S311 - the same day every time
    good = tuple(sorted(reports.TYPES))
    state = cloud.state(LISTENER)
    changes, writes, sizes = 1, 0, []
    for _ in range(HOURS * 12):
        if chance.random() < 0.4:
            cloud.types = good if cloud.types is None else None
            changes += 1
        before, state = state, context.run(context.on.update_status(), state)
        writes += written(before) != written(state)
        assert_true(state, cloud)
        sizes.append(sum(kept(context).values()))
    assert changes > 1
    assert writes <= changes
    assert max(sizes) <= 64 * 1024
    assert set(kept(context)) <= {
        "report.json",
        "checks.json",
        "verified",
        "stack.json",
        "stack-status.json",
        "units.json",
        "controller.json",
        "history.json",
        "exported",
        "unrelated",
        "shown",
        "version",
    }


MEASURED = """import atexit, pathlib, re
import charm, ops
peaks = pathlib.Path(__file__).with_name("peaks")
def note():
    (peak,) = re.findall(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())
    with peaks.open("a") as file:
        print(peak, file=file)
atexit.register(note)
ops.main(charm.TelemetryCoordinatorCharm)
"""
"""Starts the charm, and notes the peak of its memory in KiB at its end."""


@pytest.mark.timeout(7200)
def test_memory_of_hooks_stays_flat(tmp_path: pathlib.Path):
    """Hooks as processes, one after the other, while Gnocchi comes and goes."""
    peaks, start = tmp_path / "peaks", tmp_path / "start.py"
    start.write_text(MEASURED)
    with sites.deployed(tmp_path, CanaryCloud, str(start)) as site:
        assert isinstance(site.cloud, CanaryCloud)
        (site.folder / "done").touch()
        peaks.unlink()  # of the deployment
        chance = random.Random(12)  # noqa: S311 - the same day every time
        for _ in range(amount(8, 288)):
            site.cloud.refused = {"/metric": 503} if chance.random() < 0.3 else {}
            hook = site.unit.hook("update-status")
            assert hook.succeeded, hook.text()
            expected = "blocked" if site.cloud.refused else "active"
            assert site.unit.unit_status.name == expected
    found = [int(line) / 1024 for line in peaks.read_text().split()]
    part = len(found) // 4
    early, late = statistics.median(found[:part]), statistics.median(found[-part:])
    print(
        f"{len(found)} hooks: at first {early:.1f} MiB, at last {late:.1f}, most {max(found):.1f}"
    )
    assert late < early + 1
    assert max(found) < early * 1.1


@pytest.mark.timeout(7200)
def test_credentials_that_change_all_the_time_are_followed_within_one_event(
    context: Context, cloud: clouds.Cloud
):
    """Keystone's port is wrong in every second event; the status follows each time."""
    state = context.run(context.on.update_status(), cloud.state(LISTENER))
    (identity,) = state.get_relations("identity-credentials")
    for number in range(amount(10, 200)):
        port = "9" if number % 2 else str(cloud.port)
        bag = databags.credentials(credentials_host="127.0.0.1", credentials_port=port)
        current = state.get_relation(identity.id)
        assert isinstance(current, testing.Relation)
        changed = dataclasses.replace(current, remote_units_data={0: bag})
        event = context.on.relation_changed(changed, remote_unit=0)
        state = context.run(event, replaced(state, changed))
        assert state.unit_status.name == ("blocked" if number % 2 else "active")
