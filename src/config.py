"""The charm's options as one typed, validated value."""

from __future__ import annotations

import base64
import enum
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from coordinator.blueprint import systems
from coordinator.openstack import certificates as openstack_certificates
from coordinator.request import Depth, Limits, Thresholds
from coordinator.upgrade.policy import Method, Trigger, UpgradePolicy

SERVICES = systems.SERVICES
"""Catalog types that the coordinator can verify without the option `blueprint`."""

INTERFACES = ("public", "internal", "admin")
TIMEOUT_RANGE = range(2, 301)
DAYS_RANGE = range(366)
CANARY_RANGE = range(5, 901)
CANARY_INTERVALS = range(5, 1441)
INTERVAL_RANGE = range(1, 3601)
AGE_RANGE = range(1, 10081)
PORT_RANGE = range(1024, 65536)

_Option = str | int | float | bool
_Value = TypeVar("_Value")
_Kind = TypeVar("_Kind", bound=enum.Enum)


class Deep(enum.Enum):
    """How deep a verification in a hook goes (option `deep-verification`)."""

    OFF = "off"
    ON_CHANGE = "on-change"
    ALWAYS = "always"

    @property
    def depth(self) -> Depth:
        """What that means for a hook."""
        return {
            Deep.OFF: Depth.SHALLOW,
            Deep.ON_CHANGE: Depth.CHANGES,
            Deep.ALWAYS: Depth.FULL,
        }[self]


class CloudArchive(msgspec.Struct, frozen=True):
    """A pocket of the Ubuntu Cloud Archive, such as `jammy-updates/antelope`."""

    series: str
    release: str
    pocket: str = "updates"


class Settings(msgspec.Struct, frozen=True):
    """Valid options; see `config.yaml` for their meaning.

    Attributes:
        verify_timeout: seconds.
        extra_ca: PEM certificates, or empty.
        origin: where packages come from; None is the distribution itself.
        upgrade: what is allowed to be done about ceilometer-upgrade.
        expiry: when certificates that end are faults.
        juju_access: URI of the secret with a user of the Juju controller, or empty.
        thresholds: what is normal in this cloud.
        metrics_port: where metrics are served on loopback; 0 is nowhere.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    region: str
    interface: str
    verify_timeout: int
    extra_ca: str
    upgrade: UpgradePolicy
    origin: CloudArchive | None
    requested_grants: tuple[str, ...]
    juju_access: str
    expiry: Limits
    deep: Deep
    thresholds: Thresholds
    metrics_port: int


class OptionFault(msgspec.Struct, frozen=True):
    """A value that is not allowed.

    Attributes:
        text: the option with its value.
        allowed: what is allowed instead.
    """

    text: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.text}; {self.allowed}"


class OptionsError(ValueError):
    """Some options have values that are not allowed.

    Attributes:
        faults: one for each option.
    """

    def __init__(self, faults: tuple[OptionFault, ...]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = faults


def parse_blueprint(config: Mapping[str, _Option]) -> str:
    """What the option `blueprint` says, as it was written: its lines count."""
    text = str(config.get("blueprint", ""))
    return text if text.strip() else ""


def parse(config: Mapping[str, _Option], services: Sequence[str] = SERVICES) -> Settings:
    """Read the options of `config.yaml`, but for `blueprint`.

    Args:
        config: the options.
        services: catalog types of the blueprint in force.

    Raises:
        OptionsError: naming every option whose value is not allowed.
    """
    reader = _Reader(config)
    required = reader.read("required-services", lambda text: parse_services(text, services)) or ()
    optional = reader.read("optional-services", lambda text: _any_of(text, services)) or ()
    settings = Settings(
        required=required,
        optional=tuple(service for service in optional if service not in required),
        region=reader.read("region", parse_region) or "",
        interface=reader.read("interface", _interface) or "internal",
        verify_timeout=reader.read("verify-timeout", _within(TIMEOUT_RANGE, "seconds")) or 0,
        extra_ca=reader.read("ssl-ca", _certificates) or "",
        upgrade=UpgradePolicy(
            reader.read("upgrade-method", _one_of(Method)) or Method.AUTO,
            reader.read("upgrade-policy", _one_of(Trigger)) or Trigger.ON_CHANGE,
        ),
        origin=reader.read("openstack-origin", _origin),
        requested_grants=reader.read("requested-grants", _names_of("roles", " ")) or (),
        juju_access=str(config.get("juju-access", "")),
        expiry=Limits(
            reader.read("certificate-warning-days", _within(DAYS_RANGE, "days")) or 0,
            reader.read("certificate-failure-days", _within(DAYS_RANGE, "days")) or 0,
        ),
        deep=reader.read("deep-verification", _one_of(Deep)) or Deep.ON_CHANGE,
        thresholds=Thresholds(
            canary_timeout=reader.read("canary-timeout", _within(CANARY_RANGE, "seconds")) or 0,
            canary_interval=reader.read("canary-interval", _canary_interval) or 0,
            evaluation_interval=reader.read(
                "alarm-evaluation-interval", _within(INTERVAL_RANGE, "seconds")
            )
            or 0,
            backlog=reader.read("backlog-threshold", _count) or 0,
            age=reader.read("measures-max-age", _within(AGE_RANGE, "minutes")) or 0,
            metrics=reader.read("expected-metrics", _names_of("metrics", " /")) or (),
        ),
        metrics_port=reader.read("metrics-port", _port) or 0,
    )
    if reader.faults:
        raise OptionsError(tuple(reader.faults))
    return settings


class _Reader:
    """Reads options one by one and collects what is wrong, so that all is told at once."""

    def __init__(self, config: Mapping[str, _Option]) -> None:
        self._config = config
        self.faults: list[OptionFault] = []

    def read(self, option: str, parser: Callable[[str], _Value]) -> _Value | None:
        text = str(self._config.get(option, "")).strip()
        try:
            return parser(text)
        except ValueError as error:
            value = "its value" if option == "ssl-ca" else _shown(text)
            shown = f"option {option}: {value} is not allowed"
            self.faults.append(OptionFault(shown, str(error)))
            return None


def _shown(text: str) -> str:
    """The value for a message: short, and on one line."""
    line = " ".join(text.split())
    return f"'{line[:37]}...'" if len(line) > 40 else f"'{line}'"


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


def _interface(text: str) -> str:
    if text not in INTERFACES:
        raise ValueError(f"use one of {', '.join(INTERFACES)}")
    return text


def _number(allowed: range, told: str, *, or_zero: bool = False) -> Callable[[str], int]:
    def parser(text: str) -> int:
        number = int(text) if text.isascii() and text.isdigit() else -1
        if number not in allowed and not (or_zero and number == 0):
            raise ValueError(f"use {told}")
        return number

    return parser


def _within(allowed: range, unit: str) -> Callable[[str], int]:
    return _number(allowed, f"whole {unit} from {allowed.start} to {allowed.stop - 1}")


_port = _number(
    PORT_RANGE, f"0, or a port from {PORT_RANGE.start} to {PORT_RANGE.stop - 1}", or_zero=True
)
_canary_interval = _number(
    CANARY_INTERVALS,
    f"whole minutes from {CANARY_INTERVALS.start} to {CANARY_INTERVALS.stop - 1}, "
    "or 0: only when something has changed",
    or_zero=True,
)
_count = _number(range(sys.maxsize), "a whole number, 0 or more")


def parse_metrics_port(config: Mapping[str, _Option]) -> int | None:
    """Where metrics are served on loopback; 0 is nowhere, None a value that is not allowed."""
    return _Reader(config).read("metrics-port", _port)


def _names_of(what: str, forbidden: str) -> Callable[[str], tuple[str, ...]]:
    def parser(text: str) -> tuple[str, ...]:
        names = _items(text)
        if any(not name.isprintable() or set(name) & set(forbidden) for name in names):
            raise ValueError(f"separate the names of {what} by commas")
        return names

    return parser


def _certificates(text: str) -> str:
    if not text:
        return ""
    certificates = text if "-----BEGIN" in text else _decoded(text)
    fault = openstack_certificates.fault_of(certificates)
    if fault:
        raise ValueError(f"give CA certificates as PEM, or PEM in base64 ({fault})")
    return certificates


def _decoded(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("ascii")
    except ValueError:
        raise ValueError("give CA certificates as PEM, or PEM in base64") from None


def _one_of(kind: type[_Kind]) -> Callable[[str], _Kind]:
    def parser(text: str) -> _Kind:
        try:
            return kind(text)
        except ValueError:
            allowed = ", ".join(member.value for member in kind)
            raise ValueError(f"use one of {allowed}") from None

    return parser


def _origin(text: str) -> CloudArchive | None:
    """`distro`, or `cloud:SERIES-RELEASE[/POCKET]` as the OpenStack charms spell it."""
    if text == "distro":
        return None
    match = re.fullmatch(r"cloud:([a-z]+)-([a-z]+|20\d\d\.\d)(?:/(updates|proposed))?", text)
    if not match:
        raise ValueError("use distro or a pocket such as cloud:jammy-antelope")
    series, release, pocket = match.groups()
    return CloudArchive(series, release, pocket or "updates")
