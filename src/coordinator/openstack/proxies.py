"""Proxies between a unit and the cloud."""

from __future__ import annotations

import base64
import ipaddress
import urllib.parse
from collections.abc import Mapping

import msgspec

from coordinator.openstack import urls
from coordinator.openstack.errors import ApiError
from coordinator.report.finding import Cause
from coordinator.text import Secret

_NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


class Proxy(msgspec.Struct, frozen=True):
    """A proxy, and the headers that log in there."""

    host: str
    port: int
    headers: dict[str, Secret]


class Proxies(msgspec.Struct, frozen=True):
    """URLs of proxies; empty strings mean none.

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
        values = [environ.get(f"JUJU_CHARM_{name}", "") for name in _NAMES]
        if not any(values):
            values = [environ.get(name.lower()) or environ.get(name, "") for name in _NAMES]
        return cls(*map(Secret, values))  # a URL may hold a password

    def to_environment(self) -> dict[str, str]:
        """The same for a child process."""
        values = {"http": self.http, "https": self.https, "no": self.no_proxy}
        return {f"{name}_proxy": value for name, value in values.items() if value}

    def find(self, target: urls.Url) -> Proxy | None:
        """The proxy that a request goes through; None where it goes directly."""
        proxy = self.https if target.scheme == "https" else self.http
        direct = self.no_proxy.replace(" ", "").lower().split(",")
        if not proxy or any(_is_meant(target, entry) for entry in direct):
            return None
        return _parsed(proxy if "://" in proxy else f"http://{proxy}")


def _is_meant(target: urls.Url, entry: str) -> bool:
    """Tell if an entry of no_proxy covers a URL: `*`, a network, an address, or a domain."""
    host = target.host.lower()
    if entry.endswith(f":{target.port}") and (entry.count(":") == 1 or "]" in entry):
        entry = entry.removesuffix(f":{target.port}")
    if entry in ("*", host, f"[{host}]"):
        return True
    address = urls.address_of(host)
    if address is None:
        domain = entry.lstrip(".")
        return bool(domain) and f".{host}".endswith(f".{domain}")
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


def _parsed(url: str) -> Proxy:
    try:
        place = urls.parse(url)
    except ApiError as error:
        text = "cannot be reached: the URL of the proxy is none"
        raise ApiError(Cause.UNREACHABLE, text) from error
    if place.scheme != "http":
        text = "cannot be reached: the URL of the proxy is not http://"
        raise ApiError(Cause.UNREACHABLE, text)
    parts = urllib.parse.urlsplit(url)
    if parts.username is None:
        return Proxy(place.host, place.port, {})
    login = urllib.parse.unquote(f"{parts.username}:{parts.password or ''}")
    secret = base64.b64encode(login.encode()).decode()
    return Proxy(place.host, place.port, {"Proxy-Authorization": Secret(f"Basic {secret}")})
