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


def is_leader() -> bool:
    """Whether this unit leads."""
    return bool(read("is-leader"))


def relations(endpoint: str) -> list[str]:
    """The ids of an endpoint's relations."""
    return read("relation-ids", endpoint) or []


def remote_databags(relation: str) -> list[dict[str, str]]:
    """The databags of a relation's remote units."""
    units = read("relation-list", "-r", relation) or []
    return [read("relation-get", "-r", relation, "-", unit) or {} for unit in units]


def own_databag(relation: str, *, app: bool = False) -> dict[str, str]:
    """The databag of this unit, or of its application: the leader may read that, and peers."""
    unit = os.environ["JUJU_UNIT_NAME"]
    words = ["--app", "-", unit.partition("/")[0]] if app else ["-", unit]
    return read("relation-get", "-r", relation, *words) or {}


def publish(relation: str, data: dict[str, str], *, app: bool = False) -> None:
    """Write into the own databag."""
    words = [f"{key}={value}" for key, value in data.items()]
    if words:
        call("relation-set", "-r", relation, *(["--app"] if app else []), *words)


def status(level: str, message: str = "") -> None:
    """Set the unit's status."""
    call("status-set", level, message)
