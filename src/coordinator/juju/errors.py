"""Faults on the way through the Juju controller, each with its remedy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from coordinator.juju.access import CA_FILE, Access
from coordinator.juju.controller_back_off import BackOff
from coordinator.report.finding import Cause
from coordinator.text import plain

OPTION = "juju-access"


class JujuFault(msgspec.Struct, frozen=True):
    """A reason why the controller could not be asked, or would not do what it was asked.

    Attributes:
        summary: one short line, without secrets.
        later: what happens next by itself, such as when it is tried again. It changes while the
            fault stays the same, so it belongs in logs and results only.
    """

    cause: Cause
    summary: str
    remedy: str
    later: str = ""


class JujuError(Exception):
    """The controller could not be asked, or would not do it."""

    def __init__(self, fault: JujuFault) -> None:
        super().__init__(fault.summary)
        self.fault = fault


class UnclearError(JujuError):
    """The controller may have done it, and did not say."""


# The secret


def access_not_set(us: str) -> JujuFault:
    """There is no secret."""
    return JujuFault(
        Cause.NO_ACCESS, f"{OPTION} is not set", f"juju config {us} {OPTION}=secret:ID"
    )


def access_gone(us: str, secret: str) -> JujuFault:
    """The secret that the option names does not exist, or is not granted: Juju may not tell."""
    return JujuFault(
        Cause.NO_ACCESS,
        f"{OPTION}: its secret is not there, or not granted",
        f"juju grant-secret {plain(secret, 80)} {us}, or juju config {us} {OPTION}=secret:ID "
        "where that finds none",
    )


def access_not_granted(us: str, secret: str) -> JujuFault:
    """The secret is there for others."""
    summary = f"{OPTION}: its secret is not granted"
    return JujuFault(Cause.NO_ACCESS, summary, f"juju grant-secret {plain(secret, 80)} {us}")


def access_unreadable(secret: str, said: str) -> JujuFault:
    """Juju did not give the secret, for a reason of its own."""
    summary = f"{OPTION}: its secret could not be read: {last_words(said)}"
    return JujuFault(Cause.JUJU_ERROR, summary, f"juju show-secret {plain(secret, 80)}")


def access_invalid(secret: str, fault: str, content: str) -> JujuFault:
    """The secret's content cannot be used; a new content replaces all of it."""
    summary = f"{OPTION}: its secret cannot be used, {fault}"
    remedy = f"juju update-secret {plain(secret, 80)}{content}"
    return JujuFault(Cause.BAD_ACCESS, summary, remedy)


def controller_not_named(us: str, file: str) -> JujuFault:
    """The unit agent's settings do not name the controller."""
    summary = f"{OPTION}: {file} does not name the controller, or could not be read"
    return JujuFault(Cause.JUJU_ERROR, summary, f"juju exec --application {us} -- ls -l {file}")


# The client


def no_client(channel: str, fault: str, unit: str) -> JujuFault:
    """The juju command is not there; with a fault, its snap could not be installed."""
    tried = f"the juju client could not be installed: {plain(fault, 150)}"
    summary = tried if fault else "there is no juju client on the unit"
    install = f"sudo snap install juju --channel={channel}"
    return JujuFault(Cause.NO_CLIENT, summary, f"juju exec --unit {unit} -- {install}")


# The controller


class _Kind(NamedTuple):
    """One way in which the juju client fails: a pattern of what it says, and templates."""

    words: str
    cause: Cause
    summary: str
    remedy: str


_KINDS = (
    _Kind(
        "major version",
        Cause.NO_CLIENT,
        "the juju client does not fit the controller: {said}",
        "juju exec --application {us} -- sudo snap refresh juju --channel={channel}",
    ),
    _Kind(
        # Juju says the same of a user who is disabled or removed
        "invalid entity name or password|login expired|please enter password|cannot log in|"
        "not logged|must be run interactively",
        Cause.LOGIN_REFUSED,
        "the Juju controller does not take the password of {user}, or the user is disabled",
        "juju change-user-password {user}, then, with it in ./password, {update}; or, where "
        "juju show-user {user} says disabled, juju enable-user {user}",
    ),
    _Kind(
        "x509|certificate",
        Cause.NO_CONTROLLER,
        "the certificate of the Juju controller at {where} is not trusted",
        "juju show-controller, then, with the CA that it shows, {update_ca}",
    ),
    _Kind(
        "unable to connect to API|cannot connect|connection refused|i/o timeout|"
        "no route to host|dial tcp|no such host|cannot resolve|connection (?:is shut down|reset)",
        Cause.NO_CONTROLLER,
        "the Juju controller does not answer at {where}",
        "juju show-controller",
    ),
    _Kind(
        r"application \S+ not found",
        Cause.NO_CEILOMETER,
        "the application {application} is not in the Juju model",
        "juju status --model {model}",
    ),
    _Kind(
        r"action \S+ not defined|no actions? (?:is |are )?defined",
        Cause.NO_ACTION,
        "the charm of {application} has no action ceilometer-upgrade",
        "juju refresh {application}",
    ),
    _Kind(
        # a user of no model at all is told that the controller has none
        r"models? (?:for controller )?\S+ (?:not found|has been removed)",
        Cause.NOT_PERMITTED,
        "the Juju user {user} has no access to the model {model}",
        "juju grant {user} write {model}",
    ),
    _Kind(
        "permission denied|unauthorized access",
        Cause.NOT_PERMITTED,
        "the Juju user {user} may not run actions in the model {model}",
        "juju grant {user} write {model}",
    ),
    _Kind("", Cause.JUJU_ERROR, "juju failed: {said}", "juju status {application}"),
)


def of_client(said: str, access: Access, application: str = "") -> JujuFault:
    """The fault behind what the juju client said on standard error, asked about an application."""
    text = said.replace(access.password, "***")
    kind = next(kind for kind in _KINDS if re.search(kind.words, text))
    names = {
        "user": access.username,
        "where": access.endpoints[0],
        "model": access.shown,
        "application": application,
        "said": last_words(text),
        "us": access.us,
        "channel": access.channel,
        "update": _update(access, access.extra),
        "update_ca": _update(access, f"{access.extra.replace(CA_FILE, '')}{CA_FILE}"),
    }
    remedy = kind.remedy.format(**names).rstrip()
    return JujuFault(kind.cause, kind.summary.format(**names), remedy)


def _update(access: Access, extra: str) -> str:
    """The command for a new content of the secret: all of it, since what it omits is gone."""
    given = f"username={access.username} password#file=./password{extra}"
    return f"juju update-secret {plain(access.secret, 80)} {given}"


def silent(access: Access, back_off: BackOff | None = None) -> JujuFault:
    """The client did not end in time, and the controller is not asked again for a while."""
    summary = f"the Juju controller did not answer in time at {access.endpoints[0]}"
    later, form = "", "%Y-%m-%d %H:%M UTC"  # all times of the coordinator are in UTC
    if back_off is not None:
        summary = f"{summary} (since {back_off.since:{form}})"
        later = f"it is asked again after {back_off.until:{form}}"
    return JujuFault(Cause.NO_CONTROLLER, summary, "juju show-controller", later)


def not_understood(what: str, us: str) -> JujuFault:
    """The client's answer is not of the form that it should be."""
    remedy = f"juju exec --application {us} -- /snap/bin/juju version"
    return JujuFault(Cause.JUJU_ERROR, f"juju's answer about {what} is not understood", remedy)


def last_words(text: str) -> str:
    """The last line that says something, without its level."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return plain(lines[-1].removeprefix("ERROR "), 150) if lines else "it gave no reason"


# The model


def no_ceilometer(model: str) -> JujuFault:
    """No application of the ceilometer charm is in the model."""
    summary = "no application of the charm ceilometer is in the Juju model"
    return JujuFault(Cause.NO_CEILOMETER, summary, f"juju status --model {model}")


def several_ceilometers(names: Sequence[str], us: str, *, related: bool) -> JujuFault:
    """It is not clear which application is meant; a relation to the coordinator decides."""
    summary = f"several applications are of the charm ceilometer: {', '.join(names)}"
    remedy = (
        f"juju remove-relation {us}:member {names[-1]}"
        if related
        else f"juju integrate {us}:member {names[0]}:juju-info"
    )
    return JujuFault(Cause.SEVERAL_CEILOMETERS, summary, remedy)
