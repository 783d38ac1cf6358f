"""The charm as a process, killed at random points of an upgrade, and what the next hook does."""

from __future__ import annotations

import json
import random
import signal

import pytest

from coordinator.upgrade import record
from tests.reliability.site import Site
from tests.reliability.soak import amount

KILLS = amount(10, 500)
"""Hooks that are killed."""


@pytest.mark.timeout(7200)
def test_what_is_killed_is_taken_up_again_and_nothing_runs_twice(site: Site):
    """Each turn: nobody remembers anything, a hook is killed, and the next one ends well."""
    assert site.unit.unit_status.name == "active", site.unit.history[-1].text()
    chance = random.Random(12)  # noqa: S311 - the same points every time
    whole = site.unit.hook("update-status").seconds + 0.5
    killed = 0
    for _ in range(KILLS):
        site.start_anew()
        number = chance.choice([signal.SIGKILL, signal.SIGTERM])
        killed += site.kill(number, chance.uniform(0, whole))
        record.load_record(site.unit.peer_app_data.get("record", ""))
        done = "end" in site.log()

        again = site.unit.hook("update-status")

        assert again.succeeded, again.text()
        assert site.unit.unit_status.name == "active", again.text()
        assert "twice" not in site.log()
        assert site.log().count("end") == 1, "what was done is not done again"
        assert not (done and site.log()[-1] != "end")
        assert json.loads(site.unit.peer_app_data["record"])["success"]
        site.assert_nothing_left()
    assert killed > KILLS // 3
