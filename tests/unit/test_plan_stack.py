"""The action plan-stack: what it prints, relative to what, and what it refuses."""

import os
import pathlib
import shlex
import subprocess
from typing import Any

import pytest
import yaml
from ops import testing

import charm
import unit_state
from coordinator.juju import snap
from tests.support.juju.controller import MODEL, Controller
from tests.unit import model, reports

Context = testing.Context[Any]
CONTENT = {"username": "telemetry-coordinator", "password": "correct-horse"}


def run(context: Context, state: testing.State, **params: str) -> dict[str, Any]:
    given = {"format": "commands", "channel": "2023.2/stable", **params}
    event = context.on.action("plan-stack", params={k: v for k, v in given.items() if v})
    context.run(event, state)
    return dict(context.action_results or {})


def lines(text: str) -> list[str]:
    """What a shell would run."""
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.fixture
def juju(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Controller:
    """A controller with our user, and its client on PATH."""
    made = Controller(tmp_path / "juju")
    made.add_user(CONTENT["username"], CONTENT["password"])
    monkeypatch.setenv("PATH", f"{made.bin}:{os.environ['PATH']}")
    monkeypatch.setenv("JUJU_API_ADDRESSES", "192.0.2.1:17070")
    return made


@pytest.fixture
def seeing(juju: Controller, tmp_path: pathlib.Path) -> Context:
    """Runs the charm beside the settings of its unit's agent."""
    (tmp_path / "agent.conf").write_text(juju.agent_conf())
    root = tmp_path / "charm"
    root.mkdir()
    return testing.Context(
        charm.TelemetryCoordinatorCharm, app_name=model.APP, charm_root=root, juju_version="3.6.9"
    )


def granted(upgrade_method: str = "auto") -> testing.State:
    secret = testing.Secret(CONTENT)
    given = model.state(juju_access=secret.id, upgrade_method=upgrade_method)
    return testing.State(
        leader=True,
        relations=given.relations,
        config=given.config,
        secrets=[secret],
        model=testing.Model(uuid=MODEL, name="openstack"),
    )


# Without juju-access


def test_nothing_but_the_clouds_own_is_taken_for_given(context: Context):
    found = run(context, model.state())
    assert found["compared-with"] == "relations"
    text = found["plan"]
    assert text.startswith("# What brings the model to the blueprint. Nothing of this was run.\n")
    assert "without juju-access" in text
    assert "juju deploy gnocchi --channel 2023.2/stable --base ubuntu@22.04 " in text
    assert "juju deploy mysql-router gnocchi-mysql-router --channel 8.0/stable" in text
    assert "juju deploy keystone" not in text
    assert "juju deploy telemetry-coordinator" not in text


def test_what_relations_tell_is_left_out(context: Context):
    state = model.state(model.keystone(remote_app_name="identity"), model.gnocchi())
    text = run(context, state)["plan"]
    assert "juju deploy gnocchi " not in text
    assert "juju integrate aodh:identity-service identity:identity-service\n" in text
    assert f"{model.APP}:metric-service" not in text


def test_every_line_is_one_that_a_shell_understands(context: Context):
    for line in lines(run(context, model.state())["plan"]):
        words = shlex.split(line)
        assert words[0] == "juju"
        assert words[1] in {"deploy", "config", "integrate", "run"}


def test_a_shell_runs_what_is_written_and_nothing_else(context: Context, tmp_path: pathlib.Path):
    hostile = """gnocchi:
  title: "x'; touch reached #"
  deploy:
    person: "feed it $(touch reached)"
    options:
      a: "1; touch reached"
      b: "two\\n# touch reached\\ntouch reached"
      c: "$(touch reached)"
"""
    text = run(context, model.state(blueprint=hostile))["plan"]
    juju = tmp_path / "juju"
    juju.write_text('#!/bin/sh\nprintf "%s\\0" "$@" >> said\n')
    juju.chmod(0o755)
    (tmp_path / "plan.sh").write_text(text)
    command = ["/bin/sh", "-e", "plan.sh"]
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=60)
    assert not (tmp_path / "reached").exists()
    said = (tmp_path / "said").read_text().split("\0")
    assert {"a=1; touch reached", "b=two\n# touch reached\ntouch reached"} <= set(said)


def test_numbers_say_how_much_is_missing(context: Context):
    found = run(context, model.state())
    deployed = [line for line in lines(found["plan"]) if line.startswith("juju deploy")]
    integrated = [line for line in lines(found["plan"]) if line.startswith("juju integrate")]
    assert found["missing-applications"] == str(len(deployed))
    assert found["missing-integrations"] == str(len(integrated))


def test_options_that_a_charm_needs_are_set_as_one_argument_each(context: Context):
    (line,) = (
        line
        for line in lines(run(context, model.state())["plan"])
        if line.startswith("juju config watcher")
    )
    words = shlex.split(line)
    assert words[3] == "datasources=gnocchi"
    assert set(yaml.safe_load(words[4].partition("=")[2])) == {"weights", "parallelization"}


def test_what_only_a_person_can_do_is_a_comment(context: Context):
    text = run(context, model.state(), format="commands")["plan"]
    assert "\n# By hand\n" not in text
    changed = "gnocchi: {deploy: {person: feed it}}"
    text = run(context, model.state(blueprint=changed))["plan"]
    assert "\n# By hand\n# gnocchi: feed it\n" in text


def test_ceilometers_own_action_is_run_where_the_coordinator_cannot(context: Context):
    found = run(context, model.state())
    assert found["afterwards"].splitlines() == [
        "juju run ceilometer/leader ceilometer-upgrade --wait=10m",
        f"juju run {model.APP}/leader verify-stack --wait=5m",
    ]


def test_what_must_wait_is_no_line_of_the_plan_that_a_shell_runs(context: Context):
    found = run(context, model.state())
    for line in found["afterwards"].splitlines():
        assert f"\n# {line}\n" in found["plan"]
        assert line not in lines(found["plan"])


def test_certificates_are_offered_as_a_comment(context: Context):
    text = run(context, model.state())["plan"]
    assert "\n# juju integrate gnocchi:certificates vault:certificates\n" in text


def test_a_service_that_is_not_verified_yet_is_told(context: Context):
    heat = "heat: {title: Heat, charms: [heat], catalog: {type: orchestration, name: heat}}"
    text = run(context, model.state(blueprint=heat))["plan"]
    assert f"juju config {model.APP} optional-services=infra-optim,orchestration\n" in text


def test_placement_is_used(context: Context):
    text = run(context, model.state(), placement="lxd:0,lxd:1")["plan"]
    assert "juju deploy memcached --channel latest/stable --base ubuntu@22.04 --to lxd:0\n" in text


def test_the_bundle_is_the_whole_stack(context: Context):
    found = run(context, model.ready(), format="bundle")
    assert found["plan"].startswith("# All of the stack, since the model cannot be seen")
    assert "# juju integrate" not in found["plan"]
    content = yaml.safe_load(found["plan"])
    assert {"keystone", "gnocchi", "vault", model.APP} <= set(content["applications"])
    assert ["gnocchi:storage-ceph", "ceph-mon:client"] in content["relations"]


@pytest.mark.parametrize("form", ["commands", "bundle"])
def test_what_failed_at_last_and_no_plan_repairs_is_told_first(
    context: Context, files: unit_state.UnitState, form: str
):
    report = reports.report(reports.good("identity", "token"), reports.bad("metric"))
    files.keep("report.json", report.to_json())
    plan = run(context, model.ready(), format=form)["plan"]
    assert plan.startswith("# Repair this first: metric refused the connection")
    assert not any("Repair" in line for line in lines(plan))


@pytest.mark.parametrize("leader", [True, False])
def test_any_unit_can_plan_and_nothing_is_changed(context: Context, leader: bool):
    state = model.state(leader=leader)
    event = context.on.action("plan-stack", params={"channel": "yoga"})
    out = context.run(event, state)
    assert out.relations == state.relations


def test_a_wrong_blueprint_is_told_before_all_else(context: Context):
    text = run(context, model.state(blueprint="heat: {title: Heat, chrms: [heat]}"))["plan"]
    doubt, older = text.splitlines()[1:3]
    assert "unknown key 'chrms'" in doubt
    assert older == "# Until that is corrected, this is about the last right blueprint."


def test_it_works_while_options_are_wrong(context: Context):
    text = run(context, model.state(interface="outer"))["plan"]
    assert "juju deploy gnocchi" in text


# Refusals


@pytest.mark.parametrize(
    ("params", "why"),
    [
        (
            {"channel": ""},
            "no release is known to deploy memcached from; give a channel of one of",
        ),
        ({"channel": "2023.3/stable"}, "parameter channel: use TRACK/RISK with one of the tracks"),
        ({"placement": "rack-7"}, "parameter placement: use machines such as 3, lxd:3 or lxd"),
    ],
)
def test_a_parameter_that_is_not_allowed_is_refused(
    context: Context, params: dict[str, str], why: str
):
    with pytest.raises(testing.ActionFailed) as raised:
        run(context, model.state(), **params)
    assert raised.value.message.startswith(why)


# With juju-access


def test_with_access_it_is_the_difference_to_the_model(seeing: Context, juju: Controller):
    for name in ("keystone", "memcached", "mysql-innodb-cluster"):
        juju.deploy(name, name)
    juju.deploy("metrics", "gnocchi")
    found = run(seeing, granted())
    assert found["compared-with"] == "model"
    text = found["plan"]
    assert "# Compared with the whole model.\n" in text
    assert "juju deploy memcached" not in text
    assert "juju deploy keystone" not in text
    assert "juju integrate metrics:identity-service keystone:identity-service\n" in text
    # where it keeps its index is for a person to tell
    assert "#   juju integrate metrics:shared-db metrics-mysql-router:shared-db\n" in text
    # the cloud's own too, since it is known to be missing
    assert "juju deploy vault --channel 1.8/stable" in text
    assert "\n# vault: initialise and unseal it" in text
    assert f"juju deploy {model.APP}" not in text


def test_with_access_the_bundle_refreshes_nothing(seeing: Context, juju: Controller):
    for name in ("keystone", "memcached", "mysql-innodb-cluster"):
        juju.deploy(name, name)
    found = run(seeing, granted(), format="bundle")
    content = yaml.safe_load(found["plan"])
    assert "gnocchi" in content["applications"]
    assert not {"keystone", "memcached", model.APP} & set(content["applications"])
    assert "Nothing that is there already is part of it" in found["plan"]
    line = "# juju integrate gnocchi:identity-service keystone:identity-service\n"
    assert line in found["plan"]


def test_ceilometers_action_is_left_to_the_coordinator_where_it_runs_it(
    seeing: Context, juju: Controller
):
    text = run(seeing, granted())["plan"]
    assert f"\n# {model.APP} runs the action ceilometer-upgrade of ceilometer by itself\n" in text
    assert "juju run ceilometer/leader" not in text


@pytest.mark.parametrize("method", ["advise", "command"])
def test_it_is_not_left_to_one_that_does_not(seeing: Context, juju: Controller, method: str):
    text = run(seeing, granted(upgrade_method=method))["plan"]
    assert "\n# juju run ceilometer/leader ceilometer-upgrade --wait=10m\n" in text


def test_the_juju_client_is_installed_for_a_plan(
    seeing: Context, juju: Controller, monkeypatch: pytest.MonkeyPatch
):
    tried: list[str] = []

    def install(channel: str) -> str:
        tried.append(channel)
        return "no network"

    monkeypatch.setattr(snap, "find", lambda: None)
    monkeypatch.setattr(snap, "install", install)
    found = run(seeing, granted())
    assert tried == ["3.6/stable"]
    assert "no network" in found["plan"]


def test_a_controller_that_does_not_answer_is_told_with_its_remedy(
    seeing: Context, juju: Controller
):
    juju.behave("refuses")
    found = run(seeing, granted())
    assert found["compared-with"] == "relations"
    assert "\n# -> " in found["plan"]
    assert "juju deploy gnocchi" in found["plan"]


def test_an_access_that_is_not_granted_is_told(context: Context):
    found = run(context, model.state(juju_access="secret:cvq0c6rmp25c7f2sbtlg"))
    assert found["compared-with"] == "relations"
    assert "\n# -> juju grant-secret " in found["plan"]
