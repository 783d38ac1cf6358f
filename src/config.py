"""The charm's options as one typed, validated value."""

from __future__ import annotations

import base64
import functools
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from coordinator.blueprint import systems
from coordinator.openstack import certificates as openstack_certificates
from coordinator.request import (
    CANARY_TIMEOUTS,
    VERIFY_TIMEOUTS,
    Depth,
    Limits,
    Thresholds,
)
from coordinator.upgrade.policy import Method, Trigger, UpgradePolicy

SERVICES = systems.SERVICES
"""Catalog types that the coordinator can verify without the option `blueprint`."""

INTERFACES = ("public", "internal", "admin")

_DEPTHS = {"off": Depth.SHALLOW, "on-change": Depth.CHANGES, "always": Depth.FULL}
"""Depth of a verification in a hook, by the option `deep-verification`."""

MOST_NAMES = 50
LONGEST_NAME = 255
"""Characters of the name of a role (Keystone) or of a metric (Gnocchi)."""

_Option = str | int | float | bool


class Settings(msgspec.Struct, frozen=True):
    """Valid options; see `config.yaml` for their meaning.

    Attributes:
        verify_timeout: seconds.
        extra_ca: PEM certificates, or empty.
        suite: suite of the Ubuntu Cloud Archive, such as `jammy-updates/antelope`; empty for the
            distribution itself.
        juju_access: URI of the secret with a user of the Juju controller, or empty.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    region: str
    interface: str
    verify_timeout: int
    extra_ca: str
    upgrade: UpgradePolicy
    suite: str
    requested_grants: tuple[str, ...]
    juju_access: str
    expiry: Limits
    depth: Depth
    thresholds: Thresholds


class OptionFault(msgspec.Struct, frozen=True):
    """An option with its value, and what is allowed instead."""

    text: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.text}; {self.allowed}"


class OptionsError(ValueError):
    """Some options have values that are not allowed: one fault for each."""

    def __init__(self, faults: Sequence[OptionFault]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults


def parse_services(text: str, allowed: Sequence[str]) -> tuple[str, ...]:
    """Comma-separated catalog types, at least one, each once.

    Raises:
        ValueError: saying what is allowed.
    """
    services = _any_of(text, allowed)
    if not services:
        raise ValueError(f"name at least one of {', '.join(allowed)}")
    return services


def _any_of(text: str, allowed: Sequence[str]) -> tuple[str, ...]:
    services = _items(text)
    if not set(services) <= set(allowed):
        raise ValueError(f"use {', '.join(allowed)}")
    return services


def _items(text: str) -> tuple[str, ...]:
    stripped = (item.strip() for item in text.split(","))
    return tuple(dict.fromkeys(item for item in stripped if item))


def parse_region(text: str) -> str:
    """The name of a region, or nothing.

    Raises:
        ValueError: saying what is allowed.
    """
    if " " in text or not text.isprintable():
        raise ValueError("give the name of one region")
    return text


def _one_of(*allowed: str) -> Callable[[str], str]:
    def parser(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"use one of {', '.join(allowed)}")
        return text

    return parser


def _number(allowed: range, told: str, *, or_zero: bool = False) -> Callable[[str], int]:
    told = told.format(allowed.start, allowed.stop - 1)

    def parser(text: str) -> int:
        number = int(text) if text.isascii() and text.isdigit() else -1
        if number not in allowed and not (or_zero and number == 0):
            raise ValueError(f"use {told}")
        return number

    return parser


def _names_of(what: str, forbidden: str) -> Callable[[str], tuple[str, ...]]:
    def parser(text: str) -> tuple[str, ...]:
        names = _items(text)
        if any(not name.isprintable() or set(name) & set(forbidden) for name in names):
            raise ValueError(f"separate the names of {what} by commas")
        if len(names) > MOST_NAMES or any(len(name) > LONGEST_NAME for name in names):
            raise ValueError(f"at most {MOST_NAMES} {what}, of {LONGEST_NAME} characters each")
        return names

    return parser


def _certificates(text: str) -> str:
    if not text:
        return ""
    if "-----BEGIN" not in text:
        try:
            text = base64.b64decode("".join(text.split()), validate=True).decode("ascii")
        except ValueError:
            raise ValueError("give CA certificates as PEM, or PEM in base64") from None
    fault = openstack_certificates.fault_of(text)
    if fault:
        raise ValueError(f"give CA certificates as PEM, or PEM in base64 ({fault})")
    return text


def _suite(text: str) -> str:
    """`distro`, or `cloud:SERIES-RELEASE[/POCKET]` as the OpenStack charms spell it."""
    if text == "distro":
        return ""
    match = re.fullmatch(r"cloud:([a-z]+)-([a-z]+|20\d\d\.\d)(?:/(updates|proposed))?", text)
    if not match:
        raise ValueError("use distro or a pocket such as cloud:jammy-antelope")
    series, release, pocket = match.groups()
    return f"{series}-{pocket or 'updates'}/{release}"


PARSERS: dict[str, Callable[[str], Any]] = {
    "region": parse_region,
    "interface": _one_of(*INTERFACES),
    "verify-timeout": _number(VERIFY_TIMEOUTS, "whole seconds from {} to {}"),
    "ssl-ca": _certificates,
    "upgrade-method": _one_of(*(method.value for method in Method)),
    "upgrade-policy": _one_of(*(trigger.value for trigger in Trigger)),
    "openstack-origin": _suite,
    "requested-grants": _names_of("roles", " "),
    "certificate-warning-days": _number(range(366), "whole days from {} to {}"),
    "certificate-failure-days": _number(range(366), "whole days from {} to {}"),
    "deep-verification": _one_of(*_DEPTHS),
    "canary-timeout": _number(CANARY_TIMEOUTS, "whole seconds from {} to {}"),
    "canary-interval": _number(
        range(5, 1441),
        "whole minutes from {} to {}, or 0: only when something has changed",
        or_zero=True,
    ),
    "alarm-evaluation-interval": _number(range(1, 3601), "whole seconds from {} to {}"),
    "backlog-threshold": _number(range(sys.maxsize), "a whole number, 0 or more"),
    "measures-max-age": _number(range(1, 10081), "whole minutes from {} to {}"),
    "expected-metrics": _names_of("metrics", " /"),
    "metrics-port": _number(range(1024, 65536), "0, or a port from {} to {}", or_zero=True),
}
"""Parsers of the options that are the same for each blueprint, in the order of faults."""


def parse(config: Mapping[str, _Option], services: Sequence[str] = SERVICES) -> Settings:
    """Read all options but `blueprint`; `services` are catalog types of the one in force.

    Raises:
        OptionsError: naming every option whose value is not allowed.
    """
    parsers: dict[str, Callable[[str], Any]] = {
        "required-services": functools.partial(parse_services, allowed=services),
        "optional-services": functools.partial(_any_of, allowed=services),
        **PARSERS,
    }
    values: dict[str, Any] = {}
    faults: list[OptionFault] = []
    for option, parser in parsers.items():
        text = _text(config, option)
        try:
            values[option] = parser(text)
        except ValueError as error:
            shown = "its value" if option == "ssl-ca" else _shown(text)
            faults.append(OptionFault(f"option {option}: {shown} is not allowed", str(error)))
    if faults:
        raise OptionsError(faults)
    required = values["required-services"]
    return Settings(
        required=required,
        optional=tuple(name for name in values["optional-services"] if name not in required),
        region=values["region"],
        interface=values["interface"],
        verify_timeout=values["verify-timeout"],
        extra_ca=values["ssl-ca"],
        upgrade=UpgradePolicy(Method(values["upgrade-method"]), Trigger(values["upgrade-policy"])),
        suite=values["openstack-origin"],
        requested_grants=values["requested-grants"],
        juju_access=str(config.get("juju-access", "")),
        expiry=Limits(values["certificate-warning-days"], values["certificate-failure-days"]),
        depth=_DEPTHS[values["deep-verification"]],
        thresholds=Thresholds(
            canary_timeout=values["canary-timeout"],
            canary_interval=values["canary-interval"],
            evaluation_interval=values["alarm-evaluation-interval"],
            backlog=values["backlog-threshold"],
            age=values["measures-max-age"],
            metrics=values["expected-metrics"],
        ),
    )


def parse_blueprint(config: Mapping[str, _Option]) -> str:
    """The option `blueprint` as it was written: its lines count."""
    return str(config.get("blueprint", ""))


def parse_metrics_port(config: Mapping[str, _Option]) -> int | None:
    """Port of loopback for metrics, 0 for none; None for a value that is not allowed."""
    try:
        return PARSERS["metrics-port"](_text(config, "metrics-port"))
    except ValueError:
        return None


def _text(config: Mapping[str, _Option], option: str) -> str:
    return str(config.get(option, "")).strip()


def _shown(text: str) -> str:
    """The value for a message: short, and on one line."""
    line = " ".join(text.split())
    return f"'{line[:37]}...'" if len(line) > 40 else f"'{line}'"
