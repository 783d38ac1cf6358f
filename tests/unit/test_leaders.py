"""Another unit becomes leader, in states that ceilometer's own action brings.

The functional tests move the leadership over real services; here the cloud is a small one, and
Juju is the stand-in, so that every state is quickly made.
"""

import dataclasses
import pathlib
from typing import Any

import pytest
from ops import testing

import charm
from coordinator.upgrade import record as upgrade_record
from tests.support.juju.controller import BLOCKED, MODEL, Controller
from tests.unit import model
from tests.unit.clouds import Cloud

SECRET = testing.Secret({"username": "telemetry-coordinator", "password": "correct-horse"})


@pytest.fixture
def juju(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Controller:
    """A controller whose ceilometer asks for its action."""
    made = Controller(tmp_path / "juju")
    made.add_user("telemetry-coordinator", "correct-horse")
    made.deploy(status=BLOCKED)
    (tmp_path / "agent.conf").write_text(made.agent_conf())
    (tmp_path / "charm").mkdir()
    monkeypatch.setenv("PATH", f"{made.bin}:/usr/bin:/bin")
    monkeypatch.setenv("JUJU_API_ADDRESSES", "192.0.2.1:17070")
    return made


class Units:
    """Units of one application, of which one leads; they share the peer databag."""

    def __init__(self, cloud: Cloud, folder: pathlib.Path, **options: str) -> None:
        self._folder = folder
        given = cloud.state(juju_access=SECRET.id, **options)
        self.state = dataclasses.replace(
            given, secrets={SECRET}, model=testing.Model("openstack", uuid=MODEL)
        )

    def hook(self, unit: int, *, elected: bool = False) -> tuple[str, str]:
        """A hook of the unit that leads."""
        context: testing.Context[Any] = testing.Context(
            charm.TelemetryCoordinatorCharm,
            app_name=model.APP,
            unit_id=unit,
            charm_root=self._folder / "charm",
        )
        event = context.on.leader_elected() if elected else context.on.update_status()
        self.state = context.run(event, self.state)
        return self.state.unit_status.name, self.state.unit_status.message

    @property
    def record(self) -> upgrade_record.Record:
        return upgrade_record.load_record(model.kept(self.state)["record"])


def test_a_new_leader_gives_the_same_advice(
    cloud: Cloud, juju: Controller, tmp_path: pathlib.Path
):
    units = Units(cloud, tmp_path, upgrade_method="advise")
    first = units.hook(0)
    assert first[0] == "blocked"
    assert first[1].endswith("juju run ceilometer/leader ceilometer-upgrade")
    assert units.hook(1, elected=True) == first
    assert juju.tasks == {}


def test_a_new_leader_keeps_what_was_adopted(
    cloud: Cloud, juju: Controller, tmp_path: pathlib.Path
):
    juju.set_status("ceilometer", ("active", "Unit is ready"))
    units = Units(cloud, tmp_path)
    units.hook(0)
    adopted = units.record
    assert adopted.success is not None
    assert not adopted.success.ran
    units.hook(1, elected=True)
    assert units.record == adopted
    assert juju.tasks == {}


def test_a_new_leader_does_not_follow_a_request_that_was_followed_in_vain(
    cloud: Cloud, juju: Controller, tmp_path: pathlib.Path
):
    juju.hold()
    units = Units(cloud, tmp_path)
    units.hook(0)
    for number in juju.tasks:
        juju.finish(number)
    units.hook(0)
    assert units.record.success is not None
    assert units.record.success.still_asks
    units.hook(1, elected=True)
    units.hook(1)
    assert len(juju.tasks) == 1


def test_a_new_leader_goes_on_where_gnocchi_did_not_answer(
    cloud: Cloud, juju: Controller, tmp_path: pathlib.Path
):
    juju.hold()
    units = Units(cloud, tmp_path)
    types, cloud.types = cloud.types, None
    assert units.hook(0)[0] == "blocked"
    assert units.hook(1, elected=True)[0] == "blocked"
    assert juju.tasks == {}
    cloud.types = types
    units.hook(1)
    assert len(juju.tasks) == 1
