"""A Juju model that is there for one run, and a juju command that always ends."""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import tempfile
from collections.abc import Callable, Iterator

import jubilant

COMMAND_LIMIT = 300
"""Seconds that one juju command may take."""
STEP_LIMIT = 60
"""Seconds that Juju may take for each step of a model's removal."""

CONFIG = {
    "logging-config": "<root>=INFO;unit=DEBUG",
    # the testers need no packages, and machines are there sooner without
    "enable-os-refresh-update": False,
    "enable-os-upgrade": False,
}
"""Of the model."""


@contextlib.contextmanager
def working_folder(juju: str) -> Iterator[pathlib.Path]:
    """A temporary folder that the juju client can read: the snap sees no /tmp.

    Args:
        juju: path of the client.
    """
    parent: pathlib.Path | None = None
    if "/snap/" in juju:
        parent = pathlib.Path.home() / "snap/juju/common"
        parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix="telemetry-integration-") as folder:
        yield pathlib.Path(folder)


def bounded(juju: str, folder: pathlib.Path) -> jubilant.Juju:
    """A client of which every command ends in time.

    Args:
        juju: path of the real one.
        folder: where the command is written; jubilant tells by this path whether it is the snap.
    """
    script = folder / "juju"
    limit = f"timeout --foreground --kill-after=10 {COMMAND_LIMIT}"
    script.write_text(f'#!/bin/sh\nexec {limit} "{juju}" "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return jubilant.Juju(cli_binary=str(script))


@contextlib.contextmanager
def fresh(juju: jubilant.Juju, name: str, tell: Callable[[str], None]) -> Iterator[jubilant.Juju]:
    """A new model; it is gone afterwards, whatever happens.

    Args:
        juju: the client, which then speaks of this model.
        name: of the model.
        tell: is given a line when the model cannot be removed.
    """
    try:
        juju.add_model(name, config=CONFIG)
        yield juju
    finally:
        try:
            juju.destroy_model(
                name, destroy_storage=True, force=True, no_wait=True, timeout=STEP_LIMIT
            )
        except jubilant.CLIError as error:
            if "not found" not in error.stderr:
                said = (error.stderr or "it did not end in time").strip().splitlines()[-1]
                tell(
                    f"the model {name} may be left ({said}): juju destroy-model {name} "
                    "--force --no-wait --destroy-storage --no-prompt"
                )


def public_keys(data: pathlib.Path, home: pathlib.Path) -> list[str]:
    """The keys with which `juju ssh` and `juju scp` may come: the client's own, then the user's.

    Args:
        data: the client's folder.
        home: the user's.

    Raises:
        LookupError: where there is none.
    """
    files = [*sorted(data.glob("ssh/*.pub")), *sorted(home.glob(".ssh/*.pub"))]
    if not files:
        raise LookupError(f"no public key is in {data}/ssh or {home}/.ssh: ssh-keygen -t ed25519")
    return [file.read_text(encoding="utf-8").strip() for file in files]


def client(environment_path: str | None = None) -> str:
    """Path of the juju client.

    Raises:
        LookupError: where there is none.
    """
    found = shutil.which("juju", path=environment_path)
    if found is None:
        raise LookupError("no juju command is on PATH")
    return found
