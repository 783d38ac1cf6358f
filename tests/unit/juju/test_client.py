"""What the coordinator asks of the Juju controller, through jubilant and a stand-in client."""

import datetime
import pathlib
import stat
import subprocess
import threading
import time
from collections.abc import Callable

import pytest

from coordinator.juju import access, ceilometer, client, errors, snap
from coordinator.juju.ceilometer import State, Task
from coordinator.juju.controller_back_off import BackOff
from coordinator.juju.status import Model
from coordinator.report.finding import Cause
from coordinator.text import Secret
from tests.support.juju import models
from tests.support.juju.controller import BLOCKED, MODEL, Controller
from tests.unit import executables

USER, PASSWORD = "telemetry-coordinator", "correct-horse"
REFRESH = "sudo snap refresh juju --channel=3.6/stable"


@pytest.fixture
def juju(tmp_path: pathlib.Path) -> Controller:
    """A controller with ceilometer in its model, and a user who may run actions."""
    made = Controller(tmp_path / "juju")
    made.add_user(USER, PASSWORD)
    made.deploy(status=BLOCKED, version="21.0.0")
    return made


def through(juju: Controller, **changes: str) -> client.Controller:
    given = access.Access(
        username=changes.get("username", USER),
        password=Secret(changes.get("password", PASSWORD)),
        endpoints=(changes.get("endpoint", "192.0.2.1:17070"),),
        certificate=juju.certificate,
        controller=juju.uuid,
        model=changes.get("model", MODEL),
        shown="openstack",
        secret="secret:x",
        channel="3.6/stable",
        us="telemetry-coordinator",
    )
    return client.Controller(given, juju.bin / "juju")


def fault_of(controller: client.Controller, number: str = "") -> errors.JujuFault:
    with pytest.raises(errors.JujuError) as raised:
        controller.look(number)
    return raised.value.fault


def seen(juju: Controller, **changes: str) -> errors.JujuFault:
    return fault_of(through(juju, **changes))


def model_of(controller: client.Controller) -> Model:
    found, _ = controller.look()
    return found


def task_of(controller: client.Controller, number: str) -> Task | None:
    _, task = controller.look(number)
    return task


def refused(juju: Controller, application: str = "ceilometer", **changes: str) -> errors.JujuFault:
    with pytest.raises(errors.JujuError) as raised:
        through(juju, **changes).start(application)
    return raised.value.fault


# The whole model


def test_the_whole_model_is_seen_with_every_charm(juju: Controller):
    juju.deploy("alarms", "aodh")
    found = model_of(through(juju))
    assert {name: app.charm for name, app in found.applications.items()} == {
        "ceilometer": "ceilometer",
        "alarms": "aodh",
    }


def test_an_output_that_is_no_model_is_told(juju: Controller, tmp_path: pathlib.Path):
    strange = executables.script(tmp_path / "strange" / "juju", "echo '[]'")
    found = fault_of(client.Controller(through(juju).access, strange))
    assert found == errors.not_understood("the model", "telemetry-coordinator")


def test_what_is_asked_of_the_whole_model_is_about_no_application(
    juju: Controller, tmp_path: pathlib.Path
):
    strange = executables.script(tmp_path / "strange" / "juju", "echo 'ERROR odd' >&2; exit 1")
    assert fault_of(client.Controller(through(juju).access, strange)) == (
        errors.JujuFault(Cause.JUJU_ERROR, "juju failed: odd", "juju status")
    )


# Looking


def test_ceilometer_is_seen_as_the_model_shows_it(juju: Controller):
    juju.deploy("aodh", "aodh")
    found = model_of(through(juju))
    assert ceilometer.asks(found.applications["ceilometer"])
    assert found.applications["ceilometer"].version == "21.0.0"
    assert found.applications.keys() == {"ceilometer", "aodh"}


@pytest.mark.parametrize("version", ["3.6.9", "4.0.14"])
def test_the_whole_model_is_read_in_one_call(tmp_path: pathlib.Path, version: str):
    juju = Controller(tmp_path / "newer", version)
    juju.add_user(USER, PASSWORD)
    cloud = models.openstack(version=version)
    juju.fill(cloud)
    found = model_of(through(juju))
    assert not ceilometer.asks(found.applications["ceilometer"])
    assert found.applications.keys() == cloud.applications.keys()
    assert juju.calls == [["status", "--model", f"controller:{MODEL}", "--format", "json"]]


@pytest.mark.parametrize("model", [MODEL, "admin/openstack"])
def test_the_model_may_be_given_by_uuid_or_with_its_owner(juju: Controller, model: str):
    assert model_of(through(juju, model=model)).applications


def test_a_task_is_seen(juju: Controller):
    number = through(juju).start("ceilometer")
    assert task_of(through(juju), number) == Task(number, State.GOING)
    juju.finish(number, "failed", "Gnocchi is down")
    assert task_of(through(juju), number) == Task(number, State.FAILED, "Gnocchi is down")


def test_a_task_that_is_not_known_any_more_is_lost(juju: Controller):
    assert task_of(through(juju), "99") == Task("99", State.LOST)


@pytest.mark.parametrize("changes", [{"password": "wrong"}, {"username": "nobody"}])
def test_a_login_that_is_refused_is_told(juju: Controller, changes: dict[str, str]):
    user = changes.get("username", USER)
    assert seen(juju, **changes) == errors.JujuFault(
        Cause.LOGIN_REFUSED,
        f"the Juju controller does not take the password of {user}, or the user is disabled",
        f"juju change-user-password {user}, then, with it in ./password, "
        f"juju update-secret secret:x username={user} password#file=./password; or, where "
        f"juju show-user {user} says disabled, juju enable-user {user}",
    )


def test_a_model_without_its_owner_would_be_the_users_own(juju: Controller):
    assert seen(juju, model="openstack").cause is Cause.NOT_PERMITTED


@pytest.mark.parametrize("version", ["3.6.9", "4.0.14"])
def test_a_user_without_access_to_the_model_is_told(tmp_path: pathlib.Path, version: str):
    juju = Controller(tmp_path / "other", version)
    juju.add_user("bob", PASSWORD, "none")
    assert seen(juju, username="bob") == errors.JujuFault(
        Cause.NOT_PERMITTED,
        "the Juju user bob has no access to the model openstack",
        "juju grant bob write openstack",
    )


def test_a_certificate_of_another_authority_is_told(juju: Controller):
    juju.behave("untrusted")
    found = seen(juju)
    assert (found.cause, found.summary) == (
        Cause.NO_CONTROLLER,
        "the certificate of the Juju controller at 192.0.2.1:17070 is not trusted",
    )


def test_a_name_that_is_not_resolved_is_told(juju: Controller):
    found = seen(juju, endpoint="juju.example.invalid:17070")
    assert (found.cause, found.summary) == (
        Cause.NO_CONTROLLER,
        "the Juju controller does not answer at juju.example.invalid:17070",
    )


NOON = datetime.datetime(2026, 11, 27, 12, 0, tzinfo=datetime.timezone.utc)
SILENT = errors.JujuFault(
    Cause.NO_CONTROLLER,
    "the Juju controller did not answer in time at 192.0.2.1:17070 (since 2026-11-27 12:00 UTC)",
    "juju show-controller",
    "it is asked again after 2026-11-27 12:05 UTC",
)


def at(juju: Controller, minute: int, remembered: BackOff | None, *, insists: bool = False):
    """The controller as it is asked some minutes after noon."""
    return client.Controller(
        through(juju).access,
        juju.bin / "juju",
        remembered,
        insists=insists,
        clock=lambda: NOON + datetime.timedelta(minutes=minute),
    )


@pytest.fixture
def hung(juju: Controller, monkeypatch: pytest.MonkeyPatch) -> BackOff:
    """What is remembered after a controller did not answer at noon."""
    juju.behave("hangs")
    monkeypatch.setattr(client, "LIMIT", 1)
    asked = at(juju, 0, None)
    assert fault_of(asked) == SILENT
    assert asked.back_off is not None
    return asked.back_off


def test_a_controller_that_hangs_is_left_alone_for_some_minutes(juju: Controller, hung: BackOff):
    assert fault_of(at(juju, 4, hung)) == SILENT
    assert len(juju.calls) == 1


def test_a_controller_that_hung_is_asked_again_later(juju: Controller, hung: BackOff):
    juju.behave()
    later = at(juju, 5, hung)
    assert model_of(later).applications
    assert later.back_off is None


def test_a_person_is_never_told_to_wait(juju: Controller, hung: BackOff):
    juju.behave()
    assert model_of(at(juju, 1, hung, insists=True)).applications


def test_a_controller_that_still_hangs_is_silent_since_the_first_time(
    juju: Controller, hung: BackOff
):
    fault = fault_of(at(juju, 6, hung))
    assert fault.summary == SILENT.summary
    assert fault.later == "it is asked again after 2026-11-27 12:11 UTC"


def test_a_controller_that_does_not_answer_costs_one_call_a_hook(juju: Controller, hung: BackOff):
    hook = at(juju, 6, hung)
    fault_of(hook, "2")
    with pytest.raises(errors.JujuError):
        hook.start("ceilometer")
    assert len(juju.calls) == 2  # the first one was at noon


def test_a_client_that_does_not_say_whether_it_enqueued_is_told_as_such(
    juju: Controller, monkeypatch: pytest.MonkeyPatch
):
    (juju.bin / "juju").write_text('#!/bin/sh\n[ "$1" = run ] && exec sleep 60\necho "{}"\n')
    monkeypatch.setattr(client, "LIMIT", 1)
    with pytest.raises(errors.UnclearError) as raised:
        through(juju).start("ceilometer")
    assert raised.value.fault.summary == (
        "the Juju controller did not answer in time at 192.0.2.1:17070"
    )


def test_a_client_of_another_major_version_is_told(juju: Controller):
    said = "ERROR cannot connect: juju client with major version 4 is not supported"
    (juju.bin / "juju").write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    found = seen(juju)
    assert (found.cause, found.remedy) == (
        Cause.NO_CLIENT,
        f"juju exec --application telemetry-coordinator -- {REFRESH}",
    )


def test_a_certificate_that_is_not_trusted_is_mended_by_the_controllers(juju: Controller):
    juju.behave("untrusted")
    assert seen(juju).remedy == (
        "juju show-controller, then, with the CA that it shows, juju update-secret secret:x "
        f"username={USER} password#file=./password ca-cert#file=./ca.pem"
    )


def test_an_answer_that_is_not_understood_is_told(juju: Controller):
    (juju.bin / "juju").write_text("#!/bin/sh\necho '[]'\n")
    assert seen(juju).cause is Cause.JUJU_ERROR
    # not that of the operator's own client
    assert seen(juju).remedy == (
        "juju exec --application telemetry-coordinator -- /snap/bin/juju version"
    )


@pytest.mark.parametrize(
    "answer", ["x", "[" * 60000, '{"applications": ' + "9" * 5000 + "}", '{"applications": 1e999}']
)
def test_a_strange_answer_is_no_error_of_ours(juju: Controller, answer: str):
    (juju.bin / "answer").write_text(answer)
    (juju.bin / "juju").write_text(f"#!/bin/sh\ncat {juju.bin}/answer\n")
    assert seen(juju) == errors.not_understood("the model", "telemetry-coordinator")


def test_an_answer_that_is_no_text_is_no_error_of_ours(juju: Controller):
    (juju.bin / "juju").write_text("#!/bin/sh\nprintf '\\377'\n")
    assert seen(juju) == errors.not_understood("the model", "telemetry-coordinator")


@pytest.mark.parametrize("answer", ["[1]", '{"ceilometer/0": {}}', '{"ceilometer/0": 5}', "{"])
def test_a_task_of_which_nothing_is_understood_may_have_begun(juju: Controller, answer: str):
    (juju.bin / "juju").write_text(f"#!/bin/sh\n[ \"$1\" = run ] || exit 0\necho '{answer}'\n")
    with pytest.raises(errors.UnclearError):
        through(juju).start("ceilometer")


def test_a_client_that_cannot_be_run_is_told(juju: Controller):
    (juju.bin / "juju").chmod(0o644)
    assert seen(juju).cause is Cause.JUJU_ERROR


# Running


def test_the_action_is_enqueued_on_the_leader(juju: Controller):
    juju.hold()
    number = through(juju).start("ceilometer")
    task = juju.tasks[number]
    assert (task.unit, task.action, task.status) == (
        "ceilometer/0",
        "ceilometer-upgrade",
        "pending",
    )


def test_an_action_that_ends_at_once_is_as_good(juju: Controller):
    juju.set_command("ceilometer-upgrade", "true")
    number = through(juju).start("ceilometer")
    assert juju.tasks[number].status == "completed"


def test_an_action_that_fails_at_once_is_seen_by_the_next_look(juju: Controller):
    juju.set_command("ceilometer-upgrade", "false")
    number = through(juju).start("ceilometer")
    task = task_of(through(juju), number)
    assert task is not None
    assert task.state is State.FAILED


def test_a_task_that_waits_already_is_not_doubled(juju: Controller):
    juju.hold()
    first = through(juju).start("ceilometer")
    assert through(juju).start("ceilometer") == first
    assert len(juju.tasks) == 1


def test_where_none_is_to_be_begun_a_task_is_only_found(juju: Controller):
    assert through(juju).start("ceilometer", anew=False) == ""
    assert juju.tasks == {}
    juju.hold()
    number = through(juju).start("ceilometer")
    assert through(juju).start("ceilometer", anew=False) == number


def test_a_task_of_another_application_is_none_of_ours(juju: Controller):
    juju.hold()
    juju.deploy("ceilometer-two")
    through(juju).start("ceilometer-two")
    through(juju).start("ceilometer")
    assert len(juju.tasks) == 2


def test_a_user_who_may_only_read_is_told(juju: Controller):
    juju.add_user("bob", PASSWORD, "read")
    assert refused(juju, username="bob") == errors.JujuFault(
        Cause.NOT_PERMITTED,
        "the Juju user bob may not run actions in the model openstack",
        "juju grant bob write openstack",
    )


@pytest.mark.parametrize("version", ["3.6.9", "4.0.14"])
@pytest.mark.parametrize("actions", [("pause",), ()])
def test_a_charm_without_the_action_is_told(
    tmp_path: pathlib.Path, version: str, actions: tuple[str, ...]
):
    juju = Controller(tmp_path / "other", version)
    juju.add_user(USER, PASSWORD)
    juju.deploy(actions=actions)
    assert refused(juju) == errors.JujuFault(
        Cause.NO_ACTION,
        "the charm of ceilometer has no action ceilometer-upgrade",
        "juju refresh ceilometer",
    )


def test_an_application_without_units_is_told(juju: Controller):
    juju.deploy(units=0)
    found = refused(juju)
    assert 'could not determine leader for "ceilometer"' in found.summary
    assert found.remedy == "juju status ceilometer"


def test_an_application_that_is_gone_is_told(tmp_path: pathlib.Path):
    juju = Controller(tmp_path / "other", "4.0.14")
    juju.add_user(USER, PASSWORD)
    assert refused(juju) == errors.JujuFault(
        Cause.NO_CEILOMETER,
        "the application ceilometer is not in the Juju model",
        "juju status --model openstack",
    )


# What stays private


def test_the_password_is_in_no_argument(juju: Controller):
    through(juju).start("ceilometer")
    through(juju).look("2")
    assert len(juju.calls) == 4
    assert not any(PASSWORD in word for call in juju.calls for word in call)


def test_nothing_is_left_behind(juju: Controller, private_parent: pathlib.Path):
    through(juju).look()
    assert list(private_parent.iterdir()) == []


def test_the_clients_files_are_private(juju: Controller, tmp_path: pathlib.Path):
    spy = tmp_path / "modes"
    (juju.bin / "juju").write_text(
        f'#!/bin/sh\nstat -c "%a %n" "$JUJU_DATA" "$JUJU_DATA"/*.yaml > {spy}\necho "{{}}"\n'
    )
    fault_of(through(juju))
    modes = {line.rpartition("/")[2]: line.split()[0] for line in spy.read_text().splitlines()}
    folder = next(mode for name, mode in modes.items() if not name.endswith(".yaml"))
    assert folder == "700"
    assert modes["accounts.yaml"] == "600"
    assert modes["controllers.yaml"] == "600"


def test_the_client_sees_nothing_of_the_hooks_environment(
    juju: Controller, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("JUJU_MODEL", "elsewhere")
    monkeypatch.setenv("CEILOMETER_SECRET", "hidden")
    spy = tmp_path / "environment"
    (juju.bin / "juju").write_text(f'#!/bin/sh\nenv > {spy}\necho "{{}}"\n')
    fault_of(through(juju))
    names = {line.partition("=")[0] for line in spy.read_text().splitlines()}
    assert names <= {"HOME", "JUJU_DATA", "PATH", "LANG", "NO_COLOR", "PWD", "SHLVL", "_"}


def test_a_secret_in_what_the_client_says_is_blotted_out(juju: Controller):
    (juju.bin / "juju").write_text(f"#!/bin/sh\necho 'ERROR no {PASSWORD}' >&2\nexit 1\n")
    found = seen(juju)
    assert found.summary == "juju failed: no ***"


def test_a_client_does_not_outlive_its_hook(tmp_path: pathlib.Path):
    slow = executables.script(tmp_path / "slow", f"echo $$ > {tmp_path}/number; exec sleep 60")
    (tmp_path / "client").symlink_to(slow)
    (tmp_path / "juju").symlink_to(client.WRAPPER)
    (tmp_path / "limit").write_text("60\n")
    number = tmp_path / "number"
    with subprocess.Popen(["/bin/sh", "-c", f"{tmp_path}/juju status; true"]) as hook:
        wait_until(lambda: number.exists() and number.read_text().strip() != "")
        hook.kill()
    wait_until(lambda: not pathlib.Path("/proc", number.read_text().strip()).exists())


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_wrapper_may_be_run():
    assert client.WRAPPER.stat().st_mode & stat.S_IXUSR


# The client itself


def test_the_client_on_the_path_is_found(juju: Controller, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(juju.bin))
    assert snap.find() == juju.bin / "juju"


def test_a_snap_that_is_not_on_the_path_is_found(
    juju: Controller, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(snap, "COMMAND", str(juju.bin / "juju"))
    assert snap.find() == juju.bin / "juju"


def test_a_client_that_cannot_be_installed_is_told(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))  # and no snapd answers on this machine
    said: list[str] = []
    assert snap.obtain("3.6/stable", said.append)
    assert said == ["installing the snap juju (3.6/stable)"]
    assert snap.find() is None


def test_an_installation_that_does_not_end_is_not_waited_for(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
):
    ends = threading.Event()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(snap, "install", lambda _channel: str(ends.wait(60)))
    found = snap.obtain("3.6/stable", lambda _line: None, 0.05)
    assert found == "snapd did not end within 0.05 seconds"
    ends.set()


def test_the_snap_gets_its_folder_where_it_may_read(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
):
    class Entry:
        pw_dir = str(tmp_path)

    monkeypatch.setattr(snap.pwd, "getpwuid", lambda _uid: Entry)
    parent = snap.private_parent(pathlib.Path("/snap/bin/juju"))
    assert parent is not None
    assert parent == tmp_path / "snap/juju/common"
    assert parent.is_dir()
    assert snap.private_parent(pathlib.Path("/usr/local/bin/juju")) is None
