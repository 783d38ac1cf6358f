"""Proxies between a unit and the cloud."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class Proxies:
    """Proxies to use; empty strings mean none.

    Attributes:
        http: URL of the proxy for http.
        https: URL of the proxy for https.
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
