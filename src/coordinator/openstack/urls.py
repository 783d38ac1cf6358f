"""URLs that come from elsewhere: taken apart, judged, and made of quoted parts. Pure."""

from __future__ import annotations

import ipaddress
import re
import urllib.parse

import msgspec

from coordinator.openstack.errors import ApiError, UnusableAnswerError
from coordinator.report.finding import Cause

LONGEST = 2000
"""Characters of a URL; what is longer is none that a person registered."""

_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}")
_PATH = re.compile(r"(/[A-Za-z0-9._~%!$&'()*+,;=:@-]*)*")

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")


class Url(msgspec.Struct, frozen=True):
    """The parts of a URL that a request needs.

    Attributes:
        host: name or address in ASCII, without brackets.
        port: the port, also where the URL leaves it out.
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
        """What a certificate is for, and what has a clock: host and port."""
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
    """What is wrong with the URL of an API; empty when nothing is."""
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError:
        return "its address or port is no valid one"
    faults = {
        "it does not start with http:// or https://": parts.scheme not in _PORTS,
        "it names no host": not parts.hostname,
        "it holds blanks, backslashes or control characters": _has_odd_characters(url),
        "it holds a placeholder that keystone did not fill": "$(" in url or "%(" in url,
        "its port is 0": port == 0,
        "it holds a user, a query or a fragment": any(sign in url for sign in "@?#"),
        f"it has more than {LONGEST} characters": len(url) > LONGEST,
    }
    return next((text for text, holds in faults.items() if holds), "")


def _has_odd_characters(url: str) -> bool:
    return not url.isprintable() or " " in url or "\\" in url


def is_link_local(host: str) -> bool:
    """Whether this is a link-local address, also where one of IPv6 stands for it.

    Such an address (169.254.0.0/16, fe80::/10) belongs to this machine or its hypervisor, such as
    the metadata service of a cloud below.
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_link_local or any(inner.is_link_local for inner in _inside(address))


def _inside(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 addresses that an address of IPv6 stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    last = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    wrapped = [last] if address in _NAT64 or address in _COMPATIBLE else []
    return [*wrapped, *(one for one in (address.ipv4_mapped, address.sixtofour) if one)]


def origin(url: str) -> str:
    """The same of a URL that nobody has looked at yet."""
    parts = urllib.parse.urlsplit(url)
    return f"{(parts.hostname or '').lower()}:{parts.port or _PORTS.get(parts.scheme, 443)}"


def below(path: str, *segments: object) -> str:
    """A path with further segments, which may come from elsewhere: each is quoted."""
    whole = "/".join([path, *(_segment(one) for one in segments)])
    if not _PATH.fullmatch(whole) or {".", ".."} & set(whole.split("/")):
        raise UnusableAnswerError(Cause.UNEXPECTED, "returned an id that is not valid in a URL")
    return whole


def place_of(location: str, base: str) -> str:
    """Scheme, host and port that a redirect points to; empty where that is no web address."""
    try:
        return parse(urllib.parse.urljoin(base, location)).place if location else ""
    except (ValueError, ApiError):
        return ""


def _segment(value: object) -> str:
    text = value if isinstance(value, str) else ""
    try:
        quoted = urllib.parse.quote(text, safe="")
    except UnicodeEncodeError:
        quoted = ""
    if quoted in ("", ".", "..") or len(quoted) > LONGEST:
        raise UnusableAnswerError(Cause.UNEXPECTED, "returned an id that is not valid in a URL")
    return quoted


def _ascii(host: str) -> str:
    """A host as the resolver takes it."""
    if ":" in host:
        ipaddress.IPv6Address(host)
        return host
    name = host if host.isascii() else host.encode("idna").decode("ascii")
    labels = name.removesuffix(".").split(".")
    if len(name) > 253 or not all(_NAME.fullmatch(label) for label in labels):
        raise ValueError("no host has such a name")
    return name
