"""The right to talk to the Juju controller: a secret of the operator's, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from coordinator.openstack import certificates
from coordinator.text import Secret, plain

KEYS = ("username", "password", "endpoints", "ca-cert", "model")
"""Keys of the secret; the first two are required."""

CA_FILE = " ca-cert#file=./ca.pem"
"""A certificate, as it is typed into a secret."""

_BETWEEN = r"[\s,]+"
_NAME = r"[a-zA-Z0-9][a-zA-Z0-9.+@-]*"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ENDPOINT = r"(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9.-]+):\d{1,5}"
_FORMS = {
    "username": (_NAME, "USER", "its username is no name of a Juju user"),
    "endpoints": (
        f"{_ENDPOINT}(?:{_BETWEEN}{_ENDPOINT})*",
        "ADDRESS:PORT",
        "its endpoints are not ADDRESS:PORT, separated by commas",
    ),
    "model": (
        f"{_NAME}/[a-z0-9][a-z0-9.-]*|{_UUID}",
        "OWNER/NAME",
        "its model is not OWNER/NAME or UUID (a NAME alone is the user's own)",
    ),
}
"""The form of a value, a word in its place, and the fault of one that has another form."""


class InvalidAccessError(ValueError):
    """The secret's content cannot be used.

    Attributes:
        content: all that it should have, as it is typed: good values as they are given, and a word
            in capitals for what only a person knows.
    """

    def __init__(self, fault: str, content: str) -> None:
        super().__init__(fault)
        self.content = content


class ControllerNotNamedError(Exception):
    """Juju did not tell which controller is the unit's."""


class Surroundings(msgspec.Struct, frozen=True):
    """The controller and the model, as Juju tells every unit.

    Attributes:
        endpoints: addresses with ports (JUJU_API_ADDRESSES).
        certificate: the controller's CA certificate (agent.conf: `cacert`), or empty.
        controller: UUID of the controller (agent.conf: `controller`), or empty.
        model: UUID of the unit's own model; `shown` is its name.
        channel: of the snap juju that fits the controller, such as `3.6/stable`.
        us: name of the coordinator's application.
    """

    endpoints: tuple[str, ...]
    certificate: str
    controller: str
    model: str
    shown: str
    channel: str = ""
    us: str = ""


class Access(Surroundings, frozen=True, kw_only=True):
    """A user of the Juju controller, and where that is: as the secret says, else as Juju does.

    Attributes:
        secret: URI of the secret.
        extra: what the secret has besides username and password, as an operator would type it.
    """

    username: str
    password: Secret
    secret: str = ""
    extra: str = ""


def parse(content: Mapping[str, str], around: Surroundings, secret: str = "") -> Access:
    """Read the content of the secret that the option `juju-access` names.

    Raises:
        InvalidAccessError: saying what is wrong with it, without its values.
        ControllerNotNamedError: nothing is wrong with it.
    """
    given = {key: value.strip() for key, value in content.items()}
    if fault := _fault_of(given):
        raise InvalidAccessError(fault, _retyped(given))
    if not around.controller:
        raise ControllerNotNamedError
    endpoints = given.get("endpoints")
    access = Access(
        endpoints=tuple(re.split(_BETWEEN, endpoints)) if endpoints else around.endpoints,
        certificate=given.get("ca-cert") or around.certificate,
        controller=around.controller,
        model=given.get("model") or around.model,
        shown=given.get("model") or around.shown,
        channel=around.channel,
        us=around.us,
        username=given["username"],
        password=Secret(given["password"]),
        secret=secret,
        extra=_typed(given),
    )
    # Juju tells them to every unit
    for key, known in (("endpoints", access.endpoints), ("ca-cert", access.certificate)):
        if not known:
            fault = f"it lacks the key {key}, and Juju did not tell the controller's"
            raise InvalidAccessError(fault, _retyped({**given, key: "?"}))
    return access


def _fault_of(given: Mapping[str, str]) -> str:
    """The fault of the content; empty where it is good."""
    unknown = sorted(given.keys() - set(KEYS))
    if unknown:
        name = plain(unknown[0], 40)
        return f"it has the unknown key {name} (keys are {', '.join(KEYS)})"
    for key in ("username", "password"):
        if not given.get(key):
            return f"it lacks the key {key}"
    return next(filter(None, (_wrong(key, value) for key, value in given.items() if value)), "")


def _wrong(key: str, value: str) -> str:
    """The fault of a value; empty where it is good."""
    if key == "ca-cert" and (fault := certificates.fault_of(value)):
        return f"its ca-cert is no PEM certificate ({fault})"
    if key in _FORMS:
        form, _, fault = _FORMS[key]
        return "" if re.fullmatch(form, value) else fault
    return ""


def _typed(given: Mapping[str, str]) -> str:
    """The words that an operator types to say the same again."""
    keys = [key for key in ("endpoints", "model") if given.get(key)]
    words = [f" {key}={re.sub(_BETWEEN, ',', given[key])}" for key in keys]
    return "".join(words) + (CA_FILE if given.get("ca-cert") else "")


def _retyped(given: Mapping[str, str]) -> str:
    """All of the content anew, with a word in capitals for each value that is wrong."""
    known = {key: value for key, value in given.items() if value}
    for key, (_, word, _) in _FORMS.items():
        if key in known and _wrong(key, known[key]):
            known[key] = word
    user = known.get("username", "USER")
    return f" username={user} password#file=./password{_typed(known)}"
