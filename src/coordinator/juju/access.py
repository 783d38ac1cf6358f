"""The right to talk to the Juju controller: a secret of the operator's, checked. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

from coordinator.openstack import certificates

KEYS = ("username", "password", "endpoints", "ca-cert", "model")
"""Keys of the secret; the first two are required."""

CA_FILE = " ca-cert#file=./ca.pem"
"""How a certificate is typed into a secret."""

_BETWEEN = r"[\s,]+"
_USER = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9.+@-]*")
_MODEL = re.compile(
    r"[a-zA-Z0-9][a-zA-Z0-9.+@-]*/[a-z0-9][a-z0-9.-]*|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
_ENDPOINT = re.compile(r"(\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9.-]+):\d{1,5}")


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """What Juju tells every unit about its controller.

    Attributes:
        endpoints: addresses with ports (JUJU_API_ADDRESSES).
        certificate: the controller's CA certificate (agent.conf: `cacert`), or empty.
        controller: UUID of the controller (agent.conf: `controller`), or empty.
        model: UUID of the unit's own model.
        name: its name.
        channel: of the snap juju that fits the controller, such as `3.6/stable`.
        us: name of the coordinator's application.
    """

    endpoints: tuple[str, ...]
    certificate: str
    controller: str
    model: str
    name: str
    channel: str = ""
    us: str = ""


@dataclasses.dataclass(frozen=True)
class Access:
    """A user of the Juju controller, and where the controller is.

    Attributes:
        certificate: CA certificate (PEM) of the controller.
        controller: UUID of the controller.
        model: UUID or OWNER/NAME of the model that Ceilometer is in.
        shown: the model's name, for people.
        secret: URI of the secret that says so.
        extra: what the secret has besides username and password, as an operator would type it.
        channel: of the snap juju that fits the controller.
        us: name of the coordinator's application.
    """

    username: str
    password: str = dataclasses.field(repr=False)
    endpoints: tuple[str, ...]
    certificate: str
    controller: str
    model: str
    shown: str
    secret: str = ""
    extra: str = ""
    channel: str = ""
    us: str = ""


def parse(content: Mapping[str, str], around: Surroundings, secret: str = "") -> Access:
    """Read the content of the secret that the option `juju-access` names.

    Args:
        content: of the secret.
        around: what Juju tells beside it.
        secret: its URI.

    Raises:
        ValueError: saying what is wrong with it, without its values.
    """
    given = {key: value.strip() for key, value in content.items()}
    unknown = sorted(given.keys() - set(KEYS))
    if unknown:
        raise ValueError(f"it has the unknown key {unknown[0]} (keys are {', '.join(KEYS)})")
    for key in ("username", "password"):
        if not given.get(key):
            raise ValueError(f"it lacks the key {key}")
    if not _USER.fullmatch(given["username"]):
        raise ValueError("its username is no name of a Juju user")
    endpoints = tuple(re.split(_BETWEEN, given["endpoints"])) if given.get("endpoints") else ()
    if not all(_ENDPOINT.fullmatch(endpoint) for endpoint in endpoints):
        raise ValueError("its endpoints are not ADDRESS:PORT, separated by commas")
    model = given.get("model", "")
    if model and not _MODEL.fullmatch(model):
        raise ValueError("its model is not OWNER/NAME or UUID (a NAME alone is the user's own)")
    certificate = given.get("ca-cert", "")
    if certificate and (problem := certificates.problem_of(certificate)):
        raise ValueError(f"its ca-cert is no PEM certificate ({problem})")
    access = Access(
        username=given["username"],
        password=given["password"],
        endpoints=endpoints or around.endpoints,
        certificate=certificate or around.certificate,
        controller=around.controller,
        model=model or around.model,
        shown=model or around.name,
        secret=secret,
        extra=_typed(given),
        channel=around.channel,
        us=around.us,
    )
    _check_complete(access)
    return access


def _typed(given: Mapping[str, str]) -> str:
    """What an operator types to say the same again; a certificate comes from a file."""
    keys = [key for key in ("endpoints", "model") if given.get(key)]
    words = [f" {key}={re.sub(_BETWEEN, ',', given[key])}" for key in keys]
    return "".join(words) + (CA_FILE if given.get("ca-cert") else "")


def _check_complete(access: Access) -> None:
    """Juju tells these to every unit; what it did not tell, the secret has to."""
    if not access.endpoints:
        raise ValueError("it lacks the key endpoints, and Juju did not tell the controller's")
    if not access.certificate or not access.controller:
        raise ValueError("it lacks the key ca-cert, and the unit's agent.conf could not be read")
