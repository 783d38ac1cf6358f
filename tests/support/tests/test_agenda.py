"""The stand-in for Juju's agent: which hooks the charm's own writes and others' doings cause."""

from __future__ import annotations

import dataclasses

import pytest

from tests.support.agent import behaviours
from tests.support.agent.agent import Agent, NotSettledError
from tests.support.agent.tiny_charm import MakeAgent

WRITES_ONCE = "relation-set -r 0 --app colour=red"
WRITES_ALWAYS = 'relation-set -r 0 --app "n=$(date +%N)"'


def settled(agent: Agent, bound: int = 20) -> list[str]:
    """The hooks that run until the unit is at rest."""
    return [result.name for result in agent.settle(bound)]


# What a charm writes itself.


def test_a_leader_is_told_of_what_it_wrote_for_its_peers(make: MakeAgent) -> None:
    agent = make(f"{WRITES_ONCE}; env")

    assert agent.hook("start").written == ("friends:0 app",)

    (told,) = agent.settle()
    assert told.name == "friends-relation-changed"
    assert "JUJU_REMOTE_UNIT=\n" in told.stdout
    assert "JUJU_REMOTE_APP=tiny\n" in told.stdout


def test_a_value_that_was_there_causes_nothing(make: MakeAgent) -> None:
    agent = make(WRITES_ONCE)
    agent.peer_app_data["colour"] = "red"

    agent.hook("start")

    assert settled(agent) == []


@pytest.mark.parametrize("words", ["-r 0 colour=red", "-r 1 colour=red", "-r 1 --app colour=red"])
def test_a_unit_is_told_of_nothing_else_that_it_wrote(make: MakeAgent, words: str) -> None:
    agent = make(f"relation-set {words}")
    agent.announce(agent.relate("db", "postgres"))

    agent.hook("start")

    assert settled(agent) == []


def test_what_a_failed_hook_wrote_causes_nothing_but_its_repetition(make: MakeAgent) -> None:
    agent = make(f"{WRITES_ONCE}; [ -e again ] || {{ touch again; exit 1; }}")

    agent.hook("start")

    assert settled(agent) == ["start", "friends-relation-changed"]


def test_a_charm_that_always_writes_never_comes_to_rest(make: MakeAgent) -> None:
    agent = make(WRITES_ALWAYS)
    agent.hook("start")

    with pytest.raises(NotSettledError, match="not at rest after 5 hooks") as caught:
        agent.settle(bound=5)

    told = "tiny/0 friends-relation-changed wrote friends:0 app"
    assert str(caught.value).count(told) == 5


def test_a_hook_that_always_fails_never_comes_to_rest(make: MakeAgent) -> None:
    agent = make("exit 1")
    agent.hook("start")

    with pytest.raises(NotSettledError, match=r"tiny/0 start \(exit code 1\)"):
        agent.settle(bound=3)


# What others do.


def test_changes_in_a_row_bring_one_hook(make: MakeAgent) -> None:
    agent = make("true")
    relation = agent.relate("db", "postgres", {"postgres/0": {}})
    agent.settle()

    for value in "abc":
        agent.update_remote(relation, "postgres/0", {"key": value})

    assert settled(agent) == ["db-relation-changed"]


def test_an_unchanged_remote_value_causes_nothing(make: MakeAgent) -> None:
    agent = make("true")
    relation = agent.relate("db", "postgres", {"postgres/0": {"key": "a"}})
    agent.settle()

    agent.update_remote(relation, "postgres/0", {"key": "a"})

    assert settled(agent) == []


@pytest.mark.parametrize(("version", "hooks"), [("3.6.9", 1), ("4.0.14", 2)])
def test_options_are_told_as_often_as_juju_does(make: MakeAgent, version: str, hooks: int) -> None:
    agent = make("true", juju_version=version)

    agent.config({"name": "y", "count": 3})

    assert settled(agent) == ["config-changed"] * hooks


@pytest.mark.parametrize(("version", "hooks"), [("3.6.9", 1), ("4.0.14", 0)])
def test_a_reset_is_told_by_juju_3_only(make: MakeAgent, version: str, hooks: int) -> None:
    agent = make("config-get name", juju_version=version)
    agent.config({"name": "y"})
    agent.settle()

    agent.config({"name": None})

    assert settled(agent) == ["config-changed"] * hooks
    assert agent.hook("update-status").stdout == "x\n"


def test_the_same_option_again_causes_nothing(make: MakeAgent) -> None:
    agent = make("true")
    agent.config({"name": "y"})
    agent.settle()

    agent.config({"name": "y"})

    assert settled(agent) == []


def test_setting_an_option_to_its_default_is_told(make: MakeAgent) -> None:
    agent = make("true")

    agent.config({"name": "x"})

    assert settled(agent) == ["config-changed"] * 2


def test_a_secret_is_told_only_to_units_that_have_read_it(make: MakeAgent) -> None:
    agent = make('[ "$JUJU_HOOK_NAME" != start ] || secret-get $(config-get token)')
    secret = agent.add_secret({"key": "old"})
    agent.config({"token": secret})
    agent.settle()

    agent.update_secret(secret, {"key": "new"})
    assert settled(agent) == []

    agent.hook("start")
    agent.update_secret(secret, {"key": "newer"})
    assert settled(agent) == ["secret-changed"]


def test_grants_and_unchanged_content_of_a_secret_cause_nothing(make: MakeAgent) -> None:
    agent = make("secret-get $(config-get token) || true")
    secret = agent.add_secret({"key": "x"})
    agent.config({"token": secret})
    agent.settle()

    agent.update_secret(secret, {"key": "x"})
    agent.grant_secret(secret, granted=False)
    agent.grant_secret(secret)
    agent.remove_secret(secret)

    assert settled(agent) == []


def test_a_refresh_is_told_and_then_the_options(make: MakeAgent) -> None:
    agent = make("true")

    agent.refresh()

    assert settled(agent) == ["upgrade-charm", "config-changed"]


def test_a_unit_that_is_removed_leaves_its_relations_and_stops(make: MakeAgent) -> None:
    agent = make("echo $JUJU_DEPARTING_UNIT")
    agent.relate("db", "postgres", {"postgres/0": {}})
    agent.settle()

    agent.remove()

    last = agent.settle()
    assert [result.name for result in last] == [
        "db-relation-departed",
        "db-relation-broken",
        "stop",
        "remove",
    ]
    assert last[0].stdout == "tiny/0\n"


def test_a_departed_unit_can_still_be_read(make: MakeAgent) -> None:
    agent = make("relation-get -r 1 key postgres/0; relation-list -r 1")
    relation = agent.relate("db", "postgres", {"postgres/0": {"key": "a"}})
    agent.settle()

    agent.remove_remote(relation, "postgres/0")

    assert settled(agent) == ["db-relation-departed"]
    assert agent.hook("update-status").stdout == "a\n"


def test_a_databag_beyond_its_quota_fails_the_hook(make: MakeAgent) -> None:
    big = "import sys; sys.stdout.write('big: ' + 'a' * 17_000_000)"
    agent = make(f'python3 -c "{big}" | relation-set -r 0 --file -')

    result = agent.hook("start")

    assert "quota limit exceeded" in result.stderr
    assert not result.written


# Versions.


def test_a_version_that_is_not_modelled_is_refused(make: MakeAgent) -> None:
    with pytest.raises(ValueError, match=r"Juju 2\.9\.50 is not modelled"):
        make("true", juju_version="2.9.50")


def test_what_is_believed_of_juju_3_is_a_line_of_the_table() -> None:
    lines = {field.name for field in dataclasses.fields(behaviours.Behaviour)}

    assert lines > behaviours.BELIEVED


def test_a_follower_of_juju_3_is_told_of_leader_settings(make: MakeAgent) -> None:
    agent = make("true", leader=False, juju_version="3.6.9")

    assert "leader-settings-changed" in [result.name for result in agent.deploy()]
