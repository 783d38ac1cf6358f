"""Stand-ins for the commands juju and lxc on a machine: what they answer, and how they end.

The answers of juju are believed, from its documentation, where a test does not name a recording:
`juju show-controller` was not recorded.
"""

from __future__ import annotations

import json
import pathlib
import shlex

NO_CONTROLLER = """ERROR No controllers registered.

Please either create a new controller using "juju bootstrap" or connect to
another controller that you have been given access to using "juju register".
"""
"""Believed: the documented words of a client without a controller."""


def put(folder: pathlib.Path, name: str, script: str) -> None:
    """Put a command into a folder of a PATH."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def answering(stdout: str = "", stderr: str = "", exit_code: int = 0) -> str:
    """A script that says this, whatever it is asked."""
    said = f"printf %s {shlex.quote(stdout)}; printf %s {shlex.quote(stderr)} >&2"
    return f"{said}; exit {exit_code}"


def controller(**changes: object) -> str:
    """What show-controller is believed to print of a controller on LXD."""
    shown = {
        "details": {"cloud": "localhost", "agent-version": "4.0.14"},
        "account": {"user": "admin", "access": "superuser"},
        **changes,
    }
    return json.dumps({"test": shown})


def images(*aliases: str) -> str:
    """What `lxc image list --format json` is believed to print."""
    return json.dumps([{"aliases": [{"name": alias}]} for alias in aliases])


def lxc(local: str, *, has_server: bool) -> str:
    """An lxc with these images, whose image server answers or does not."""
    return (
        f'if [ "$2" = list ]; then printf %s {shlex.quote(local)}; exit 0; fi; '
        f"exit {0 if has_server else 1}"
    )
