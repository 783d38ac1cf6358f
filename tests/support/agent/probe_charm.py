"""The charm of the recordings: it only writes a key into its databag where a relation ends."""

from __future__ import annotations

import pathlib

import yaml

BINDINGS = {
    "peers": {"friends": {"interface": "friends"}},
    "requires": {"out": {"interface": "probe"}},
    "provides": {"in": {"interface": "probe"}},
    "extra-bindings": {"public": None},
}
OPTIONS = {
    "b": {"type": "boolean", "default": False},
    "fail": {"type": "string", "default": ""},
    "none": {"type": "string"},
    "num": {"type": "int", "default": 1},
    "o": {"type": "string", "default": "x"},
    "run": {"type": "string", "default": ""},
    "sec": {"type": "secret"},
}
DISPATCH = """\
#!/bin/sh
case $JUJU_HOOK_NAME in
*-departed | *-broken) relation-set "late=$JUJU_HOOK_NAME" ;;
esac
"""


def write(folder: pathlib.Path, name: str) -> pathlib.Path:
    """Write the charm of an application, and give its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    dispatch = folder / "dispatch"
    dispatch.write_text(DISPATCH)
    dispatch.chmod(0o755)
    (folder / "metadata.yaml").write_text(yaml.safe_dump({"name": name, **BINDINGS}))
    (folder / "config.yaml").write_text(yaml.safe_dump({"options": OPTIONS}))
    (folder / "actions.yaml").write_text(yaml.safe_dump({"ok": {}}))
    return folder
