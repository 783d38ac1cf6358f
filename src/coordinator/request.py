"""What is to be verified, and how: the value that options and relations become."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence

import msgspec

from coordinator.blueprint.loader import load
from coordinator.blueprint.systems import Blueprint
from coordinator.openstack import certificates as openstack_certificates
from coordinator.openstack.credentials import Credentials
from coordinator.openstack.proxies import Proxies


class Depth(enum.Enum):
    """What is asked beyond "is it there, and does it answer"."""

    SHALLOW = "shallow"  # nothing
    READS = "reads"  # what can be found out by reading alone, and once more what canaries missed
    CHANGES = "changes"  # and canaries, when what they prove has changed
    FULL = "full"  # and canaries

    @property
    def reads(self) -> bool:
        """Whether the questions are asked that only read."""
        return self is not Depth.SHALLOW

    @property
    def repeated(self) -> Depth:
        """The depth a moment later: canaries only where it was too early for them."""
        return Depth.CHANGES if self is Depth.FULL else self


class Thresholds(msgspec.Struct, frozen=True):
    """What is normal in this cloud.

    Attributes:
        canary_timeout: seconds that all canaries together may take.
        canary_interval: minutes within which what canaries prove is proven again; 0: only when it
            may have changed.
        evaluation_interval: seconds between two evaluations of Aodh's alarms.
        backlog: measures that may wait for Gnocchi's metricd.
        age: minutes that the newest measure of a running instance may be old.
        metrics: names of metrics that running instances must have.
    """

    canary_timeout: int = 180
    canary_interval: int = 60
    evaluation_interval: int = 60
    backlog: int = 10000
    age: int = 30
    metrics: tuple[str, ...] = ("cpu", "memory.usage")


DEFAULT_THRESHOLDS = Thresholds()


class Limits(msgspec.Struct, frozen=True):
    """When a certificate that ends is a fault.

    Attributes:
        warn: days left below which it is a degradation.
        fail: days left below which it is a failure.
    """

    warn: int = 30
    fail: int = 7


DEFAULT_LIMITS = Limits()


class Request(msgspec.Struct, frozen=True):
    """What is to be verified, and how.

    Attributes:
        credentials: candidates, the likeliest first; at least one.
        required: catalog types whose faults are failures.
        optional: catalog types whose faults are degradations.
        region: region; empty means the first that keystone names.
        timeout: seconds for everything.
        certificates: CA certificates (PEM) to trust beside the system's, by their source.
        applications: application names by catalog type or `identity`, where relations tell them.
        fewer_rights: whether the operator asked for fewer rights than an administrator's, so that
            what they forbid is no fault.
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
    expiry: Limits = DEFAULT_LIMITS
    blueprint: Blueprint = msgspec.field(default_factory=load)
    depth: Depth = Depth.SHALLOW
    thresholds: Thresholds = DEFAULT_THRESHOLDS
    fewer_rights: bool = False

    def same_stack(self, other: Request) -> bool:
        """Whether the same services are verified at the same places, however deep."""
        return msgspec.structs.replace(self, depth=other.depth) == other

    @property
    def authority(self) -> str:
        """The application that signs certificates; empty where no relation tells."""
        units = (source for source in self.certificates if "/" in source)
        return next(units, "").partition("/")[0]

    @property
    def grant(self) -> str:
        """What to type to give the coordinator's user the rights that it lacks."""
        if self.fewer_rights:
            return f'juju config {self.coordinator} requested-grants=""'
        return f"openstack role add {self.credentials[0].options} ROLE"

    @property
    def trusted(self) -> tuple[str, ...]:
        """The certificates that can be read."""
        return tuple(
            text
            for text in self.certificates.values()
            if not openstack_certificates.fault_of(text)
        )

    @property
    def services(self) -> tuple[str, ...]:
        """All catalog types to verify, in the order of the blueprint."""
        return tuple(
            t for t in self.blueprint.services if t in self.required or t in self.optional
        )
