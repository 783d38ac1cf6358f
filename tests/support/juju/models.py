"""Models of charmed OpenStack as `juju status --format json` tells them, built in few words.

The form is held to recordings of Juju 4.0 (tests/support/tests/test_juju_contract.py); where 3.6
differs, versions.py says so. What the charms say in it is theirs: endpoints and interfaces of
metadata.yaml, versions of the packages of 2023.2, messages of assess_status.
"""

from __future__ import annotations

import copy
from typing import Any

from tests.support.juju import versions

Document = dict[str, Any]
SINCE = "22 Nov 2026 09:00:00Z"
CHANNEL = "2023.2/stable"
READY = "Unit is ready"


def status(level: str = "active", message: str = READY, since: str = SINCE) -> dict[str, str]:
    """A status; one without a message has none in Juju's output either."""
    said = {"message": message} if message else {}
    return {"current": level, **said, "since": since}


PEERS = {
    "aodh": ("cluster", "openstack-ha"),
    "barbican": ("cluster", "openstack-ha"),
    "ceilometer": ("cluster", "ceilometer-ha"),
    "gnocchi": ("cluster", "openstack-ha"),
    "keystone": ("cluster", "keystone-ha"),
    "memcached": ("cluster", "memcached-replication"),
    "nova-compute": ("compute-peer", "nova"),
    "rabbitmq-server": ("cluster", "rabbitmq-ha"),
}
"""Peers of the charms."""


class Model:
    """A model that is being deployed."""

    def __init__(self, version: str = "3.6.9") -> None:
        self.version = version
        self._said = versions.of(version)
        self.machines: dict[str, dict[str, Any]] = {}
        self.applications: dict[str, dict[str, Any]] = {}
        self.remote: dict[str, dict[str, Any]] = {}

    def deploy(
        self,
        name: str,
        units: int = 1,
        *,
        charm: str = "",
        version: str = "",
        channel: str = CHANNEL,
        said: dict[str, str] | None = None,
    ) -> None:
        """Deploy a principal on machines of its own."""
        self.applications[name] = self._application(charm or name, version, channel, said)
        entries: dict[str, Any] = {}
        for number in range(units):
            machine = len(self.machines)
            self.machines[str(machine)] = self._machine(machine)
            entries[f"{name}/{number}"] = {
                "workload-status": {**(said or status()), "since": SINCE},
                "juju-status": {"current": "idle", "since": SINCE, "version": self.version},
                **({"leader": True} if number == 0 else {}),
                "machine": str(machine),
                "public-address": f"192.0.2.{machine % 250 + 1}",
            }
        self.applications[name]["units"] = entries
        endpoint, interface = PEERS.get(charm or name, ("", ""))
        if endpoint:
            peers = {"related-application": name, "interface": interface, "scope": "global"}
            self.applications[name]["relations"] = {endpoint: [peers]}

    def _life(self) -> dict[str, str]:
        return {"life": "alive"} if self._said.tells_life else {}

    def _machine(self, number: int) -> dict[str, Any]:
        address = f"192.0.2.{number % 250 + 1}"
        return {
            "juju-status": {
                "current": "started",
                "since": SINCE,
                **({} if self._said.tells_life else {"version": self.version}),
                **self._life(),
            },
            "hostname": f"juju-{number}",
            "dns-name": address,
            "ip-addresses": [address],
            "instance-id": f"juju-{number}",
            "machine-status": {"current": "running", "message": "Running", **self._life()},
            "modification-status": {},
            "base": {"name": "ubuntu", "channel": "22.04"},
        }

    def attach(
        self,
        name: str,
        principal: str,
        *,
        charm: str = "",
        version: str = "",
        channel: str = CHANNEL,
    ) -> None:
        """Deploy a subordinate, with a unit on every unit of a principal."""
        if name not in self.applications:
            self.applications[name] = self._application(charm or name, version, channel, None)
        entry = self.applications[name]
        first = sum(name == other.partition("/")[0] for other in self.all_units())
        entry["subordinate-to"] = [*entry.get("subordinate-to", []), principal]
        for number, unit in enumerate(self.units(principal).values(), first):
            unit.setdefault("subordinates", {})[f"{name}/{number}"] = {
                "workload-status": status(),
                "juju-status": {"current": "idle", "since": SINCE, "version": self.version},
                **({"leader": True} if number == 0 else {}),
                "public-address": unit["public-address"],
            }

    def integrate(self, one: str, other: str, interface: str, scope: str = "global") -> None:
        """Integrate two endpoints, each `APPLICATION:ENDPOINT`; one may be a remote one."""
        for here, there in ((one, other), (other, one)):
            name, _, endpoint = here.partition(":")
            if name in self.remote:
                self._use(name, endpoint, there.partition(":")[0], interface)
                continue
            entry = self.applications[name]
            entry.setdefault("relations", {}).setdefault(endpoint, []).append(
                {
                    "related-application": there.partition(":")[0],
                    "interface": interface,
                    "scope": scope,
                }
            )

    def consume(self, name: str) -> None:
        """Know an application of another model."""
        self.remote[name] = {
            "url": f"admin/other.{name}",
            "endpoints": {"juju-info": {"interface": "juju-info", "role": "provider"}},
            **self._life(),
            "application-status": status(),
        }

    def _use(self, name: str, endpoint: str, other: str, interface: str) -> None:
        """A remote application's side of an integration: names only."""
        entry = self.remote[name]
        entry["endpoints"][endpoint] = {"interface": interface, "role": "provider"}
        entry.setdefault("relations", {}).setdefault(endpoint, []).append(other)

    def _application(
        self, charm: str, version: str, channel: str, said: dict[str, str] | None
    ) -> dict[str, Any]:
        return {
            "charm": f"ch:amd64/{charm}-500",
            "base": {"name": "ubuntu", "channel": "22.04"},
            "charm-origin": "charmhub",
            "charm-name": charm,
            "charm-rev": 500,
            "charm-channel": channel,
            "exposed": False,
            **self._life(),
            "application-status": said or status(),
            **({"version": version} if version else {}),
        }

    # What an accident does

    def units(self, name: str) -> dict[str, Any]:
        """The units of a principal."""
        return self.applications[name]["units"]

    def all_units(self) -> dict[str, Any]:
        """All units, subordinates among them."""
        found: dict[str, Any] = {}
        for entry in self.applications.values():
            for name, unit in entry.get("units", {}).items():
                found |= {name: unit, **unit.get("subordinates", {})}
        return found

    def say(self, where: str, level: str, message: str = "", since: str = SINCE) -> None:
        """Set the status of a unit, or of an application and all its units."""
        for name, unit in self.all_units().items():
            if where in (name, name.partition("/")[0]):
                unit["workload-status"] = status(level, message, since)
        if where in self.applications:
            self.applications[where]["application-status"] = status(level, message, since)

    def lose(self, name: str) -> None:
        """Lose the agent of a unit, as when its machine goes down."""
        unit = self.all_units()[name]
        unit["juju-status"] |= {"current": "lost", "message": self._said.lost_agent}
        unit["workload-status"] = status("unknown", self._said.lost_unit.format(unit=name))

    def stop(self, machine: str) -> None:
        """Stop a machine: all its agents are lost, which an error of a hook hides."""
        entry = self.machines[machine]
        entry["juju-status"] |= {"current": "down", "message": self._said.lost_agent}
        for app in self.applications.values():
            for name, unit in app.get("units", {}).items():
                if unit["machine"] == machine:
                    for each in (name, *unit.get("subordinates", {})):
                        if self.all_units()[each]["workload-status"]["current"] != "error":
                            self.lose(each)

    def separate(self, one: str, other: str) -> None:
        """Remove an integration; each is `APPLICATION:ENDPOINT`."""
        for here, there in ((one, other), (other, one)):
            name, _, endpoint = here.partition(":")
            if name not in self.applications:
                continue
            relations = self.applications[name]["relations"]
            application = there.partition(":")[0]
            kept = [e for e in relations[endpoint] if e["related-application"] != application]
            relations[endpoint] = kept
            if not kept:
                del relations[endpoint]

    def remove(self, name: str) -> None:
        """Remove an application with its integrations and subordinate units."""
        del self.applications[name]
        for entry in self.applications.values():
            beside = entry.get("subordinate-to", [])
            if name in beside:
                beside.remove(name)
                if not beside:  # a subordinate without principals names none
                    del entry["subordinate-to"]
            for endpoint, others in list(entry.get("relations", {}).items()):
                kept = [other for other in others if other["related-application"] != name]
                entry["relations"][endpoint] = kept
                if not kept:
                    del entry["relations"][endpoint]
            for unit in entry.get("units", {}).values():
                beside = unit.get("subordinates", {})
                for sub in [sub for sub in beside if sub.partition("/")[0] == name]:
                    del beside[sub]

    @property
    def document(self) -> Document:
        """What `juju status --format json` prints."""
        return copy.deepcopy(
            {
                "model": {
                    "name": "openstack",
                    "type": "iaas",
                    "controller": "overlord",
                    "cloud": "maas",
                    "region": "default",
                    "version": self.version,
                    "model-status": {"current": "available", "since": SINCE},
                },
                "machines": self.machines,
                "applications": self.applications,
                **({"application-endpoints": self.remote} if self.remote else {}),
                "storage": {},
                "controller": {"timestamp": "10:00:00Z"},
            }
        )


API = {"gnocchi": "4.6.0", "aodh": "17.0.0", "barbican": "17.0.0"}


def openstack(computes: int = 3, units: int = 1, version: str = "3.6.9") -> Model:
    """A healthy charmed OpenStack with its telemetry stack, and what else such a model has."""
    made = Model(version)
    _deploy_base(made, units)
    for name, release in API.items():
        made.deploy(name, units, version=release)
        _serve(made, name)
    _deploy_telemetry(made, units, computes)
    for name in ("glance", "neutron-api", "nova-cloud-controller"):
        made.deploy(name, units)
        _serve(made, name)
        made.integrate(f"{name}:amqp", "rabbitmq-server:amqp", "rabbitmq")
    made.integrate(
        "nova-cloud-controller:cloud-compute", "nova-compute:cloud-compute", "nova-compute"
    )
    made.deploy("ceph-osd", 3, channel="reef/stable")
    made.integrate("ceph-osd:mon", "ceph-mon:osd", "ceph-osd")
    return made


def _deploy_base(made: Model, units: int) -> None:
    made.deploy("mysql-innodb-cluster", 3, channel="8.0/stable", version="8.0.39")
    made.deploy("rabbitmq-server", 3, channel="3.9/stable", version="3.9.27")
    made.deploy("memcached", channel="latest/stable", said={"current": "unknown"})
    made.deploy("ceph-mon", 3, channel="reef/stable", version="18.2.4")
    made.deploy("vault", units, channel="1.8/stable", version="1.8.8")
    _route(made, "vault")
    made.deploy("keystone", units, version="24.0.0")
    _route(made, "keystone")
    made.integrate("keystone:certificates", "vault:certificates", "tls-certificates")


def _route(made: Model, name: str) -> None:
    router = f"{name}-mysql-router"
    made.attach(router, name, charm="mysql-router", channel="8.0/stable", version="8.0.39")
    made.integrate(f"{name}:shared-db", f"{router}:shared-db", "mysql-shared", "container")
    made.integrate(f"{router}:db-router", "mysql-innodb-cluster:db-router", "mysql-router")


def _serve(made: Model, name: str) -> None:
    _route(made, name)
    made.integrate(f"{name}:identity-service", "keystone:identity-service", "keystone")
    made.integrate(f"{name}:certificates", "vault:certificates", "tls-certificates")


def _deploy_telemetry(made: Model, units: int, computes: int) -> None:
    made.integrate("gnocchi:coordinator-memcached", "memcached:cache", "memcache")
    made.integrate("gnocchi:storage-ceph", "ceph-mon:client", "ceph-client")
    made.integrate("aodh:amqp", "rabbitmq-server:amqp", "rabbitmq")
    made.integrate("barbican:amqp", "rabbitmq-server:amqp", "rabbitmq")
    made.attach("barbican-vault", "barbican")
    made.integrate("barbican:secrets", "barbican-vault:secrets", "barbican-secrets", "container")
    made.integrate("barbican-vault:secrets-storage", "vault:secrets", "vault-kv")
    made.deploy("ceilometer", units, version="21.0.0")
    made.integrate("ceilometer:amqp", "rabbitmq-server:amqp", "rabbitmq")
    made.integrate(
        "ceilometer:identity-credentials", "keystone:identity-credentials", "keystone-credentials"
    )
    made.integrate(
        "ceilometer:identity-notifications",
        "keystone:identity-notifications",
        "keystone-notifications",
    )
    made.integrate("ceilometer:metric-service", "gnocchi:metric-service", "gnocchi")
    made.deploy("nova-compute", computes, version="28.0.1")
    made.integrate("nova-compute:amqp", "rabbitmq-server:amqp", "rabbitmq")
    made.attach("ceilometer-agent", "nova-compute", version="21.0.0")
    made.integrate(
        "nova-compute:nova-ceilometer",
        "ceilometer-agent:nova-ceilometer",
        "nova-ceilometer",
        "container",
    )
    made.integrate(
        "ceilometer-agent:ceilometer-service", "ceilometer:ceilometer-service", "ceilometer"
    )
    made.integrate("ceilometer-agent:amqp", "rabbitmq-server:amqp", "rabbitmq")
    made.deploy("telemetry-coordinator", channel="latest/stable")
    made.integrate(
        "telemetry-coordinator:identity-credentials",
        "keystone:identity-credentials",
        "keystone-credentials",
    )
    made.integrate("telemetry-coordinator:metric-service", "gnocchi:metric-service", "gnocchi")
