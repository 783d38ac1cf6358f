"""The end: what is removed goes, by force or not, and nothing is left in error.

These are the last tests: they leave the model incomplete.
"""

from __future__ import annotations

import jubilant
import pytest

from tests.integration.coordinator import APP
from tests.integration.lab import Lab

pytestmark = pytest.mark.usefixtures("access")

QUICK = 120
"""Seconds; with a machine of its own to be taken down."""


@pytest.mark.parametrize("app", ["aodh", "waiter", "ceilometer"])
def test_others_survive_the_forced_removal_of_an_application(lab: Lab, app: str):
    lab.juju.remove_application(app, force=True)
    lab.wait(f"{app} to be gone", lambda status: app not in status.apps)
    lab.settle()
    assert not jubilant.any_error(lab.status())


def test_the_coordinator_goes_at_once(lab: Lab):
    lab.juju.remove_application(APP)
    lab.wait("the coordinator to be gone", lambda status: APP not in status.apps, within=QUICK)
    lab.settle()
    assert not jubilant.any_error(lab.status())
