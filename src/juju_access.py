"""Access to the controller, from agent.conf and the secret juju-access."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Mapping

import ops
import yaml

from coordinator.juju import access, errors

_NOT_GRANTED = "permission denied|is not allowed to read this secret"
"""Errors of secret-get for a secret that is not granted: Juju 3, and 4.0."""

_CONTROLLER = re.compile(r"controller-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
"""The controller in the settings of an agent."""


def read_access(
    model: ops.Model,
    secret: str,
    environment: Mapping[str, str],
    charm_dir: pathlib.Path,
) -> access.Access | errors.JujuFault:
    """The right to talk to the controller, or the reason why there is none.

    Args:
        model: the Juju model as this unit sees it.
        secret: the secret's URI; empty when the option is not set.
        environment: the hook's variables.
        charm_dir: the charm's folder; agent.conf is beside it.
    """
    us = model.app.name
    if not secret:
        return errors.access_not_set(us)
    content = _read_secret(model, secret)
    if isinstance(content, errors.JujuFault):
        return content
    agent_conf = charm_dir.parent / "agent.conf"
    try:
        return access.parse(content, _surroundings(us, environment, agent_conf), secret)
    except access.InvalidAccessError as error:
        return errors.access_invalid(secret, str(error), error.content)
    except access.ControllerNotNamedError:
        return errors.controller_not_named(us, str(agent_conf))


def _read_secret(model: ops.Model, secret: str) -> Mapping[str, str] | errors.JujuFault:
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
    us: str, environment: Mapping[str, str], agent_conf: pathlib.Path
) -> access.Surroundings:
    certificate, tag = _agent_settings(agent_conf)
    controller = _CONTROLLER.fullmatch(tag)
    return access.Surroundings(
        endpoints=tuple(environment.get("JUJU_API_ADDRESSES", "").split()),
        certificate=certificate,
        controller=controller[1] if controller else "",
        model=environment.get("JUJU_MODEL_UUID", ""),
        shown=environment.get("JUJU_MODEL_NAME", ""),
        channel=channel(environment),
        us=us,
    )


def _agent_settings(path: pathlib.Path) -> tuple[str, str]:
    """The controller's certificate and tag in the unit agent's settings; empty where missing."""
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
        return str(settings.get("cacert", "")).strip(), str(settings.get("controller", ""))
    except (OSError, ValueError, AttributeError, yaml.YAMLError):
        return "", ""


def channel(environment: Mapping[str, str]) -> str:
    """Channel of the snap juju that fits the controller, such as `3.6/stable`."""
    version = re.match(r"\d+\.\d+", environment.get("JUJU_VERSION", ""))
    return f"{version[0]}/stable" if version else "latest/stable"
