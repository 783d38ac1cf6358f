"""What the status of a unit says is wrong."""

import datetime

import pytest

from coordinator.checks.model import unit_status
from coordinator.juju.status import CharmStatus, JujuLevel
from tests.unit.reports import NOW


@pytest.mark.parametrize(("minutes", "told"), [(119, "119 min"), (359, "5 h"), (95 * 60, "3 d")])
def test_how_long_a_charm_waits_is_told_in_the_unit_that_fits(minutes: int, told: str):
    since = NOW - datetime.timedelta(minutes=minutes)
    status = CharmStatus(JujuLevel.WAITING, "Incomplete relations", since)
    fault = unit_status.of_status(status, None, NOW)
    assert fault
    assert fault.state == f"still waiting for {told}"
