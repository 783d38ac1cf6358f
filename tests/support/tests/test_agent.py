"""The stand-in for Juju's agent: what Juju promises about hooks, relations and processes."""

from __future__ import annotations

import os
import pathlib
import re
import time

import pytest

from tests.support.agent import hook_commands, unit
from tests.support.agent.tiny_charm import MakeAgent
from tests.support.agent.unit_state import LogLine, Status

# What a hook changes counts only when it succeeds.


def test_a_successful_hook_commits_relation_data(make: MakeAgent) -> None:
    agent = make("relation-set -r 0 colour=red")

    assert agent.hook("start").succeeded

    assert agent.relation(0).local_unit_data["colour"] == "red"


def test_a_failed_hook_commits_nothing(make: MakeAgent) -> None:
    agent = make("relation-set -r 0 colour=red; state-set a=b; open-port 80; exit 3")

    result = agent.hook("start")

    assert result.exit_code == 3
    assert "colour" not in agent.relation(0).local_unit_data
    assert not agent.databags.charm_state
    assert not agent.databags.opened_ports


def test_a_failed_hook_shows_as_error(make: MakeAgent) -> None:
    agent = make("status-set active fine; exit 1")

    assert agent.hook("start").statuses == (Status("active", "fine"),)

    assert agent.unit_status == Status("error", 'hook failed: "start"')


def test_a_hook_reads_what_it_wrote(make: MakeAgent) -> None:
    agent = make("relation-set -r 0 colour=red; relation-get -r 0 colour tiny/0")

    assert agent.hook("start").stdout == "red\n"


def test_an_empty_value_removes_the_key(make: MakeAgent) -> None:
    agent = make("relation-set -r 0 colour=")
    agent.relation(0).local_unit_data["colour"] = "red"

    agent.hook("start")

    assert "colour" not in agent.relation(0).local_unit_data


def test_status_version_and_log_take_effect_at_once(make: MakeAgent) -> None:
    agent = make("application-version-set 1.2; juju-log -l WARNING -- --hm; exit 1")

    agent.hook("start")

    assert agent.workload_version == "1.2"
    assert agent.log == [LogLine("WARNING", "--hm")]


# Relations and permissions.


def test_a_missing_relation_is_said_as_ops_expects(make: MakeAgent) -> None:
    result = make("relation-get --format=json -r 99 - db/0").hook("start")

    assert result.exit_code
    assert re.search(r"relation (\d+ )?not found", result.stderr.lower())


def test_a_relation_of_another_endpoint_is_not_found(make: MakeAgent) -> None:
    agent = make("relation-get --format=json -r other:1 - db/0")
    agent.relate("db", "postgres", {"postgres/0": {}})

    assert "relation not found" in agent.hook("start").stderr


def test_only_the_leader_writes_application_data(make: MakeAgent) -> None:
    agent = make("relation-set -r 0 --app colour=red", leader=False)

    assert "cannot write relation settings" in agent.hook("start").stderr

    agent.leader = True
    assert agent.hook("start").succeeded
    assert agent.peer_app_data == {"colour": "red"}


def test_a_follower_reads_the_peer_application_databag(make: MakeAgent) -> None:
    agent = make("relation-get -r 0 --app colour tiny", leader=False)
    agent.peer_app_data["colour"] = "red"

    assert agent.hook("start").stdout == "red\n"


@pytest.mark.parametrize(("version", "reads"), [("3.6.9", False), ("4.0.14", True)])
def test_a_follower_reads_its_application_databag_elsewhere_from_juju_4_on(
    make: MakeAgent, version: str, reads: bool
) -> None:
    agent = make("relation-get -r 1 --app - tiny", leader=False, juju_version=version)
    agent.relate("db", "postgres")

    assert agent.hook("start").succeeded is reads


def test_nobody_reads_a_unit_outside_the_relation(make: MakeAgent) -> None:
    agent = make("relation-get -r 1 - mysql/0")
    agent.relate("db", "postgres", {"postgres/0": {}})

    assert "relation unit not found" in agent.hook("start").stderr


def test_a_unit_is_listed_from_its_joined_hook_on(make: MakeAgent) -> None:
    agent = make("relation-list --format=json -r 1")
    relation = agent.relate("db", "postgres", {"postgres/0": {}})

    seen = [result.stdout.strip() for result in agent.announce(relation)]

    assert seen == ["[]", '["postgres/0"]', '["postgres/0"]']


def test_a_departing_unit_is_not_listed_but_can_be_read(make: MakeAgent) -> None:
    agent = make("relation-list --format=json; relation-get password; echo $JUJU_DEPARTING_UNIT")
    agent.announce(agent.relate("db", "postgres", {"postgres/0": {"password": "sesame"}}))

    result = agent.relation_event("db", "departed", "postgres/0")

    assert result.stdout.split() == ["[]", "sesame", "postgres/0"]


def test_breaking_runs_departed_then_broken_and_removes_the_relation(make: MakeAgent) -> None:
    agent = make("true")
    relation = agent.relate("db", "postgres", {"postgres/0": {}, "postgres/1": {}})
    agent.announce(relation)

    results = agent.break_relation(relation)

    names = ["db-relation-departed", "db-relation-departed", "db-relation-broken"]
    assert [result.name for result in results] == names
    assert relation not in agent.databags.relations


def test_a_failed_broken_hook_keeps_the_relation(make: MakeAgent) -> None:
    agent = make("exit 1")
    relation = agent.relate("db", "postgres")

    agent.break_relation(relation)

    assert relation in agent.databags.relations


def test_a_remote_unit_has_the_keys_that_juju_writes(make: MakeAgent) -> None:
    agent = make("true")
    relation = agent.relate("db", "postgres", {"postgres/0": {"a": "b"}})

    agent.update_remote(relation, "postgres/0", {"c": "d"}, replace=True)

    data = agent.relation(relation).remote_units["postgres/0"].data
    assert set(data) == {"c", "egress-subnets", "ingress-address"}


def test_only_the_leader_sets_the_application_status(make: MakeAgent) -> None:
    agent = make("status-set --application=True active -- fine", leader=False)

    assert "not the leader" in agent.hook("start").stderr

    agent.leader = True
    agent.hook("start")
    assert agent.app_status == Status("active", "fine")


def test_the_status_error_cannot_be_set(make: MakeAgent) -> None:
    assert 'invalid status "error"' in make("status-set error oh").hook("start").stderr


# The process.


def test_a_hook_starts_from_a_clean_environment(
    make: MakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPERATOR_DISPATCH", "1")
    agent = make("env", environment={"ADDED": "yes"}, proxies={"http": "http://proxy.example.com"})

    lines = agent.hook("start").stdout.splitlines()
    seen = dict(line.split("=", 1) for line in lines)

    assert "OPERATOR_DISPATCH" not in seen
    assert seen["ADDED"] == "yes"
    assert seen["JUJU_CHARM_HTTP_PROXY"] == "http://proxy.example.com"
    assert seen["JUJU_DISPATCH_PATH"] == "hooks/start"
    assert not {"HOME", "USER", "LOGNAME"} & set(seen)


def test_a_hook_that_hangs_is_killed_with_its_children(
    make: MakeAgent, tmp_path: pathlib.Path
) -> None:
    agent = make(f"sleep 600 & echo $! > {tmp_path}/child; wait", timeout=0.5)

    result = agent.hook("start")

    assert result.exit_code is None
    assert result.seconds < 10
    assert _ended(int((tmp_path / "child").read_text()))


def test_what_a_hook_leaves_in_the_background_is_killed(
    make: MakeAgent, tmp_path: pathlib.Path
) -> None:
    agent = make(f"sleep 600 & echo $! > {tmp_path}/child")

    assert agent.hook("start").succeeded

    assert _ended(int((tmp_path / "child").read_text()))


def _ended(pid: int) -> bool:
    """Whether a killed process is gone soon; one that init has not collected yet is a zombie."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if ") Z " in pathlib.Path(f"/proc/{pid}/stat").read_text():
            return True
        time.sleep(0.05)
    return False


def test_a_fault_of_the_agent_is_not_blamed_on_the_charm(
    make: MakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise RuntimeError("broken")

    monkeypatch.setitem(hook_commands.COMMANDS, "is-leader", broken)

    with pytest.raises(unit.AgentError, match="inside the agent"):
        make("is-leader || true").hook("start")


def test_the_agent_leaves_nothing_behind(make: MakeAgent) -> None:
    agent = make("dirname $JUJU_AGENT_SOCKET_ADDRESS")
    folder = pathlib.Path(agent.hook("start").stdout.strip())
    assert folder.is_dir()

    agent.close()

    assert not folder.exists()
