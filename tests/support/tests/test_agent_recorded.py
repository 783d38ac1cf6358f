"""The stand-in for Juju's agent does and says what Juju 4.0.14 was recorded doing and saying."""

from __future__ import annotations

import collections
import collections.abc
import copy
import dataclasses
import itertools
import json
import pathlib
import re

import pytest

from tests.support.agent import hook_commands, probe_charm, recorded
from tests.support.agent.agent import Agent
from tests.support.agent.unit_group import UnitGroup

Group = collections.abc.Callable[..., UnitGroup]


@pytest.fixture
def group(tmp_path: pathlib.Path) -> collections.abc.Iterator[Group]:
    """Makes a model of units of the probe charm."""
    made: list[UnitGroup] = []
    numbers = itertools.count()

    def make(first_relation: int = 0) -> UnitGroup:
        def charm(app: str) -> pathlib.Path:
            return probe_charm.write(tmp_path / f"{app}-{next(numbers)}", app)

        made.append(UnitGroup(charm, first_relation))
        return made[-1]

    yield make
    for model in made:
        for unit in model.units.values():
            unit.close()


def related(group: Group) -> UnitGroup:
    """Two applications, probe and other, that are related; no hook has run."""
    model = group()
    model.add_unit("probe")
    model.add_unit("other")
    model.integrate("probe:out", "other:in")
    return model


# Hooks.


class Replay:
    """Does again what was done in a recording of hooks."""

    def __init__(self, group: Group) -> None:
        self.model = related(group)
        self._relation = max(self.model.units["probe/0"].databags.relations)
        self._secret = ""
        self._deeds: dict[str, collections.abc.Callable[..., object]] = {
            "deploy": lambda *_: None,
            "add-unit": self.model.add_unit,
            "write": self._write,
            "config": self._config,
            "run": lambda name, action: self.model.units[name].action(action),
            "exec": lambda name, script: self.model.units[name].execute(script),
            "refresh": lambda app: [unit.refresh() for unit in self.model.of(app)],
            "reboot": lambda name: self.model.units[name].reboot(),
            "lose": self._lose,
            "integrate": self._integrate,
            "remove-relation": lambda *_: self.model.remove_relation(self._relation),
            "remove-unit": self.model.remove_unit,
            "remove-application": self.model.remove_application,
            "add-secret": self._add_secret,
            "read-secret": self._read_secret,
            "grant-secret": lambda: self._each(Agent.grant_secret, True),
            "revoke-secret": lambda: self._each(Agent.grant_secret, False),
            "remove-secret": lambda: self._each(Agent.remove_secret),
            "update-secret": lambda *pairs: self._each(Agent.update_secret, content(pairs)),
        }

    def do(self, done: str) -> None:
        """Do what a segment of the recording says."""
        word, *words = done.split()
        self._deeds[word](*words)

    def _write(self, name: str, endpoint: str, *words: str) -> None:
        unit = self.model.units[name]
        unit.execute(f"relation-set -r {unit.relation_id(endpoint)} {' '.join(words)}")

    def _config(self, app: str, *words: str) -> None:
        values: dict[str, object] = {}
        if words[0] == "--reset":
            values |= dict.fromkeys(words[1].split(","))
        else:
            for key, text in content(words).items():
                value = self._secret if text == "SECRET" else text
                values[key] = int(value) if value.isdigit() else value
        for unit in self.model.of(app):
            unit.config(values)

    def _lose(self, name: str) -> None:
        """A machine stops, and another unit leads."""
        self.model.units[name].leader = False
        next(unit for unit in self.model.of("probe") if unit.unit != name).elect()

    def _integrate(self, one: str, other: str) -> None:
        self._relation = self.model.integrate(one, other)

    def _add_secret(self) -> None:
        first = {"username": "a", "password": "content-1"}
        units = list(self.model.units.values())
        self._secret = units[0].add_secret(first, granted=False)
        for unit in units[1:]:
            unit.databags.secrets |= copy.deepcopy(units[0].databags.secrets)

    def _read_secret(self, name: str) -> None:
        self.model.units[name].execute(f"secret-get {self._secret}")

    def _each(self, act: collections.abc.Callable[..., None], *words: object) -> None:
        for unit in self.model.of("probe"):
            act(unit, self._secret, *words)


def content(pairs: collections.abc.Iterable[str]) -> dict[str, str]:
    """The values of KEY=VALUE words."""
    return dict(pair.split("=", 1) for pair in pairs)


def by_relation(hooks: collections.abc.Iterable[tuple[str, ...]]) -> dict[str, list[str]]:
    """The hooks of each unit, for each endpoint: those of its relations and the unit's own.

    Juju goes through relations in no fixed order, and runs config-changed twice or once.
    """
    units: dict[str, list[str]] = collections.defaultdict(list)
    for unit, *words in hooks:
        if words != ["config-changed"] or units[unit][-1:] != ["config-changed"]:
            units[unit].append(" ".join(words))
    return {
        f"{unit} {endpoint}": [
            hook
            for hook in ran
            if "-relation-" not in hook or hook.startswith(f"{endpoint}-relation-")
        ]
        for unit, ran in units.items()
        for endpoint in ("friends", "out", "in")
    }


def test_hooks_run_in_the_recorded_order(group: Group) -> None:
    replay = Replay(group)
    for segment in recorded.read_hooks():
        replay.do(segment.done)
        # where a recording has no remote units, they are not compared
        has_remotes = any(len(hook) == 3 for hook in segment.hooks)
        ran = [
            (hook.unit, hook.name, *([hook.remote_unit] if has_remotes else []))
            for hook in replay.model.settle()
        ]
        stripped = [tuple(word for word in hook if word) for hook in ran]
        assert by_relation(stripped) == by_relation(segment.hooks), segment.done


# Hook commands.


def test_a_unit_has_the_recorded_hook_commands() -> None:
    recording = (recorded.FOLDER / "tools.txt").read_text().splitlines()

    assert set(hook_commands.COMMANDS) == set(recording[1:])


def check(unit: Agent, command: recorded.Command) -> None:
    """A unit prints what was recorded, and ends with the recorded code."""
    result = unit.execute(command.words)
    printed = recorded.without_accidents(result.hook.stdout + result.hook.stderr)
    said = (printed, result.hook.exit_code)
    assert said == (recorded.without_accidents(command.printed), command.code), command


def test_commands_answer_as_recorded(group: Group) -> None:
    model = group(first_relation=1)
    for _ in range(2):
        model.add_unit("acts")
    model.settle()
    for unit in model.units.values():
        unit.execute("status-set active ready")
    model.units["acts/0"].execute("status-set --application active ready")

    for command in recorded.read_commands("commands.txt"):
        check(model.units[command.unit], command)


def test_relations_are_read_and_written_as_recorded(group: Group) -> None:
    model = related(group)
    model.add_unit("probe")
    model.settle()
    model.units["probe/0"].execute("relation-set -r 0 u=2; relation-set -r 0 --app k=v3")
    model.units["probe/1"].execute("relation-set -r 0 u=1")
    model.settle()

    for command in recorded.read_commands("relations.txt"):
        if command.words == "related anew":
            model.remove_relation(2)
            model.settle()
            model.integrate("probe:out", "other:in")
            model.settle()
        else:
            check(model.units[command.unit], command)
            model.settle()


def test_secrets_are_read_as_recorded(group: Group) -> None:
    replay = Replay(group)
    replay.model.add_unit("probe")
    replay.model.settle()
    replay.do("add-secret")
    replay.do("grant-secret")
    units = replay.model.units
    (made,) = units["probe/0"].databags.secrets

    for command in recorded.read_commands("secrets.txt"):
        if command.unit:
            words = command.words.replace("1fddqr8bu0hct47lm1c0", made)
            check(units[command.unit], dataclasses.replace(command, words=words))
        else:
            replay.do(command.words)


def inside(command: recorded.Command) -> tuple[str, str, int]:
    """A command and its answer without what depends on when it ran, and on which machine."""
    printed = recorded.without_accidents(command.printed)
    for pattern in (r',?"late":"[^"]*"', r"192\.0\.2\.\d+", r"(?<=\{),"):
        printed = re.sub(pattern, "", printed)
    return command.words, printed, command.code


def script_of(unit: str) -> str:
    """A dispatch that runs, in a unit's recorded hooks, what was recorded in them."""
    key = '"$JUJU_UNIT_NAME $JUJU_HOOK_NAME${JUJU_REMOTE_UNIT:+ $JUJU_REMOTE_UNIT}"'
    lines = ["#!/bin/sh", f"case {key} in"]
    for hook, commands in recorded.read_inside().items():
        if hook.startswith(f"{unit} "):
            words = [command.words for command in commands]
            runs = [f"echo '$ {unit} {each}'; {each} 2>&1; echo \"--- $?\"" for each in words]
            lines += [f"'{hook}')", *runs, ";;"]
    return "\n".join([*lines, "esac", ""])


def test_commands_inside_the_last_hooks_of_a_relation_answer_as_recorded(group: Group) -> None:
    model = group(first_relation=2)
    for app in ("acts", "other", "acts"):
        model.add_unit(app)
    relation = model.integrate("acts:out", "other:in")
    model.settle()
    model.units["acts/0"].execute("relation-set -r 4 mine=by-unit-0")
    model.units["acts/0"].execute("relation-set -r 4 --app shared=by-the-leader")
    model.settle()
    for name, unit in model.units.items():
        (unit.charm_dir / "dispatch").write_text(script_of(name))

    model.remove_relation(relation)
    ran = {f"{hook.unit} {hook.name} {hook.remote_unit}".strip(): hook for hook in model.settle()}

    for key, commands in recorded.read_inside().items():
        answers = recorded.parse_commands(ran[key].stdout)
        assert len(commands) > 10
        assert [inside(answer) for answer in answers] == [inside(each) for each in commands], key


@pytest.mark.parametrize("command", recorded.read_commands("results.txt"), ids=lambda c: c.words)
def test_results_are_taken_as_recorded(group: Group, command: recorded.Command) -> None:
    unit = group().add_unit("acts")

    result = unit.execute(command.words)

    assert result.results == json.loads(command.printed)
    assert result.status == "completed"


# The environment.


@pytest.mark.parametrize("name", recorded.read_environments())
def test_a_hook_gets_the_recorded_variables(
    group: Group, tmp_path: pathlib.Path, name: str
) -> None:
    there = recorded.read_environments()[name]
    model = group(first_relation=1)
    acts = model.add_unit("acts")
    model.add_unit("acts")
    model.add_unit("other")
    relation = model.integrate("acts:out", "other:in")
    for unit in model.units.values():
        unit.environment.clear()
        (unit.charm_dir / "dispatch").write_text("#!/bin/sh\nexec env\n")
    secret = acts.add_secret({"username": "a"})
    ran = model.settle()
    acts.execute(f"secret-get {secret} --label the-label")
    acts.update_secret(secret, {"username": "b"})
    ran += [acts.hook("update-status"), acts.action("ok").hook, acts.execute("exec env").hook]
    ran += model.settle()
    model.remove_relation(relation)
    ran += model.settle()
    model.remove_unit("acts/1")
    ran += model.settle()

    given = [dict(line.split("=", 1) for line in hook.stdout.splitlines()) for hook in ran]
    compared = [
        {key: any_value(key, value, there) for key, value in one.items() if key in there}
        for one in given
        if key_set(one) == set(there)
    ]
    assert there in compared, name


def any_value(key: str, value: str, there: dict[str, str]) -> str:
    return "..." if value and there[key] == "..." else value


def key_set(variables: dict[str, str]) -> set[str]:
    return set(variables) - {"PWD", "SHLVL", "_"}
