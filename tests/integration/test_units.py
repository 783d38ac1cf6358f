"""Several units of the coordinator: leaders that go, die and come back.

The units have machines of their own. The tests of this module build on each other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jubilant
import pytest

from tests.integration.coordinator import APP, Coordinator, shows
from tests.integration.lab import Lab, leads
from tests.integration.upgrade_server import UpgradeServer

OUTAGE = 120
"""Seconds for which an agent is stopped; another unit leads about a minute after it began."""


class Kept:
    """What must be the same after all that may happen to units."""

    def __init__(self, coordinator: Coordinator, server: UpgradeServer) -> None:
        self._coordinator = coordinator
        self._server = server
        self._before = self._now()

    def check(self) -> None:
        """The record is the same, and nothing was run again."""
        assert self._now() == self._before

    def _now(self) -> tuple[dict[str, Any], int]:
        return self._coordinator.record(), len(self._server.runs)


@pytest.fixture
def kept(coordinator: Coordinator, server: UpgradeServer, access: object) -> Kept:
    return Kept(coordinator, server)


def scale(lab: Lab, units: int, put_client: Callable[[], None]) -> None:
    """Give the coordinator so many units, each of which can ask the controller."""
    lacking = units - len(lab.units(APP))
    if lacking > 0:
        lab.juju.add_unit(APP, num_units=lacking)
    lab.wait(f"{units} units", lambda status: len(status.apps[APP].units) == units)
    lab.settle(APP)
    put_client()


def standing_by(lab: Lab) -> list[str]:
    """What the units say that do not lead."""
    units = lab.units(APP).values()
    return [unit.workload_status.message for unit in units if not unit.leader]


def test_a_leader_that_is_removed_is_followed_by_one_that_knows_the_record(
    lab: Lab, put_client: Callable[[], None], kept: Kept
):
    scale(lab, 2, put_client)
    first = lab.leader(APP)
    lab.juju.remove_unit(first)
    lab.wait(
        "another leader",
        lambda status: first not in status.apps[APP].units and leads(status, APP, but=[first]),
    )
    lab.settle(APP)
    lab.wait("it to verify", shows("active"))
    kept.check()


def test_a_leader_whose_agent_dies_is_followed_and_stands_by_when_it_comes_back(
    lab: Lab, put_client: Callable[[], None], kept: Kept, coordinator: Coordinator
):
    scale(lab, 2, put_client)
    first = lab.leader(APP)
    agent = f"jujud-machine-{lab.units(APP)[first].machine}"
    down = f"systemctl kill -s KILL {agent}; systemctl stop {agent}"
    lab.on_machine(
        lab.units(APP)[first].machine, f"{down}; sleep {OUTAGE}; systemctl start {agent}"
    )
    lab.wait("another leader", lambda status: leads(status, APP, but=[first]))
    second = lab.leader(APP)
    assert coordinator.verify().status == "completed"
    kept.check()

    lab.wait(
        "the first unit to come back",
        lambda status: status.apps[APP].units[first].juju_status.current == "idle",
    )
    lab.settle(APP)

    assert lab.leader(APP) == second
    lab.wait(
        "both to agree",
        lambda status: status.apps[APP].units[first].workload_status.current == "active",
    )
    assert [message for message in standing_by(lab) if not message.startswith("standby")] == []
    assert coordinator.faults() == ()
    kept.check()


def test_a_leader_whose_machine_is_taken_away_is_followed_by_another(
    lab: Lab, put_client: Callable[[], None], kept: Kept
):
    scale(lab, 2, put_client)
    first = lab.leader(APP)
    machine = lab.units(APP)[first].machine
    lab.juju.cli("remove-machine", "--force", "--no-prompt", machine)
    lab.wait(
        "another leader",
        lambda status: first not in status.apps[APP].units and leads(status, APP, but=[first]),
    )
    lab.settle(APP)
    lab.wait("it to verify", shows("active"))
    kept.check()


def test_scaled_to_nothing_and_back_nothing_is_run_again(
    lab: Lab, put_client: Callable[[], None], kept: Kept
):
    lab.juju.remove_unit(*lab.units(APP))
    lab.wait("no units", lambda status: not status.apps[APP].units)
    scale(lab, 1, put_client)
    lab.wait("the new unit to verify", shows("active"))
    assert not jubilant.any_error(lab.status())
    kept.check()
