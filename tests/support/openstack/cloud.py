"""The running cloud with its administrator's rights."""

import secrets
import time
from collections.abc import Sequence

import requests
from keystoneauth1 import exceptions
from keystoneauth1 import session as keystone_session
from keystoneauth1.identity import v3

from tests.support.openstack.errors import StackError
from tests.support.openstack.identity import Identity, Json
from tests.support.openstack.inside.site import (
    ADMIN_PASSWORD,
    REGION,
    SERVICE_DOMAIN,
    SERVICE_PROJECT,
)

_REQUEST_TIME = 30.0  # seconds


class Cloud:
    """An administrator's session, and what an administrator does for the tests."""

    def __init__(self, address: str, keystone_port: int) -> None:
        self._address = address
        self._port = keystone_port
        self._users: dict[str, tuple[str, frozenset[str]]] = {}
        self._http = requests.Session()
        self._http.trust_env = False  # no proxy, no .netrc
        auth = v3.Password(
            auth_url=f"http://{address}:{keystone_port}/v3",
            username="admin",
            password=ADMIN_PASSWORD,
            user_domain_id="default",
            project_name="admin",
            project_domain_id="default",
        )
        self.session = keystone_session.Session(
            auth=auth, session=self._http, timeout=_REQUEST_TIME
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, method: str, path: str, body: Json | None = None) -> Json:
        """Carry one request to Keystone (see `identity.Send`). Raises StackError."""
        url = f"http://{self._address}:{self._port}/v3{path}"
        try:
            response = self.session.request(url, method, json=body)
        except exceptions.ClientException as error:
            raise StackError(f"keystone: {method} {path}: {error}") from error
        return response.json() if response.content else {}

    def service_ids(self, username: str) -> tuple[str, str]:
        """Ids of a service's user in the services' domain, and of its project."""
        identity = Identity(self.send)
        domain = identity.ensure_domain(SERVICE_DOMAIN)
        query = f"/users?name={username}&domain_id={domain}"
        (user,) = self.send("GET", query)["users"]
        return user["id"], identity.ensure_project(SERVICE_PROJECT, domain)

    def credentials(
        self, username: str, roles: Sequence[str], password: str | None
    ) -> dict[str, str]:
        """Make a user as the keystone charm does; return its leader's unit databag."""
        known = self._users.get(username)
        password = password or (known[0] if known else secrets.token_urlsafe(24))
        identity = Identity(self.send)
        domain = identity.ensure_domain(SERVICE_DOMAIN)
        project = identity.ensure_project(SERVICE_PROJECT, domain)
        wanted = (password, frozenset(roles))
        if known != wanted:
            user = identity.ensure_user(username, domain, project, password)
            identity.set_roles(user, project, [identity.ensure_role(role) for role in roles])
            self._users[username] = wanted
            if known:
                # keystone revokes all tokens of the second in which a user was changed
                time.sleep(1.1)
        return {
            "api_version": "3",
            "auth_host": self._address,
            "auth_port": "35357",  # the charm's admin port; nothing listens there here
            "auth_protocol": "http",
            "credentials_host": self._address,
            "credentials_port": str(self._port),
            "credentials_protocol": "http",
            "credentials_username": username,
            "credentials_password": password,
            "credentials_project": SERVICE_PROJECT,
            "credentials_project_id": project,
            "credentials_user_domain_name": SERVICE_DOMAIN,
            "credentials_user_domain_id": domain,
            "credentials_project_domain_name": SERVICE_DOMAIN,
            "credentials_project_domain_id": domain,
            "domain": SERVICE_DOMAIN,
            "region": REGION,
            "egress-subnets": f"{self._address}/32",
            "ingress-address": self._address,
            "private-address": self._address,
        }
