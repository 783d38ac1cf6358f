"""What a run on a real controller needs, and the one line that says what is missing."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from tests.integration import juju_outputs
from tests.integration.full_model import BASE

GUIDE = "tests/integration/README.md"
PATIENCE = 30.0
"""Seconds for one question; a client without a controller that answers would go on for ever."""
LOCAL_CLOUDS = ("localhost", "lxd")
"""Names of the cloud that LXD on the machine of the client is."""


def missing(environment: Mapping[str, str], patience: float = PATIENCE) -> str:
    """What is missing, in one line; empty where nothing is.

    Args:
        environment: the variables: `PATH` and `CHARM_PATH` decide.
        patience: seconds for each question to juju and lxc.
    """
    return (
        _missing_client(environment)
        or _missing_charm(environment)
        or _missing_controller(environment, patience)
    )


def _missing_client(environment: Mapping[str, str]) -> str:
    if shutil.which("juju", path=environment.get("PATH")):
        return ""
    return f"no juju command is on PATH: sudo snap install juju ({GUIDE})"


def _missing_charm(environment: Mapping[str, str]) -> str:
    given = environment.get("CHARM_PATH", "")
    if not given:
        return f"CHARM_PATH is not set: charmcraft pack, then CHARM_PATH=FILE.charm ({GUIDE})"
    path = pathlib.Path(given)
    if not path.is_file():
        return f"CHARM_PATH names no file: {given}"
    bases = _bases(path)
    if bases is None:
        return f"CHARM_PATH names no packed charm: {given}"
    if BASE not in bases:
        return f"CHARM_PATH is packed for {', '.join(bases) or 'no base'}, not for {BASE}: {given}"
    return ""


def _bases(charm: pathlib.Path) -> list[str] | None:
    """The bases that a charm is packed for; None where it is no charm."""
    try:
        with zipfile.ZipFile(charm) as archive:
            manifest = yaml.safe_load(archive.read("manifest.yaml"))
        return [f"{base['name']}@{base['channel']}" for base in manifest["bases"]]
    except (OSError, zipfile.BadZipFile, yaml.YAMLError, KeyError, TypeError):
        return None


def _missing_controller(environment: Mapping[str, str], patience: float) -> str:
    answer = _ask(("juju", "show-controller", "--format", "json"), environment, patience)
    if answer is None:
        return f"the Juju controller does not answer in {patience:g} seconds: juju controllers"
    if answer.returncode != 0:
        said = juju_outputs.last_error(answer.stderr)
        return f"juju has no controller ({said}): juju bootstrap localhost ({GUIDE})"
    try:
        shown: dict[str, Any] = json.loads(answer.stdout)
    except ValueError:
        return "juju show-controller prints no JSON: is the juju on PATH Juju 3.6 or 4.0?"
    faults = [_fault_of(name, controller) for name, controller in shown.items()]
    if any(faults):
        return next(filter(None, faults))
    clouds = [(controller.get("details") or {}).get("cloud") for controller in shown.values()]
    local = any(cloud in LOCAL_CLOUDS for cloud in clouds)
    return _missing_image(environment, patience) if local else ""


def _fault_of(name: str, controller: Mapping[str, Any]) -> str:
    """Why a controller cannot be used; empty where it can."""
    errors = controller.get("errors") or []
    if errors:
        return f"the Juju controller {name} cannot be used: {errors[0]}"
    access = (controller.get("account") or {}).get("access", "")
    if access and access != "superuser":
        return f"the Juju user of {name} has {access} access, not superuser: juju login"
    return ""


def _missing_image(environment: Mapping[str, str], patience: float) -> str:
    """Where LXD has the base neither itself nor from a server, no machine can be made of it."""
    if not shutil.which("lxc", path=environment.get("PATH")):
        return ""
    listed = _ask(("lxc", "image", "list", "--format", "json"), environment, patience)
    if listed is None or listed.returncode != 0 or _is_listed(listed.stdout):
        return ""
    channel = BASE.partition("@")[2]
    remote = _ask(("lxc", "image", "info", f"ubuntu:{channel}"), environment, patience)
    if remote is not None and remote.returncode == 0:
        return ""
    alias = f"juju/{BASE}/ARCH"
    return f"LXD has no image of {BASE}, locally as {alias} or from its server ({GUIDE})"


def _is_listed(printed: str) -> bool:
    """Whether an image has the alias under which Juju looks for the base."""
    try:
        images: Sequence[Mapping[str, Any]] = json.loads(printed) or []
    except ValueError:
        return False
    names = [alias["name"] for image in images for alias in image.get("aliases") or ()]
    return any(name.startswith(f"juju/{BASE}/") for name in names)


def _ask(
    command: Sequence[str], environment: Mapping[str, str], patience: float
) -> subprocess.CompletedProcess[str] | None:
    """What a command answers; None where it does not in time."""
    program = shutil.which(command[0], path=environment.get("PATH")) or command[0]
    try:
        return subprocess.run(
            [program, *command[1:]],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None


def missing_here() -> str:
    """What is missing for a run from this shell."""
    return missing(os.environ)
