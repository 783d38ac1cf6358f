"""A charm of a few lines, for tests of the agent itself."""

from __future__ import annotations

import collections.abc
import pathlib
import sys

import yaml

from tests.support.agent import agent

METADATA = {
    "name": "tiny",
    "requires": {"db": {"interface": "db"}, "other": {"interface": "db"}},
    "peers": {"friends": {"interface": "friends"}},
}
OPTIONS = {
    "name": {"type": "string", "default": "x"},
    "count": {"type": "int"},
    "token": {"type": "secret"},
}
ACTIONS = {
    "greet": {
        "params": {"who": {"type": "string"}, "how": {"type": "string", "default": "loud"}},
        "additionalProperties": False,
    }
}
MakeAgent = collections.abc.Callable[..., agent.Agent]


def write(folder: pathlib.Path, script: str) -> None:
    """Write the charm, with a shell script as its dispatch."""
    dispatch = folder / "dispatch"
    dispatch.write_text(f"#!/bin/sh\n{script}\n")
    dispatch.chmod(0o755)
    (folder / "metadata.yaml").write_text(yaml.safe_dump(METADATA))
    (folder / "config.yaml").write_text(yaml.safe_dump({"options": OPTIONS}))
    (folder / "actions.yaml").write_text(yaml.safe_dump(ACTIONS))


def python(code: str) -> str:
    """A script that runs Python with ops' own callers of hook commands."""
    return f"exec '{sys.executable}' -c '\nfrom ops import hookcmds\n{code}\n'"
