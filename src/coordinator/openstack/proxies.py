"""Proxies between a unit and the cloud."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

import msgspec


class Proxies(msgspec.Struct, frozen=True):
    """Proxies to use; empty strings mean none.

    Attributes:
        no_proxy: comma-separated hosts and networks that are reached directly.
    """

    http: str = ""
    https: str = ""
    no_proxy: str = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Proxies:
        """The model's proxies as Juju gives them to charms, else those of the environment.

        Source: Juju's model settings `juju-http-proxy` (JUJU_CHARM_HTTP_PROXY) and `http-proxy`.
        """
        names = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
        charm = [environ.get(f"JUJU_CHARM_{name}", "") for name in names]
        if any(charm):
            return cls(*charm)
        return cls(*(environ.get(name.lower()) or environ.get(name, "") for name in names))

    def to_environment(self) -> dict[str, str]:
        """The same for a child process."""
        values = {"http": self.http, "https": self.https, "no": self.no_proxy}
        return {f"{name}_proxy": value for name, value in values.items() if value}

    def between(self, scheme: str, host: str, port: int) -> str:
        """URL of the proxy that a request goes through; empty where it goes directly."""
        proxy = self.https if scheme == "https" else self.http
        direct = self.no_proxy.replace(" ", "").split(",")
        if not proxy or any(_names(entry, host.lower(), port) for entry in direct):
            return ""
        return proxy if "://" in proxy else f"http://{proxy}"


def _names(entry: str, host: str, port: int) -> bool:
    """Whether an entry of no_proxy is about a host: `*`, a network, an address, or a domain."""
    entry = entry.lower()
    if entry.endswith(f":{port}") and (entry.count(":") == 1 or "]" in entry):
        entry = entry.removesuffix(f":{port}")
    if entry in ("*", host, f"[{host}]"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        domain = entry.lstrip(".")
        return bool(domain) and f".{host}".endswith(f".{domain}")
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
