"""The service catalog, and the endpoint of a service in it."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterable, Mapping

import msgspec

from coordinator.openstack.urls import fault_of, is_link_local
from coordinator.report.finding import Cause
from coordinator.report.kept import Json
from coordinator.text import named, plain


class Endpoint(msgspec.Struct, frozen=True):
    """One endpoint of a catalog entry."""

    interface: str
    region: str
    url: str
    in_clear: bool = False
    """True when a token that came by TLS would go there in clear."""


class Entry(msgspec.Struct, frozen=True):
    """One service of the catalog."""

    type: str
    name: str
    endpoints: tuple[Endpoint, ...]


class Located(msgspec.Struct, frozen=True):
    """The endpoint of a service, and what is odd about it although it can be used."""

    url: str
    oddity: str = ""
    oddity_cause: Cause | None = None


class Missing(msgspec.Struct, frozen=True):
    """The fault of a service without a usable endpoint, and the regions or interfaces it has."""

    cause: Cause
    text: str
    available: tuple[str, ...] = ()


def parse(catalog: Json, *, secure: bool = False) -> tuple[Entry, ...]:
    """Read the catalog of a v3 token (Identity API, `token.catalog`).

    Fields that are absent, or no texts, become empty; what is no object is passed over.

    Raises:
        TypeError: it is no list.
    """
    if not isinstance(catalog, list):
        raise TypeError("a catalog is a list")
    return tuple(_entry(service, secure) for service in _objects(catalog))


def locate(
    entries: Iterable[Entry], type_: str, name: str, interface: str, region: str
) -> Located | Missing:
    """Find the endpoint of a service."""
    services = [entry for entry in entries if entry.type == type_]
    if not services:
        return Missing(Cause.NOT_IN_CATALOG, "is not in the service catalog")
    endpoints = [endpoint for service in services for endpoint in service.endpoints]
    if not endpoints:
        return Missing(Cause.NO_INTERFACE, "has no endpoints in the service catalog")
    here = [endpoint for endpoint in endpoints if region in ("", endpoint.region)]
    if not here:
        regions = tuple(sorted({endpoint.region for endpoint in endpoints}))
        text = f"has no endpoint in region {region} (it has {named(regions)})"
        return Missing(Cause.NO_REGION, text, regions)
    fitting = [endpoint for endpoint in here if endpoint.interface == interface]
    if not fitting:
        interfaces = tuple(sorted({endpoint.interface for endpoint in here}))
        text = f"has no {interface} endpoint (it has {named(interfaces)})"
        return Missing(Cause.NO_INTERFACE, text, interfaces)
    used = [service for service in services if set(service.endpoints) & set(fitting)]
    return _judged(fitting, used, name)


def _judged(fitting: list[Endpoint], services: list[Entry], name: str) -> Located | Missing:
    """The first of the endpoints that fit, if a token may go there."""
    first = fitting[0]
    url = first.url.strip().rstrip("/")
    if fault := fault_of(url):
        return Missing(Cause.BAD_URL, f"has a malformed {first.interface} endpoint: {fault}")
    if is_link_local(urllib.parse.urlsplit(url).hostname or ""):
        text = f"has a link-local {first.interface} endpoint, which gets no token"
        return Missing(Cause.UNSAFE_URL, text)
    if first.in_clear:
        text = "has an http endpoint although Keystone has https: sends the token in clear"
        return Located(url, text, Cause.UNSAFE_URL)
    number = max(len(services), len({endpoint.url for endpoint in fitting}))
    if number > 1:
        names = sorted(service.name or "unnamed" for service in services)
        text = f"has {number} entries in the service catalog ({named(names)})"
        return Located(url, text, Cause.DUPLICATE)
    if name and services[0].name != name:
        text = f"is named '{services[0].name}' in the service catalog instead of '{name}'"
        return Located(url, text, Cause.BAD_NAME)
    return Located(url)


def _entry(service: Mapping[str, Json], secure: bool) -> Entry:
    endpoints = (_endpoint(one, secure) for one in _objects(service.get("endpoints")))
    return Entry(_text(service, "type"), _text(service, "name"), tuple(endpoints))


def _endpoint(endpoint: Mapping[str, Json], secure: bool) -> Endpoint:
    url = endpoint.get("url")
    url = url if isinstance(url, str) else ""
    region = _text(endpoint, "region_id") or _text(endpoint, "region")
    in_clear = secure and url.strip().lower().startswith("http:")
    return Endpoint(_text(endpoint, "interface"), region, url, in_clear)


def _objects(values: Json) -> list[Mapping[str, Json]]:
    """The objects in a list; nothing in anything else."""
    listed = values if isinstance(values, list) else []
    return [one for one in listed if isinstance(one, Mapping)]


def _text(values: Mapping[str, Json], key: str) -> str:
    value = values.get(key)
    return plain(value) if isinstance(value, str) else ""
