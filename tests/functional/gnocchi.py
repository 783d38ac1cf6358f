"""What an operator might do to Gnocchi behind the coordinator's back."""

from __future__ import annotations

from typing import Any

import requests
from keystoneauth1 import session
from keystoneauth1.identity import v3

from tests.support.openstack import Stack


def delete_resource_type(stack: Stack, name: str) -> None:
    _ask(stack, "DELETE", f"/v1/resource_type/{name}")


def create_resource_type(stack: Stack, name: str) -> None:
    _ask(stack, "POST", "/v1/resource_type", {"name": name})


def _ask(stack: Stack, method: str, path: str, body: dict[str, str] | None = None) -> None:
    answer = requests.request(
        method,
        f"{stack.gnocchi_url}{path}",
        json=body,
        headers={"X-Auth-Token": stack.admin_token()},
        timeout=30,
    )
    answer.raise_for_status()


def make_canary(stack: Stack, name: str, **attributes: str) -> None:
    """Make what a canary is made of, as the coordinator's own user."""
    metrics = {"canary": {"archive_policy_name": "high"}}
    body = {"id": name, "metrics": metrics, **attributes}
    as_coordinator(stack).post(f"{stack.gnocchi_url}/v1/resource/generic", json=body)


def canaries(stack: Stack) -> list[str]:
    """The names of all canaries of anybody that Gnocchi has."""
    query = {"like": {"original_resource_id": "telemetry-coordinator:%"}}
    return [one["original_resource_id"] for one in _search(stack, query)]


def canary_metrics(stack: Stack) -> list[dict[str, Any]]:
    """The metrics of canaries, also of those that lost their resource."""
    return stack.session.get(f"{stack.gnocchi_url}/v1/metric?name=canary").json()


def remove_canaries(stack: Stack) -> None:
    query = {"like": {"original_resource_id": "telemetry-coordinator:%"}}
    for one in _search(stack, query):
        stack.session.delete(f"{stack.gnocchi_url}/v1/resource/generic/{one['id']}")


def _search(stack: Stack, query: dict[str, Any]) -> list[dict[str, Any]]:
    url = f"{stack.gnocchi_url}/v1/search/resource/generic"
    return stack.session.post(url, json=query).json()


def as_coordinator(stack: Stack, username: str = "telemetry-coordinator") -> session.Session:
    """The session of the coordinator's user, or of another administrator of its project."""
    databag = stack.credentials_databag(username)
    auth = v3.Password(
        auth_url=f"{stack.keystone_url}/v3",
        username=databag["credentials_username"],
        password=databag["credentials_password"],
        user_domain_name=databag["credentials_user_domain_name"],
        project_name=databag["credentials_project"],
        project_domain_name=databag["credentials_project_domain_name"],
    )
    return session.Session(auth=auth, timeout=30)
