"""Clouds with a token at hand, for tests that ask services and no keystone."""

from __future__ import annotations

from collections.abc import Sequence

from coordinator.openstack import client, http
from coordinator.openstack.proxies import Proxies


def cloud(
    seconds: float = 3, trusted: Sequence[str] = (), proxies: Proxies | None = None
) -> client.Cloud:
    """A cloud without a catalog, good for some seconds."""
    return client.Cloud(session(seconds, trusted, proxies), ())


def session(
    seconds: float = 3, trusted: Sequence[str] = (), proxies: Proxies | None = None
) -> client.Session:
    """A session of such a cloud."""
    transport = http.Transport(trusted, proxies)
    return client.Session(transport, client.Login("token"), http.Deadline.after(seconds))


def route(seconds: float = 3) -> client.Route:
    """A direct route, good for some seconds."""
    return client.Route(http.Transport(), http.Deadline.after(seconds))
