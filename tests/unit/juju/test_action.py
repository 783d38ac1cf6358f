"""What is seen of Ceilometer through the controller."""

import pathlib
from collections.abc import Sequence

from coordinator.juju import access, action, ceilometer, client, errors
from coordinator.juju.ceilometer import State, Task
from coordinator.juju.sight import Sight
from coordinator.juju.status import Application, CharmStatus, JujuLevel, Model, Unit
from coordinator.report.finding import Cause
from coordinator.text import Secret

WAITING = Unit("ceilometer/0", CharmStatus(JujuLevel.WAITING, ceilometer.REQUEST))
ONE = Application("ceilometer", "ceilometer", version="21.0.0", units=(WAITING,))
TWO = Application("telemetry", "ceilometer")
TASK = Task("4", State.GOING)
GONE = errors.JujuFault(Cause.NO_CONTROLLER, "no answer", "juju show-controller")


class _Controller(client.Controller):
    def __init__(self, *apps: Application) -> None:
        given = access.Access(
            ("192.0.2.1:17070",), "", "", "", "openstack", username="us", password=Secret("")
        )
        super().__init__(given, pathlib.Path("juju"))
        self._model = Model({app.name: app for app in apps}) if apps else None

    def look(self, number: str = "") -> tuple[Model, Task | None]:
        if self._model is None:
            raise errors.JujuError(GONE)
        return self._model, TASK if number else None


def backend(*apps: Application, members: Sequence[str] = ()) -> action.ActionBackend:
    return action.ActionBackend(_Controller(*apps), members, {})


def test_the_application_is_seen_with_its_version_and_its_request():
    sight = backend(ONE).look("4", "")
    assert (sight.name, sight.release, sight.asks, sight.task) == (
        "ceilometer",
        "21.0.0",
        True,
        TASK,
    )
    assert sight.model is not None


def test_a_related_application_is_the_one_of_several():
    sight = backend(ONE, TWO, members=["aodh", "telemetry"]).look("", "telemetry")
    assert (sight.seen, sight.related, sight.task) == (TWO, "telemetry", None)


def test_of_several_none_is_seen_and_one_is_named():
    sight = backend(TWO, ONE).look("", "")
    assert isinstance(sight.application, errors.JujuFault)
    assert (sight.seen, sight.asks, sight.name) == (None, None, "ceilometer")


def test_without_an_answer_only_the_fault_is_known():
    assert backend().look("4", "telemetry") == Sight(GONE, related="telemetry")


def test_what_was_seen_of_units_is_remembered():
    through = backend(ONE)
    sight = through.look("", "")
    assert sight.model is not None
    assert through.sightings.keys() == sight.model.seen_since.keys() == {"ceilometer/0"}
