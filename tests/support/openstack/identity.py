"""Keystone's domains, projects, users and roles, over whatever carries a request."""

import dataclasses
from collections.abc import Iterable
from typing import Any, Protocol

Json = dict[str, Any]


class Send(Protocol):
    """Carries one request to Keystone's v3 API and returns the answer's JSON ({} if none)."""

    def __call__(self, method: str, path: str, body: Json | None = None) -> Json: ...


@dataclasses.dataclass(frozen=True)
class Identity:
    """Finds by name, creates what is missing, returns ids."""

    send: Send

    def ensure_domain(self, name: str) -> str:
        """Return the id of a domain."""
        return self._ensure("domain", "/domains", {"name": name})

    def ensure_project(self, name: str, domain: str) -> str:
        """Return the id of a project in a domain."""
        return self._ensure("project", "/projects", {"name": name, "domain_id": domain})

    def ensure_role(self, name: str) -> str:
        """Return the id of a role; case counts for nothing, as on the cloud's MySQL."""
        for role in self.send("GET", "/roles")["roles"]:
            if role["name"].lower() == name.lower():
                return role["id"]
        return self.send("POST", "/roles", {"role": {"name": name}})["role"]["id"]

    def ensure_user(self, name: str, domain: str, project: str, password: str) -> str:
        """Return the id of a user who can log in with this password."""
        found = self.send("GET", f"/users?name={name}&domain_id={domain}")["users"]
        if found:
            path = f"/users/{found[0]['id']}"
            self.send("PATCH", path, {"user": {"password": password}})
            return found[0]["id"]
        user = {"name": name, "domain_id": domain, "password": password}
        user["default_project_id"] = project
        return self.send("POST", "/users", {"user": user})["user"]["id"]

    def set_roles(self, user: str, project: str, roles: Iterable[str]) -> None:
        """Give a user exactly these roles (ids) on a project."""
        base = f"/projects/{project}/users/{user}/roles"
        has = {role["id"] for role in self.send("GET", base)["roles"]}
        wanted = set(roles)
        for role in wanted - has:
            self.send("PUT", f"{base}/{role}")
        for role in has - wanted:
            self.send("DELETE", f"{base}/{role}")

    def _ensure(self, kind: str, path: str, attributes: Json) -> str:
        query = "&".join(f"{key}={value}" for key, value in attributes.items())
        found = self.send("GET", f"{path}?{query}")[f"{kind}s"]
        return (found or [self.send("POST", path, {kind: attributes})[kind]])[0]["id"]
