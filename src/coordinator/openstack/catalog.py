"""The service catalog against the blueprint: where is a service, or why not. Pure."""

from __future__ import annotations

import dataclasses
import urllib.parse
from collections.abc import Iterable, Mapping
from typing import Any

from coordinator.report.finding import Cause
from coordinator.text import plain


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """One endpoint of a catalog entry.

    Attributes:
        interface: `public`, `internal` or `admin`.
    """

    interface: str
    region: str
    url: str


@dataclasses.dataclass(frozen=True)
class Entry:
    """One service of the catalog with its endpoints."""

    type: str
    name: str
    endpoints: tuple[Endpoint, ...]


@dataclasses.dataclass(frozen=True)
class Located:
    """Where a service is.

    Attributes:
        url: its endpoint, without a trailing slash.
        doubt: what is odd about the entry although it can be used, or nothing.
        doubt_cause: the kind of oddity.
    """

    url: str
    doubt: str = ""
    doubt_cause: Cause | None = None


@dataclasses.dataclass(frozen=True)
class Missing:
    """Why a service has no endpoint that can be used.

    Attributes:
        cause: which way.
        text: a phrase that follows the name of the service.
        available: the interfaces or regions that there are instead.
    """

    cause: Cause
    text: str
    available: tuple[str, ...] = ()


def parse(catalog: Iterable[Mapping[str, Any]]) -> tuple[Entry, ...]:
    """Read the catalog of a v3 token (Identity API, `token.catalog`).

    Services without endpoints are listed too; fields that are absent become empty.
    """
    return tuple(
        Entry(
            type=plain(str(service.get("type") or "")),
            name=plain(str(service.get("name") or "")),
            endpoints=tuple(
                Endpoint(
                    interface=plain(str(endpoint.get("interface") or "")),
                    region=plain(str(endpoint.get("region_id") or endpoint.get("region") or "")),
                    url=str(endpoint.get("url") or ""),
                )
                for endpoint in service.get("endpoints") or ()
            ),
        )
        for service in catalog
    )


def locate(
    entries: Iterable[Entry], type_: str, name: str, interface: str, region: str
) -> Located | Missing:
    """Find the endpoint of a service.

    Args:
        entries: the catalog.
        type_: catalog type of the service.
        name: name that its charm registers; another one is a doubt.
        interface: interface wanted.
        region: region wanted; empty means any.
    """
    services = [entry for entry in entries if entry.type == type_]
    if not services:
        return Missing(Cause.NOT_IN_CATALOG, "is not in the service catalog")
    endpoints = [endpoint for service in services for endpoint in service.endpoints]
    if not endpoints:
        return Missing(Cause.NO_INTERFACE, "has no endpoints in the service catalog")
    here = [endpoint for endpoint in endpoints if region in ("", endpoint.region)]
    if not here:
        regions = _distinct(endpoint.region for endpoint in endpoints)
        text = f"has no endpoint in region {region} (it has {', '.join(regions)})"
        return Missing(Cause.NO_REGION, text, regions)
    fitting = [endpoint for endpoint in here if endpoint.interface == interface]
    if not fitting:
        interfaces = _distinct(endpoint.interface for endpoint in here)
        text = f"has no {interface} endpoint (it has {', '.join(interfaces)})"
        return Missing(Cause.NO_INTERFACE, text, interfaces)
    url = fitting[0].url.strip().rstrip("/")
    problem = problem_of_url(url)
    if problem:
        return Missing(Cause.BAD_URL, f"has a malformed {interface} endpoint: {problem}")
    used = [entry for entry in services if set(entry.endpoints) & set(fitting)]
    return _with_doubt(url, used, name, _distinct(endpoint.url for endpoint in fitting))


def problem_of_url(url: str) -> str:
    """What is wrong with the URL of an API; empty when nothing is."""
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError:
        return "its address or port is no valid one"
    if parts.scheme not in ("http", "https"):
        return "it does not start with http:// or https://"
    if not parts.hostname:
        return "it names no host"
    if not url.isprintable() or " " in url:
        return "it holds blanks or control characters"
    if "$(" in url or "%(" in url or port == 0:
        return "it holds a placeholder that keystone did not fill"
    return ""


def _with_doubt(url: str, services: list[Entry], name: str, urls: tuple[str, ...]) -> Located:
    if len(services) > 1 or len(urls) > 1:
        names = ", ".join(sorted(service.name or "unnamed" for service in services))
        text = f"has {max(len(services), len(urls))} entries in the service catalog ({names})"
        return Located(url, text, Cause.DUPLICATE)
    if name and services[0].name != name:
        text = f"is named '{services[0].name}' in the service catalog instead of '{name}'"
        return Located(url, text, Cause.BAD_NAME)
    return Located(url)


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))
