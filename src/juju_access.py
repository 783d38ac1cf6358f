"""What Juju and the operator tell about the controller: agent.conf, and the secret juju-access."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Mapping
from typing import Any, cast

import ops
import yaml

from coordinator.juju import access, errors


def read_access(
    model: ops.Model,
    secret: str,
    environment: Mapping[str, str],
    charm_dir: pathlib.Path,
) -> access.Access | errors.JujuFault:
    """The right to talk to the controller, or why there is none.

    Args:
        model: the Juju model as this unit sees it.
        secret: the secret's URI; empty when the option is not set.
        environment: the hook's variables.
        charm_dir: the charm's folder; the unit agent's agent.conf is beside it.
    """
    us = model.app.name
    if not secret:
        return errors.access_not_set(us)
    try:
        content = model.get_secret(id=secret).get_content(refresh=True)
    except ops.SecretNotFoundError:
        return errors.access_gone(us, secret)
    except ops.ModelError as error:
        if "permission denied" in str(error):
            return errors.access_not_granted(us, secret)
        return errors.access_unreadable(secret, str(error))
    try:
        around = _surroundings(us, environment, charm_dir)
        return access.parse(content, around, secret)
    except ValueError as error:
        return errors.access_invalid(secret, str(error))


def _surroundings(
    us: str, environment: Mapping[str, str], charm_dir: pathlib.Path
) -> access.Surroundings:
    settings = _agent_settings(charm_dir.parent / "agent.conf")
    tag = str(settings.get("controller", ""))
    return access.Surroundings(
        endpoints=tuple(environment.get("JUJU_API_ADDRESSES", "").split()),
        certificate=str(settings.get("cacert", "")).strip(),
        controller=tag.removeprefix("controller-"),
        model=environment.get("JUJU_MODEL_UUID", ""),
        name=environment.get("JUJU_MODEL_NAME", ""),
        channel=channel(environment),
        us=us,
    )


def _agent_settings(path: pathlib.Path) -> Mapping[str, Any]:
    """The unit agent's settings; nothing where they cannot be read."""
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return cast("dict[str, Any]", settings) if isinstance(settings, dict) else {}


def channel(environment: Mapping[str, str]) -> str:
    """Channel of the snap juju that fits the controller, such as `3.6/stable`."""
    version = re.match(r"\d+\.\d+", environment.get("JUJU_VERSION", ""))
    return f"{version[0]}/stable" if version else "latest/stable"
