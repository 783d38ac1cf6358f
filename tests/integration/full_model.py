"""A whole model: the stack's applications under their usual names, and what they stand on.

Keystone, Gnocchi and Ceilometer are testers with a charm of their own (`charms/`). All others do
nothing: their charms are made here, of the one in `charms/noop` and of their endpoints.
"""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

BASE = "ubuntu@24.04"
OPENSTACK_HA = {"cluster": "openstack-ha"}


@dataclasses.dataclass(frozen=True)
class Charm:
    """The endpoints of a charm that does nothing: endpoint → interface.

    Attributes:
        beside: endpoints at which it meets the units of a principal, or of a subordinate.
        subordinate: whether it has units beside those of others alone.
    """

    provides: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])
    requires: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])
    peers: Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])
    beside: frozenset[str] = frozenset()
    subordinate: bool = False

    def metadata(self, name: str) -> dict[str, Any]:
        """Its metadata.yaml."""
        requires = self._endpoints(self.requires)
        if self.subordinate and not self.beside & set(self.requires):
            # Juju wants one such endpoint of every subordinate
            requires["container"] = {"interface": "juju-info", "scope": "container"}
        return {
            "name": name,
            "summary": f"Tester that stands for the {name} charm.",
            "description": "Does nothing; its status is an option.",
            "subordinate": self.subordinate,
            "provides": self._endpoints(self.provides),
            "requires": requires,
            "peers": self._endpoints(self.peers),
        }

    def _endpoints(self, names: Mapping[str, str]) -> dict[str, dict[str, str]]:
        return {
            name: {
                "interface": interface,
                **({"scope": "container"} if name in self.beside else {}),
            }
            for name, interface in names.items()
        }


_API = {
    "identity-service": "keystone",
    "shared-db": "mysql-shared",
    "amqp": "rabbitmq",
    "certificates": "tls-certificates",
}

CHARMS: Mapping[str, Charm] = {
    "aodh": Charm(requires=_API, peers=OPENSTACK_HA),
    "barbican": Charm(
        requires={**_API, "secrets": "barbican-secrets"},
        peers=OPENSTACK_HA,
        beside=frozenset({"secrets"}),
    ),
    "barbican-vault": Charm(
        provides={"secrets": "barbican-secrets"},
        requires={"secrets-storage": "vault-kv"},
        beside=frozenset({"secrets"}),
        subordinate=True,
    ),
    "ceilometer-agent": Charm(
        requires={
            "nova-ceilometer": "nova-ceilometer",
            "ceilometer-service": "ceilometer",
            "amqp": "rabbitmq",
        },
        beside=frozenset({"nova-ceilometer"}),
        subordinate=True,
    ),
    "ceph-mon": Charm(provides={"client": "ceph-client"}, peers={"mon": "ceph"}),
    "hacluster": Charm(
        provides={"ha": "hacluster"},
        peers={"hanode": "hacluster"},
        beside=frozenset({"ha"}),
        subordinate=True,
    ),
    "memcached": Charm(provides={"cache": "memcache"}, peers={"cluster": "memcached-replication"}),
    "mysql-innodb-cluster": Charm(
        provides={"db-router": "mysql-router"}, peers={"cluster": "mysql-innodb-cluster"}
    ),
    "mysql-router": Charm(
        provides={"shared-db": "mysql-shared"},
        requires={"db-router": "mysql-router"},
        beside=frozenset({"shared-db"}),
        subordinate=True,
    ),
    "nova-compute": Charm(
        provides={"nova-ceilometer": "nova-ceilometer"},
        peers={"compute-peer": "nova"},
        beside=frozenset({"nova-ceilometer"}),
    ),
    "rabbitmq-server": Charm(provides={"amqp": "rabbitmq"}, peers={"cluster": "rabbitmq-ha"}),
    "vault": Charm(
        provides={"certificates": "tls-certificates", "secrets": "vault-kv"},
        requires={"shared-db": "mysql-shared"},
        peers={"cluster": "vault-ha"},
    ),
    "watcher": Charm(requires=_API, peers=OPENSTACK_HA),
}
"""The charms that do nothing, by name."""

MACHINES: Mapping[str, tuple[str, ...]] = {
    "aodh": ("1",),
    "barbican": ("2",),
    "ceilometer": ("0",),
    "ceph-mon": ("0", "1", "2"),
    "gnocchi": ("1",),
    "keystone": ("0",),
    "memcached": ("0",),
    "mysql-innodb-cluster": ("0", "1", "2"),
    "nova-compute": ("2",),
    "rabbitmq-server": ("1",),
    "vault": ("0",),
    "waiter": ("0",),
    "watcher": ("2",),
}
"""Applications with units of their own, and the machines of these; the charm has the same name."""

SUBORDINATES: Mapping[str, str] = {
    "barbican-vault": "barbican-vault",
    "ceilometer-agent": "ceilometer-agent",
    "keystone-hacluster": "hacluster",
    **{
        f"{name}-mysql-router": "mysql-router"
        for name in ("aodh", "barbican", "gnocchi", "keystone", "vault", "watcher")
    },
}
"""Applications beside the units of others → charm."""

INTEGRATIONS: tuple[tuple[str, str], ...] = (
    *(
        (f"{name}:identity-service", "keystone:identity-service")
        for name in ("aodh", "barbican", "gnocchi", "watcher")
    ),
    *(
        (f"{name}:certificates", "vault:certificates")
        for name in ("aodh", "barbican", "gnocchi", "keystone", "watcher")
    ),
    *(
        (f"{name}:amqp", "rabbitmq-server:amqp")
        for name in ("aodh", "barbican", "ceilometer", "ceilometer-agent", "watcher")
    ),
    *(
        (f"{name}:shared-db", f"{name}-mysql-router:shared-db")
        for name in ("aodh", "barbican", "gnocchi", "keystone", "vault", "watcher")
    ),
    *(
        (f"{name}-mysql-router:db-router", "mysql-innodb-cluster:db-router")
        for name in ("aodh", "barbican", "gnocchi", "keystone", "vault", "watcher")
    ),
    ("barbican:secrets", "barbican-vault:secrets"),
    ("barbican-vault:secrets-storage", "vault:secrets"),
    ("ceilometer:identity-credentials", "keystone:identity-credentials"),
    ("ceilometer:identity-notifications", "keystone:identity-notifications"),
    ("ceilometer:metric-service", "gnocchi:metric-service"),
    ("ceilometer-agent:ceilometer-service", "ceilometer:ceilometer-service"),
    ("ceilometer-agent:nova-ceilometer", "nova-compute:nova-ceilometer"),
    ("gnocchi:coordinator-memcached", "memcached:cache"),
    ("gnocchi:storage-ceph", "ceph-mon:client"),
    ("keystone:ha", "keystone-hacluster:ha"),
)
"""As bundles/telemetry.yaml wants them, with certificates of Vault and a cluster of Keystone."""

OPTIONS: Mapping[str, Mapping[str, str]] = {"memcached": {"workload": ""}}
"""What differs from the defaults: memcached's charm sets no status."""


def bundle(
    charms: Mapping[str, pathlib.Path], options: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """The model as a bundle of local charms, which one command deploys.

    Args:
        charms: name of a charm → its file.
        options: application → its options, beside those of `OPTIONS`.
    """
    applications = {
        name: {"charm": str(charms[name]), "num_units": len(machines), "to": list(machines)}
        for name, machines in MACHINES.items()
    } | {name: {"charm": str(charms[charm])} for name, charm in SUBORDINATES.items()}
    given = {**OPTIONS, **options}
    machines = sorted({machine for places in MACHINES.values() for machine in places})
    return {
        "default-base": BASE,
        "machines": {machine: {"base": BASE} for machine in machines},
        "applications": {
            name: {
                **application,
                "base": BASE,
                **({"options": dict(given[name])} if name in given else {}),
            }
            for name, application in applications.items()
        },
        "relations": [list(pair) for pair in INTEGRATIONS],
    }
