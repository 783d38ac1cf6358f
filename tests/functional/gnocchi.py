"""What an operator might do to Gnocchi behind the coordinator's back."""

from __future__ import annotations

import requests

from tests.stack import Stack


def delete_resource_type(stack: Stack, name: str) -> None:
    answer = requests.delete(
        f"{stack.gnocchi_url}/v1/resource_type/{name}",
        headers={"X-Auth-Token": stack.admin_token()},
        timeout=30,
    )
    answer.raise_for_status()
