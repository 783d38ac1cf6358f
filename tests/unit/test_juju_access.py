"""The option juju-access: from the secret and the unit agent's settings to a usable access."""

import pathlib
import types
from typing import Any, cast

import ops
import pytest
from ops import testing

import charm
import juju_access
from coordinator.juju import access, errors
from coordinator.report.finding import Cause
from coordinator.text import Secret
from tests.support.juju.controller import MODEL, Controller
from tests.unit import model

CONTENT = {"username": "telemetry-coordinator", "password": "correct-horse"}
ENVIRONMENT = {
    "JUJU_API_ADDRESSES": "192.0.2.1:17070 192.0.2.2:17070",
    "JUJU_MODEL_UUID": MODEL,
    "JUJU_MODEL_NAME": "openstack",
    "JUJU_VERSION": "3.6.9",
}
SECRET = testing.Secret(CONTENT)


@pytest.fixture
def juju(tmp_path: pathlib.Path) -> Controller:
    return Controller(tmp_path / "juju")


@pytest.fixture
def charm_dir(juju: Controller, tmp_path: pathlib.Path) -> pathlib.Path:
    """The charm's folder; the agent's settings are beside it."""
    (tmp_path / "agent.conf").write_text(juju.agent_conf())
    return tmp_path / "charm"


def read(
    charm_dir: pathlib.Path, *secrets: testing.Secret, uri: str = ""
) -> access.Access | errors.JujuFault:
    context = testing.Context(charm.TelemetryCoordinatorCharm, app_name=model.APP)
    state = testing.State(secrets=list(secrets))
    with context(context.on.update_status(), state) as manager:
        named = uri or (secrets[0].id if secrets else "")
        return juju_access.read_access(manager.charm.model, named, ENVIRONMENT, charm_dir)


def why(*arguments: Any, **named: Any) -> errors.JujuFault:
    found = read(*arguments, **named)
    assert isinstance(found, errors.JujuFault)
    return found


def test_secret_and_surroundings_make_an_access(charm_dir: pathlib.Path, juju: Controller):
    assert read(charm_dir, SECRET) == access.Access(
        username="telemetry-coordinator",
        password=Secret("correct-horse"),
        endpoints=("192.0.2.1:17070", "192.0.2.2:17070"),
        certificate=juju.certificate.strip(),
        controller=juju.uuid,
        model=MODEL,
        shown="openstack",
        secret=SECRET.id,
        channel="3.6/stable",
        us="telemetry-coordinator",
    )


def test_the_newest_content_is_read(charm_dir: pathlib.Path):
    secret = testing.Secret(CONTENT, latest_content={**CONTENT, "password": "battery-staple"})
    found = read(charm_dir, secret)
    assert isinstance(found, access.Access)
    assert found.password == "battery-staple"


def test_an_option_that_is_not_set_is_told(charm_dir: pathlib.Path):
    assert why(charm_dir) == errors.JujuFault(
        Cause.NO_ACCESS,
        "juju-access is not set",
        "juju config telemetry-coordinator juju-access=secret:ID",
    )


def test_a_secret_that_is_not_there_or_not_granted_is_told(charm_dir: pathlib.Path):
    found = why(charm_dir, uri="secret:cvq0c6rmp25c7f2sbtlg")
    assert found.cause is Cause.NO_ACCESS
    assert found.remedy == (
        "juju grant-secret secret:cvq0c6rmp25c7f2sbtlg telemetry-coordinator, "
        "or juju config telemetry-coordinator juju-access=secret:ID where that finds none"
    )


@pytest.mark.parametrize(
    ("said", "summary", "remedy"),
    [
        (
            "ERROR permission denied",
            "juju-access: its secret is not granted",
            "juju grant-secret secret:x telemetry-coordinator",
        ),
        (
            'ERROR "telemetry-coordinator/0" is not allowed to read this secret',
            "juju-access: its secret is not granted",
            "juju grant-secret secret:x telemetry-coordinator",
        ),
        (
            "ERROR connection is shut down",
            "juju-access: its secret could not be read: connection is shut down",
            "juju show-secret secret:x",
        ),
    ],
)
def test_what_juju_says_about_the_secret_is_told(
    charm_dir: pathlib.Path, said: str, summary: str, remedy: str
):
    class Juju:
        app = types.SimpleNamespace(name="telemetry-coordinator")

        def get_secret(self, **_named: str) -> None:
            raise ops.ModelError(said)

    juju = cast("ops.Model", Juju())
    found = juju_access.read_access(juju, "secret:x", ENVIRONMENT, charm_dir)
    assert isinstance(found, errors.JujuFault)
    assert (found.summary, found.remedy) == (summary, remedy)


def test_a_secret_without_a_password_is_told(charm_dir: pathlib.Path):
    secret = testing.Secret({"username": "telemetry-coordinator"})
    assert why(charm_dir, secret) == errors.JujuFault(
        Cause.BAD_ACCESS,
        "juju-access: its secret cannot be used, it lacks the key password",
        f"juju update-secret {secret.id} username=telemetry-coordinator password#file=./password",
    )


@pytest.mark.parametrize("text", ["", "[]", "{", "\x00", "controller: 5", "controller: model-x"])
@pytest.mark.parametrize("more", [{}, {"model": "admin/telemetry"}])
def test_an_agent_that_does_not_name_its_controller_is_told(
    charm_dir: pathlib.Path, text: str, more: dict[str, str]
):
    file = charm_dir.with_name("agent.conf")
    file.write_text(text)
    assert why(charm_dir, testing.Secret(CONTENT | more)) == errors.JujuFault(
        Cause.JUJU_ERROR,
        f"juju-access: {file} does not name the controller, or could not be read",
        f"juju exec --application telemetry-coordinator -- ls -l {file}",
    )


def test_an_agent_that_does_not_tell_the_certificate_leaves_it_to_the_secret(
    charm_dir: pathlib.Path, juju: Controller
):
    charm_dir.with_name("agent.conf").write_text(f"controller: controller-{juju.uuid}")
    secret = testing.Secret(CONTENT)
    found = why(charm_dir, secret)
    assert found.summary.endswith(
        "it lacks the key ca-cert, and Juju did not tell the controller's"
    )
    assert found.remedy == (
        f"juju update-secret {secret.id} username=telemetry-coordinator "
        "password#file=./password ca-cert#file=./ca.pem"
    )


@pytest.mark.parametrize(
    ("version", "channel"),
    [
        ("3.6.9", "3.6/stable"),
        ("4.0.1", "4.0/stable"),
        ("4.1-beta1", "4.1/stable"),
        ("", "latest/stable"),
    ],
)
def test_the_snaps_channel_is_that_of_the_controller(version: str, channel: str):
    assert juju_access.channel({"JUJU_VERSION": version}) == channel
