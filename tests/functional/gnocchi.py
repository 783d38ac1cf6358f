"""What an operator might do to Gnocchi behind the coordinator's back."""

from __future__ import annotations

import requests

from tests.stack import Stack


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
