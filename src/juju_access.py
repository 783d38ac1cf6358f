"""What Juju and the operator tell about the controller: agent.conf, and the secret juju-access."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Mapping
from typing import Any, cast

import ops
import yaml

from coordinator.juju import access, errors

_NOT_GRANTED = "permission denied|is not allowed to read this secret"
"""What the hook command secret-get says of a secret that is not granted: Juju 3, and 4.0."""

_CONTROLLER = re.compile(r"controller-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
"""The controller in the settings of an agent."""


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
    content = _read_secret(model, secret)
    if isinstance(content, errors.JujuFault):
        return content
    try:
        return access.parse(content, _surroundings(us, environment, charm_dir), secret)
    except access.InvalidAccessError as error:
        return errors.access_invalid(secret, str(error), error.content)
    except access.ControllerNotNamedError:
        return errors.controller_not_named(us, str(_agent_file(charm_dir)))


def _read_secret(model: ops.Model, secret: str) -> Mapping[str, str] | errors.JujuFault:
    """The newest content of the secret, or why Juju does not give it."""
    us = model.app.name
    try:
        return model.get_secret(id=secret).get_content(refresh=True)
    except ops.SecretNotFoundError:
        return errors.access_gone(us, secret)
    except ops.ModelError as error:
        if re.search(_NOT_GRANTED, str(error)):
            return errors.access_not_granted(us, secret)
        return errors.access_unreadable(secret, str(error))


def _surroundings(
    us: str, environment: Mapping[str, str], charm_dir: pathlib.Path
) -> access.Surroundings:
    settings = _agent_settings(_agent_file(charm_dir))
    tag = _CONTROLLER.fullmatch(str(settings.get("controller", "")))
    return access.Surroundings(
        endpoints=tuple(environment.get("JUJU_API_ADDRESSES", "").split()),
        certificate=str(settings.get("cacert", "")).strip(),
        controller=tag[1] if tag else "",
        model=environment.get("JUJU_MODEL_UUID", ""),
        shown=environment.get("JUJU_MODEL_NAME", ""),
        channel=channel(environment),
        us=us,
    )


def _agent_file(charm_dir: pathlib.Path) -> pathlib.Path:
    return charm_dir.parent / "agent.conf"


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
