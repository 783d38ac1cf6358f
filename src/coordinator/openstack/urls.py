"""URLs that come from elsewhere: taken apart, judged, and made of quoted parts."""

from __future__ import annotations

import ipaddress
import re
import urllib.parse
from typing import TypeAlias

import msgspec

from coordinator.openstack.errors import ApiError, UnusableAnswerError
from coordinator.report.finding import Cause

LONGEST = 2000
"""Characters of a URL that somebody registered, or of an id in one."""

_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}")

_EMBEDDING = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))
"""Addresses of IPv6 whose last 32 bits are one of IPv4: NAT64, and the compatible ones of old."""

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


class Url(msgspec.Struct, frozen=True):
    """The parts of a URL that a request needs.

    Attributes:
        host: name or address in ASCII, without brackets.
        path: path and query, quoted, beginning with a slash.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port as they stand in a request; the usual port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Host and port, which have one certificate and one clock."""
        return f"{self.host}:{self.port}".lower()

    @property
    def place(self) -> str:
        """Scheme, host and port, such as `https://192.0.2.30:8041`."""
        return f"{self.scheme}://{self.authority}"


def parse(url: str) -> Url:
    """Take a URL apart."""
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
        host = _ascii(parts.hostname or "")
        path = urllib.parse.quote(parts.path or "/", safe="/%!$&'()*+,;=:@~")
        query = urllib.parse.quote(parts.query, safe="%!$&'()*+,;=:@~/?")
    except ValueError as error:
        raise ApiError(Cause.BAD_URL) from error
    if parts.scheme not in _PORTS or not url.isprintable() or not path.startswith("/"):
        raise ApiError(Cause.BAD_URL)
    path = f"{path}?{query}" if query else path
    return Url(parts.scheme, host, _PORTS[parts.scheme] if port is None else port, path)


def fault_of(url: str) -> str:
    """The fault of the URL of an API; empty when there is none."""
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError:
        return "its address or port is no valid one"
    has_odd_characters = not url.isprintable() or " " in url or "\\" in url
    faults = {
        "it does not start with http:// or https://": parts.scheme not in _PORTS,
        "it names no host": not parts.hostname,
        "it holds blanks, backslashes or control characters": has_odd_characters,
        "it holds a placeholder that keystone did not fill": "$(" in url or "%(" in url,
        "its port is 0": port == 0,
        "it holds a user, a query or a fragment": any(sign in url for sign in "@?#"),
        f"it has more than {LONGEST} characters": len(url) > LONGEST,
    }
    return next((text for text, holds in faults.items() if holds), "")


def origin(url: str) -> str:
    """`Url.origin` of a URL; empty when it is none."""
    try:
        return parse(url).origin
    except ApiError:
        return ""


def redirected_to(location: str, base: str) -> str:
    """`Url.place` that a header `Location` points to; empty when that is no web address."""
    try:
        return parse(urllib.parse.urljoin(base, location)).place if location else ""
    except (ValueError, ApiError):
        return ""


def address_of(host: str) -> Address | None:
    """The address that a host is given by; None for a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def is_link_local(host: str) -> bool:
    """True for a link-local address, also where one of IPv6 stands for it.

    Such an address (169.254.0.0/16, fe80::/10) belongs to this machine or its hypervisor, such as
    the metadata service of a cloud below.
    """
    address = address_of(host)
    if address is None:
        return False
    return any(one.is_link_local for one in (address, *_embedded(address)))


def _embedded(address: Address) -> list[ipaddress.IPv4Address]:
    """The addresses of IPv4 that one of IPv6 stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour]
    if any(address in network for network in _EMBEDDING):
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in found if one]


def below(path: str, *segments: object) -> str:
    """A path with further segments, which may come from elsewhere: each is quoted."""
    quoted = [_quoted(one) for one in segments]
    if any(one in ("", ".", "..") or len(one) > LONGEST for one in quoted):
        raise UnusableAnswerError(Cause.UNEXPECTED, "returned an id that is not valid in a URL")
    return "/".join([path, *quoted])


def _quoted(segment: object) -> str:
    """The segment as it stands in a path; empty when it is no text that UTF-8 can have."""
    try:
        return urllib.parse.quote(segment, safe="") if isinstance(segment, str) else ""
    except UnicodeEncodeError:
        return ""


def _ascii(host: str) -> str:
    """A host as the resolver takes it."""
    if ":" in host:
        ipaddress.IPv6Address(host)
        return host
    name = host if host.isascii() else host.encode("idna").decode("ascii")
    labels = name.removesuffix(".").split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("no host has such a name")
    return name
