"""Hook commands, called as processes: the tester charms need nothing but Python."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess


def call(*words: str) -> str:
    """Run a hook command and give what it printed."""
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=60).stdout


def read(*words: str):
    """Run a hook command that reads, and give its answer."""
    return json.loads(call(*words, "--format=json") or "null")


def name() -> str:
    """What is to be done: the name of the hook or of the action."""
    return pathlib.PurePath(os.environ["JUJU_DISPATCH_PATH"]).name


def is_leaving() -> bool:
    """Whether this hook only says goodbye: nobody reads any more what it could publish."""
    said = name()
    return said in {"stop", "remove"} or said.endswith(("-relation-departed", "-relation-broken"))


def is_leader() -> bool:
    """Whether this unit leads."""
    return bool(read("is-leader"))


def relations(endpoint: str) -> list[str]:
    """The ids of an endpoint's relations."""
    return read("relation-ids", endpoint) or []


def remote_databags(relation: str) -> list[dict[str, str]]:
    """The databags of a relation's remote units."""
    units = _read_of(relation, "relation-list") or []
    return [_read_of(relation, "relation-get", "-", unit) or {} for unit in units]


def own_databag(relation: str, *, app: bool = False) -> dict[str, str]:
    """The databag of this unit, or of its application: the leader may read that, and peers."""
    unit = os.environ["JUJU_UNIT_NAME"]
    words = ["--app", "-", unit.partition("/")[0]] if app else ["-", unit]
    return _read_of(relation, "relation-get", *words) or {}


def publish(relation: str, data: dict[str, str], *, app: bool = False) -> None:
    """Write into the own databag."""
    words = [f"{key}={value}" for key, value in data.items()]
    if words:
        _call_for(relation, "relation-set", *(["--app"] if app else []), *words)


def status(level: str, message: str = "") -> None:
    """Set the unit's status."""
    call("status-set", level, message)


def _call_for(relation: str, command: str, *words: str) -> str:
    """Run a command about a relation; one that was torn away by force says nothing any more."""
    try:
        return call(command, "-r", relation, *words)
    except subprocess.CalledProcessError as error:
        if "not found" not in error.stderr:
            raise
        call("juju-log", f"{relation} is gone: {error.stderr.strip()}")
        return ""


def _read_of(relation: str, command: str, *words: str):
    """What a command about a relation answers; None where the relation, or the unit, is gone."""
    return json.loads(_call_for(relation, command, *words, "--format=json") or "null")
