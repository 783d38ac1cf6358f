"""Keystone and Gnocchi as one small server on loopback, for answers that real ones do not give."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import socket
from collections.abc import Generator, Mapping
from typing import Any

from ops import testing

from tests.unit import databags, model, reports, servers


@dataclasses.dataclass
class Cloud:
    """What they answer; a test may change it at any time.

    Attributes:
        types: names of Gnocchi's resource types; None while Gnocchi is down.
        attributes: attributes of resource types by name, where they have any.
        path: what follows host and port in Gnocchi's URL.
    """

    build: str = "4.7.1"
    types: tuple[str, ...] | None = tuple(sorted(reports.TYPES))
    attributes: Mapping[str, Any] = dataclasses.field(default_factory=dict[str, Any])
    name: str = "gnocchi"
    region: str = "RegionOne"
    path: str = ""
    port: int = 0

    def answer(self, connection: socket.socket, head: bytes) -> None:
        """Answer one request."""
        path = head.split()[1].decode()
        if path == "/v3/auth/tokens":
            token = json.dumps({"token": self._token()})
            servers.http(201, token, X_Subject_Token="t")(connection, head)
        elif self.types is None:
            servers.http(503)(connection, head)
        elif path == "/v1/resource_type":
            body = json.dumps(
                [{"name": name, "attributes": self.attributes.get(name)} for name in self.types]
            )
            servers.http(body=body)(connection, head)
        else:
            version = {"id": "v1.0", "status": "CURRENT", "links": []}
            body = json.dumps({"build": self.build, "versions": [version]})
            servers.http(body=body)(connection, head)

    def _token(self) -> dict[str, Any]:
        endpoint = {
            "interface": "internal",
            "region": self.region,
            "url": f"http://127.0.0.1:{self.port}{self.path}",
        }
        service = {"type": "metric", "name": self.name, "endpoints": [endpoint]}
        return {"catalog": [service], "expires_at": "2100-01-01T00:00:00Z", "methods": []}

    def state(self, *relations: testing.RelationBase, **options: Any) -> testing.State:
        """The Juju model around a coordinator that verifies this cloud's Gnocchi.

        Deeper questions are off: these want answers of a real Gnocchi.
        """
        bag = databags.credentials(credentials_host="127.0.0.1", credentials_port=str(self.port))
        usual = {
            "required_services": "metric",
            "optional_services": "",
            "deep_verification": "off",
        }
        options = {**usual, **options}
        return model.state(model.keystone({0: bag}), model.gnocchi(), *relations, **options)


@contextlib.contextmanager
def running() -> Generator[Cloud]:
    """A running cloud, good at first."""
    cloud = Cloud()
    with servers.serving(cloud.answer) as server:
        cloud.port = server.port
        yield cloud
