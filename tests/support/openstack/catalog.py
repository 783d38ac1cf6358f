"""Keystone's service catalog, with an administrator's rights."""

import dataclasses
from collections.abc import Mapping, Sequence

from tests.support.openstack.identity import Json, Send
from tests.support.openstack.inside.site import REGION

INTERFACES = ("public", "internal", "admin")


@dataclasses.dataclass(frozen=True)
class Entry:
    """One service as the catalog should have it."""

    type: str
    name: str
    url: str


class Catalog:
    """Changes the catalog, and can put it back to what the stack made of it.

    A service's `kind` is its catalog type, such as `metric`.
    """

    def __init__(self, send: Send, entries: Sequence[Entry]) -> None:
        self._send = send
        self._entries: Mapping[str, Entry] = {entry.type: entry for entry in entries}

    def remove(self, kind: str) -> None:
        """Remove every service of a type, with its endpoints."""
        for service in self._services(kind):
            self._send("DELETE", f"/services/{service['id']}")

    def add(
        self,
        kind: str,
        name: str,
        url: str,
        interfaces: Sequence[str] = INTERFACES,
        region: str = REGION,
    ) -> None:
        """Add a service with one endpoint per interface, even if one of that type exists."""
        body: Json = {"type": kind, "name": name, "enabled": True}
        service = self._send("POST", "/services", {"service": body})["service"]
        for interface in interfaces:
            self._add_endpoint(service["id"], interface, url, region)

    def point(self, kind: str, url: str, interface: str | None = None) -> None:
        """Change the URL of a type's endpoints: of one interface, or of all."""
        for endpoint in self._endpoints(kind, interface):
            self._send("PATCH", f"/endpoints/{endpoint['id']}", {"endpoint": {"url": url}})

    def drop_endpoints(self, kind: str, interface: str | None = None) -> None:
        """Remove a type's endpoints (of one interface, or all) and leave the service."""
        for endpoint in self._endpoints(kind, interface):
            self._send("DELETE", f"/endpoints/{endpoint['id']}")

    def disable(self, kind: str) -> None:
        """Disable every service of a type."""
        for service in self._services(kind):
            self._send("PATCH", f"/services/{service['id']}", {"service": {"enabled": False}})

    def urls(self, kind: str) -> dict[str, str]:
        """What clients are told now: interface → URL of a type (the last one, if several)."""
        return {
            endpoint["interface"]: endpoint["url"]
            for service in self._send("GET", "/auth/catalog")["catalog"]
            if service["type"] == kind
            for endpoint in service["endpoints"]
        }

    def reset(self) -> None:
        """Make the catalog hold exactly the stack's own entries; cheap when it does."""
        seen: set[str] = set()
        endpoints = self._send("GET", "/endpoints")["endpoints"]
        for service in self._send("GET", "/services")["services"]:
            own = [item for item in endpoints if item["service_id"] == service["id"]]
            if service["type"] not in seen and self._as_wanted(service, own):
                seen.add(service["type"])
            else:
                self._send("DELETE", f"/services/{service['id']}")
        for kind, entry in self._entries.items():
            if kind not in seen:
                self.add(kind, entry.name, entry.url)
        for region in self._send("GET", "/regions")["regions"]:
            if region["id"] != REGION:
                self._send("DELETE", f"/regions/{region['id']}")

    def _as_wanted(self, service: Json, endpoints: Sequence[Json]) -> bool:
        entry = self._entries.get(service["type"])
        if entry is None or not service["enabled"] or service["name"] != entry.name:
            return False
        has = sorted(
            (item["interface"], item["url"], item["region_id"], item["enabled"])
            for item in endpoints
        )
        return has == sorted((interface, entry.url, REGION, True) for interface in INTERFACES)

    def _services(self, kind: str) -> list[Json]:
        return self._send("GET", f"/services?type={kind}")["services"]

    def _endpoints(self, kind: str, interface: str | None) -> list[Json]:
        services = {service["id"] for service in self._services(kind)}
        return [
            endpoint
            for endpoint in self._send("GET", "/endpoints")["endpoints"]
            if endpoint["service_id"] in services and interface in (None, endpoint["interface"])
        ]

    def _add_endpoint(self, service: str, interface: str, url: str, region: str) -> None:
        regions = self._send("GET", "/regions")["regions"]
        if region not in {item["id"] for item in regions}:
            self._send("POST", "/regions", {"region": {"id": region}})
        body: Json = {"service_id": service, "interface": interface, "url": url}
        self._send("POST", "/endpoints", {"endpoint": {**body, "region_id": region}})
