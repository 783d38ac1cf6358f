"""The law of rest: without a change outside, nothing happens but update-status."""

from __future__ import annotations

import collections
import dataclasses

import pytest

from tests.integration.coordinator import APP, Coordinator
from tests.integration.juju_outputs import Databags, Entry, hooks_since
from tests.integration.lab import Lab

NEIGHBOURS = ("waiter/0", "keystone/0", "gnocchi/0", "ceilometer/0")
"""Units that the coordinator could wake."""


@dataclasses.dataclass(frozen=True)
class Picture:
    """What may not change while the model rests.

    Attributes:
        databags: by unit.
        log: statuses, by unit.
        hooks: of each unit, as the model's log tells them.
    """

    databags: dict[str, tuple[Databags, ...]]
    log: dict[str, tuple[Entry, ...]]
    hooks: dict[str, tuple[str, ...]]


def picture(lab: Lab) -> Picture:
    units = (*lab.units(APP), *NEIGHBOURS)
    return Picture(
        {unit: lab.databags(unit) for unit in units},
        {unit: lab.status_log(unit) for unit in units},
        {unit: lab.hooks_ran(unit) for unit in units},
    )


@dataclasses.dataclass(frozen=True)
class Rest:
    """A span without a change outside."""

    before: Picture
    after: Picture
    minutes: float


@pytest.fixture(scope="module")
def rest(rest_minutes: float, lab: Lab, coordinator: Coordinator, access: object) -> Rest:
    """Two coordinators that verify all they can, left alone for some minutes."""
    lab.juju.add_unit(APP)
    lab.wait("a second unit", lambda status: len(status.apps[APP].units) == 2)
    lab.settle()
    with lab.configured(APP, deep_verification="always"):
        lab.settle()
        coordinator.verify(deep="true")
        lab.settle()
        before = picture(lab)
        lab.budget.rest(rest_minutes * 60)
        return Rest(before, picture(lab), rest_minutes)


def ran_since(rest: Rest, unit: str) -> collections.Counter[str]:
    before, after = rest.before.hooks[unit], rest.after.hooks[unit]
    return collections.Counter(after[len(before) :])


def test_only_update_status_runs_while_nothing_changes(rest: Rest):
    others = {
        unit: hooks - collections.Counter({"update-status": hooks["update-status"]})
        for unit in rest.after.hooks
        if (hooks := ran_since(rest, unit))
    }
    assert not any(others.values()), others


def test_update_status_runs_as_often_as_its_interval_says(rest: Rest):
    for unit in rest.after.hooks:
        # once a minute, with some jitter; a log without any would prove nothing
        assert 1 <= ran_since(rest, unit)["update-status"] <= 2 * rest.minutes + 1, unit


def test_no_agent_begins_another_hook_while_nothing_changes(rest: Rest):
    begun = {
        unit: hooks_since(rest.before.log[unit], entries)
        for unit, entries in rest.after.log.items()
    }
    assert not any(begun.values()), begun


def test_no_databag_changes_while_nothing_changes(rest: Rest):
    assert rest.after.databags == rest.before.databags
