"""What every hook command works on, and how its words are read and its answer is written."""

from __future__ import annotations

import argparse
import collections.abc
import dataclasses
import json
import typing

import yaml

from tests.support.agent import behaviours, unit_state
from tests.support.packing import charm_files


class CommandError(Exception):
    """A hook command refuses; the text goes to its stderr after `ERROR `."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


class Parser(argparse.ArgumentParser):
    """argparse that answers instead of exiting, in Juju's words, and reads Go's `--flag=true`."""

    def __init__(self, command: str, missing: str = "") -> None:
        """Make it; `missing` is what Juju says where words are missing."""
        super().__init__(prog=command, add_help=False, allow_abbrev=False)
        self._missing = missing

    def add_switch(self, *names: str) -> None:
        """Add a flag that is true when bare and may be given as `--flag=true|false`."""
        self.add_argument(*names, action="store_true")

    def parse(self, words: list[str]) -> argparse.Namespace:
        """Parse the words after the command's name.

        Raises:
            CommandError: with exit code 2, as Juju's own commands exit.
        """
        end = words.index("--") if "--" in words else len(words)
        switched = [word for word in map(_go_switch, words[:end]) if word is not None]
        asked, extra = self.parse_known_args([*switched, *words[end:]])
        if extra and extra[0].startswith("-"):
            flag = extra[0].partition("=")[0]
            raise CommandError(f"option provided but not defined: {flag}", code=2)
        if extra:
            raise CommandError(f"unrecognized args: {json.dumps(extra)}", code=2)
        return asked

    def error(self, message: str) -> typing.NoReturn:
        """Refuse the words."""
        raise CommandError(self._missing or message, code=2)


def _go_switch(word: str) -> str | None:
    name, _, value = word.partition("=")
    if not name.startswith("--") or value.lower() not in ("true", "false"):
        return word
    return name if value.lower() == "true" else None


@dataclasses.dataclass
class HookContext:
    """One hook while it runs.

    `databags` is a copy that replaces the unit's own only when the hook succeeds; statuses,
    the workload version and the log take effect at once, as with Juju.
    """

    app: str
    unit: str
    leader: bool
    model_uuid: str
    address: str
    files: charm_files.CharmFiles
    behaviour: behaviours.Behaviour
    config: dict[str, object]
    databags: unit_state.Databags
    resources: collections.abc.Mapping[str, str]
    unit_status: unit_state.Status
    app_status: unit_state.Status
    workload_version: str
    peer_statuses: collections.abc.Mapping[str, unit_state.Status]
    relation_id: int | None = None
    remote_unit: str = ""
    action: unit_state.ActionRun | None = None
    log: list[unit_state.LogLine] = dataclasses.field(default_factory=list[unit_state.LogLine])
    statuses: list[unit_state.Status] = dataclasses.field(default_factory=list[unit_state.Status])
    app_statuses: list[unit_state.Status] = dataclasses.field(
        default_factory=list[unit_state.Status]
    )
    commands: list[str] = dataclasses.field(default_factory=list[str])
    reboot: bool = False

    def relation(self, reference: str | None) -> unit_state.Relation:
        """The relation named by `-r ID` or `-r ENDPOINT:ID`, else that of the hook.

        Raises:
            CommandError: "relation not found", the words by which ops knows a missing relation.
        """
        if reference is None:
            if self.relation_id is None:
                raise CommandError("no relation id specified", code=2)
            return self.databags.relations[self.relation_id]
        endpoint, _, number = reference.rpartition(":")
        relation = self.databags.relations.get(int(number)) if number.isdigit() else None
        if relation is None or endpoint not in ("", relation.endpoint):
            raise CommandError(f'invalid value "{reference}" for option -r: relation not found', 2)
        return relation

    def must_lead(self, message: str) -> None:
        """Refuse what only the leader may do."""
        if not self.leader:
            raise CommandError(message)


def render(value: object, form: str) -> str:
    """A command's answer: as JSON where `--format=json` asks for it, else as text for people."""
    if form == "json":
        return json.dumps(value, separators=(",", ":")) + "\n"
    if form == "smart" and isinstance(value, list):
        return "".join(f"{item}\n" for item in value)
    if isinstance(value, dict | list):
        return yaml.safe_dump(value)
    return "" if value is None or value == "" else f"{value}\n"
