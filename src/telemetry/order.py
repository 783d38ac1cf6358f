"""What is to be verified, and how: the value that options and relations become."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from telemetry import pem
from telemetry.blueprint import Blueprint, load
from telemetry.credentials import Credentials
from telemetry.proxies import Proxies


@dataclasses.dataclass(frozen=True)
class Limits:
    """When a certificate that ends is a fault.

    Attributes:
        warn: days left below which it is a degradation.
        fail: days left below which it is a failure.
    """

    warn: int = 30
    fail: int = 7


USUAL_LIMITS = Limits()


@dataclasses.dataclass(frozen=True)
class Order:
    """What is to be verified, and how.

    Attributes:
        credentials: candidates, the likeliest first; at least one.
        required: catalog types whose faults are failures.
        optional: catalog types whose faults are degradations.
        interface: endpoint interface.
        region: region; empty means the first that keystone names.
        timeout: seconds for everything.
        certificates: CA certificates (PEM) to trust beside the system's, by their source.
        proxies: what lies between this unit and the cloud.
        applications: application names by catalog type or `identity`, where relations tell them.
        coordinator: name of the coordinator's own application.
        upgrade_remedy: what to type when ceilometer-upgrade has to be run.
        expiry: when certificates that end are faults.
        blueprint: the systems of the stack.
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
    upgrade_remedy: str
    expiry: Limits = USUAL_LIMITS
    blueprint: Blueprint = dataclasses.field(default_factory=load)

    @property
    def trusted(self) -> tuple[str, ...]:
        """The certificates that can be read."""
        return tuple(text for text in self.certificates.values() if not pem.problem_of(text))

    @property
    def services(self) -> tuple[str, ...]:
        """All catalog types to verify, in the order of the blueprint."""
        return tuple(
            t for t in self.blueprint.services if t in self.required or t in self.optional
        )
