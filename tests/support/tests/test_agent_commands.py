"""The stand-in for Juju's agent: options, actions and secrets, and that ops understands it."""

from __future__ import annotations

import inspect
import pathlib
import re

import pytest
import yaml
from ops import hookcmds

from tests.support.agent import agent as agent_agent
from tests.support.agent import hook_commands
from tests.support.agent.tiny_charm import MakeAgent, python
from tests.support.agent.unit_state import Status


def test_every_hook_command_of_ops_is_served() -> None:
    folder = pathlib.Path(inspect.getfile(hookcmds)).parent
    source = "".join(path.read_text() for path in folder.glob("_*.py"))
    called = set(re.findall(r"run\(\s*'([a-z-]+)'", source))

    assert len(called) > 30
    assert called <= set(hook_commands.COMMANDS)


# Options.


def test_options_have_defaults_and_leave_out_what_is_unset(make: MakeAgent) -> None:
    agent = make("config-get --format=json")

    assert agent.hook("start").stdout == '{"name":"x"}\n'


def test_an_option_goes_back_to_its_default(make: MakeAgent) -> None:
    agent = make("config-get name")

    agent.config({"name": "y"})
    agent.config({"name": None})

    assert agent.hook("start").stdout == "x\n"


@pytest.mark.parametrize("values", [{"colour": "y"}, {"count": "three"}, {"count": True}])
def test_options_are_refused_as_juju_config_does(
    make: MakeAgent, values: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match="option"):
        make("true").config(values)


# Actions.


def test_an_action_gets_its_parameters_with_defaults(make: MakeAgent) -> None:
    agent = make("action-get --format=json")

    result = agent.action("greet", {"who": "you"})

    assert yaml.safe_load(result.hook.stdout) == {"who": "you", "how": "loud"}


@pytest.mark.parametrize("params", [{"whom": "you"}, {"who": 3}])
def test_parameters_are_refused_as_juju_run_does(
    make: MakeAgent, params: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match="validation failed"):
        make("true").action("greet", params)


def test_results_come_back_nested_with_the_log(make: MakeAgent) -> None:
    result = make("action-log -- working; action-set a.b=1 a.c=2").action("greet")

    assert result.succeeded
    assert result.results == {"a": {"b": "1", "c": "2"}, "return-code": 0}
    assert result.log == ("working",)


def test_an_action_that_says_so_fails(make: MakeAgent) -> None:
    result = make("action-set a=1; action-fail -- -why-").action("greet")

    assert (result.status, result.message, result.results["a"]) == ("failed", "-why-", "1")


def test_juju_run_exits_with_0_where_only_the_action_says_that_it_failed(make: MakeAgent) -> None:
    assert make("action-fail no").action("greet").exit_code == 0
    assert make("exit 3").action("greet").exit_code == 1


def test_what_an_action_prints_is_in_its_results(make: MakeAgent) -> None:
    result = make("echo out; echo err >&2; exit 3").action("greet")

    assert result.results == {"return-code": 3, "stdout": "out\n", "stderr": "err\n"}


def test_a_failed_action_undoes_what_it_wrote_and_keeps_its_results(make: MakeAgent) -> None:
    agent = make("relation-set -r 0 a=b; action-set got=some; exit 1")

    assert agent.action("greet").results["got"] == "some"

    assert "a" not in agent.relation(0).local_unit_data


def test_an_action_that_exits_with_an_error_fails_alone(make: MakeAgent) -> None:
    agent = make("status-set active fine; exit 2")

    result = agent.action("greet")

    assert (result.status, result.message) == ("failed", "exit status 2")
    assert agent.unit_status == Status("active", "fine")


@pytest.mark.parametrize("key", ["Camel", "under_score", "-a", "stdout"])
def test_result_keys_are_refused_as_juju_does(make: MakeAgent, key: str) -> None:
    assert not make(f"action-set -- {key}=1").action("greet").succeeded


def test_action_commands_are_refused_in_a_hook(make: MakeAgent) -> None:
    assert "not running an action" in make("action-get").hook("start").stderr


# Secrets.


def test_a_secret_is_tracked_until_it_is_refreshed(make: MakeAgent) -> None:
    agent = make("secret-get $OPTIONS_OF_TEST $(config-get token) key")
    agent.config({"token": agent.add_secret({"key": "old"})})
    seen = [agent.hook("start").stdout]
    agent.update_secret(str(agent.snapshot().config["token"]), {"key": "new"})

    for options in ("", "--peek", "", "--refresh", ""):
        agent.environment["OPTIONS_OF_TEST"] = options
        seen.append(agent.hook("start").stdout)

    assert [line.strip() for line in seen] == ["old", "old", "new", "old", "new", "new"]


def test_a_secret_that_is_not_granted_is_refused(make: MakeAgent) -> None:
    agent = make("secret-get $(config-get token)")
    agent.config({"token": agent.add_secret({"key": "x"}, granted=False)})

    assert '"tiny/0" is not allowed to read this secret' in agent.hook("start").stderr


def test_ops_knows_a_missing_secret(make: MakeAgent) -> None:
    result = make("secret-get --format=json secret:d3q9kq7n5q0c9r0v8s10").hook("start")

    assert result.exit_code
    assert "not found" in result.stderr


def test_ops_makes_changes_and_reads_its_own_secret(make: MakeAgent) -> None:
    agent = make(
        python(
            'made = hookcmds.secret_add({"key": "old"}, label="mine")\n'
            'hookcmds.secret_set(made, content={"key": "new"})\n'
            'print(hookcmds.secret_get(id=made, refresh=True)["key"])\n'
            'print(hookcmds.secret_info_get(label="mine").revision)'
        )
    )

    assert agent.hook("start").stdout.split() == ["new", "2"]
    assert [secret.owner for secret in agent.databags.secrets.values()] == ["application"]


# ops' own callers understand the answers.

ANSWERS = {
    'hookcmds.relation_ids("db")': "['db:1']",
    "hookcmds.relation_list(1, app=True)": "postgres",
    'hookcmds.relation_get(1, endpoint="db", unit="postgres/0", key="a")': "b",
    'hookcmds.relation_get(1, unit="postgres/0")["a"]': "b",
    "hookcmds.relation_model_get(1).uuid": agent_agent.MODEL_UUID,
    "hookcmds.is_leader()": "True",
    'hookcmds.config_get("count")': "None",
    "hookcmds.status_get().status": "waiting",
    "hookcmds.status_get(app=True).status": "unknown",
    'hookcmds.network_get("db").ingress_addresses[0]': "192.0.2.10",
    'sorted(hookcmds.goal_state().relations["db"])': "['postgres', 'postgres/0']",
    "hookcmds.state_get(None)": "{}",
    "hookcmds.storage_list()": "[]",
    "hookcmds.secret_ids()": "None",
    'hookcmds.open_port("tcp", 80)': "None",
    "hookcmds.opened_ports(endpoints=True)[0].port": "80",
}


def test_ops_reads_the_answers(make: MakeAgent) -> None:
    agent = make(python("\n".join(f"print({call})" for call in ANSWERS)))
    agent.announce(agent.relate("db", "postgres", {"postgres/0": {"a": "b"}}))

    result = agent.hook("start")

    answers = zip(ANSWERS, result.stdout.splitlines(), strict=True)
    assert dict(answers) == ANSWERS, result.stderr


def test_ops_writes_relation_data(make: MakeAgent) -> None:
    agent = make(python('hookcmds.relation_set({"colour": "red: not yellow"}, 0)'))

    agent.hook("start")

    assert agent.relation(0).local_unit_data["colour"] == "red: not yellow"


def test_a_command_that_juju_4_has_no_more_is_not_there(make: MakeAgent) -> None:
    assert "leader-get" in make("leader-get").hook("start").stderr


def test_a_wrong_flag_is_refused(make: MakeAgent) -> None:
    result = make("relation-ids --no-such-flag db").hook("start")

    assert result.exit_code == 2
    assert "--no-such-flag" in result.stderr
