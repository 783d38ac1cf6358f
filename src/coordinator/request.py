"""The request: what is to be verified, and how."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence

import msgspec

from coordinator.blueprint.loader import load
from coordinator.blueprint.systems import Blueprint
from coordinator.openstack.certificates import fault_of
from coordinator.openstack.credentials import Credentials
from coordinator.openstack.proxies import Proxies

VERIFY_TIMEOUTS = range(2, 301)
CANARY_TIMEOUTS = range(5, 901)
"""Seconds that the options verify-timeout and canary-timeout may have."""


class Depth(enum.Enum):
    """The questions beyond "is it there, and does it answer"."""

    SHALLOW = "shallow"  # nothing
    READS = "reads"  # what can be found out by reading alone, and once more what canaries missed
    CHANGES = "changes"  # and canaries, when what they prove has changed
    FULL = "full"  # and canaries

    @property
    def reads(self) -> bool:
        """True if the questions are asked that only read."""
        return self is not Depth.SHALLOW

    @property
    def repeated(self) -> Depth:
        """The depth a moment later: canaries only where it was too early for them."""
        return Depth.CHANGES if self is Depth.FULL else self


class Thresholds(msgspec.Struct, frozen=True):
    """Bounds of what is normal in this cloud.

    Attributes:
        canary_timeout: seconds for all canaries together.
        canary_interval: minutes until canaries are sent again; 0: only when what they prove may
            have changed.
        evaluation_interval: seconds between two evaluations of Aodh's alarms.
        backlog: measures that may wait for Gnocchi's metricd.
        age: minutes that the newest measure of a running instance may be old.
        metrics: those that running instances must have.
    """

    canary_timeout: int = 180
    canary_interval: int = 60
    evaluation_interval: int = 60
    backlog: int = 10000
    age: int = 30
    metrics: tuple[str, ...] = ("cpu", "memory.usage")


DEFAULT_THRESHOLDS = Thresholds()


class Limits(msgspec.Struct, frozen=True):
    """Days left of a certificate, below which it is a degradation or a failure."""

    warn: int = 30
    fail: int = 7


class Request(msgspec.Struct, frozen=True):
    """A request for a verification.

    Attributes:
        credentials: candidates, the likeliest first; at least one.
        required: catalog types whose faults are failures.
        optional: catalog types whose faults are degradations.
        region: empty means the first that keystone names.
        timeout: seconds for everything.
        certificates: CA certificates (PEM) to trust beside the system's, by their source.
        applications: names by catalog type or `identity`, where relations tell them.
        coordinator: name of the coordinator's application.
        fewer_rights: the operator asked for fewer rights than an administrator's; what they
            forbid is no fault.
    """

    credentials: Sequence[Credentials]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    interface: str
    region: str
    timeout: float
    certificates: Mapping[str, str]
    proxies: Proxies
    applications: Mapping[str, str]
    coordinator: str
    expiry: Limits = Limits()
    blueprint: Blueprint = msgspec.field(default_factory=load)
    depth: Depth = Depth.SHALLOW
    thresholds: Thresholds = DEFAULT_THRESHOLDS
    fewer_rights: bool = False

    def same_stack(self, other: Request) -> bool:
        """True if the same services are verified at the same places, however deep."""
        return msgspec.structs.replace(self, depth=other.depth) == other

    @property
    def authority(self) -> str:
        """The application that signs certificates; empty where no relation tells."""
        units = (source for source in self.certificates if "/" in source)
        return next(units, "").partition("/")[0]

    @property
    def grant(self) -> str:
        """The command that gives the coordinator's user the rights that it lacks."""
        if self.fewer_rights:
            return f'juju config {self.coordinator} requested-grants=""'
        return f"openstack role add {self.credentials[0].options} ROLE"

    @property
    def trusted(self) -> tuple[str, ...]:
        """The certificates that can be read."""
        return tuple(text for text in self.certificates.values() if not fault_of(text))

    @property
    def services(self) -> tuple[str, ...]:
        """All catalog types to verify, in the order of the blueprint."""
        verified = (*self.required, *self.optional)
        return tuple(service for service in self.blueprint.services if service in verified)
