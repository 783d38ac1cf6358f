"""What a person or a plain program would do to see the same."""

from __future__ import annotations

import collections.abc
import contextlib
import http.client
import json
import os
import pathlib
import subprocess
import urllib.parse

from tests.benchmark.gateway import Request

COMMANDS = (
    ("catalog", "list"),
    ("service", "list"),
    ("metric", "resource-type", "list"),
    ("alarm", "list"),
    ("secret", "list"),
)
"""What an operator types to see whether the four services answer."""


def run_openstack(
    command: pathlib.Path, databag: collections.abc.Mapping[str, str], home: pathlib.Path
) -> None:
    """Run the five commands, one after another, each from the start."""
    environment = {
        "HOME": str(home),
        "PATH": os.defpath,
        "OS_IDENTITY_API_VERSION": "3",
        "OS_AUTH_URL": f"{_keystone(databag)}/v3",
        "OS_USERNAME": databag["credentials_username"],
        "OS_PASSWORD": databag["credentials_password"],
        "OS_PROJECT_NAME": databag["credentials_project"],
        "OS_USER_DOMAIN_NAME": databag["credentials_user_domain_name"],
        "OS_PROJECT_DOMAIN_NAME": databag["credentials_project_domain_name"],
        "OS_INTERFACE": "internal",
        "OS_AUTH_TYPE": "password",
    }
    for words in COMMANDS:
        subprocess.run(
            [command, *words, "-f", "json"],
            env=environment,
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=60,
        )


def ask_bare(
    databag: collections.abc.Mapping[str, str],
    requests: collections.abc.Iterable[Request],
    services: collections.abc.Mapping[str, str],
) -> None:
    """Fetch a token, and then what else is asked, one request after another, checking nothing.

    Args:
        databag: keystone's credentials.
        requests: what is asked; those that are no GET are left out.
        services: the URLs of the services by their names.
    """
    with contextlib.ExitStack() as opened:
        connections = {
            name: opened.enter_context(
                contextlib.closing(http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc))
            )
            for name, url in services.items()
        }
        token = _token(connections["keystone"], databag)
        for request in requests:
            if request.method == "GET":
                connection = connections[request.service]
                connection.request("GET", request.path, headers={"X-Auth-Token": token})
                connection.getresponse().read()


def _token(
    keystone: http.client.HTTPConnection, databag: collections.abc.Mapping[str, str]
) -> str:
    user = {
        "name": databag["credentials_username"],
        "password": databag["credentials_password"],
        "domain": {"name": databag["credentials_user_domain_name"]},
    }
    project = {
        "name": databag["credentials_project"],
        "domain": {"name": databag["credentials_project_domain_name"]},
    }
    identity = {"methods": ["password"], "password": {"user": user}}
    body = {"auth": {"identity": identity, "scope": {"project": project}}}
    headers = {"Content-Type": "application/json"}
    keystone.request("POST", "/v3/auth/tokens", json.dumps(body), headers)
    answer = keystone.getresponse()
    answer.read()
    return answer.headers["X-Subject-Token"]


def _keystone(databag: collections.abc.Mapping[str, str]) -> str:
    return f"http://{databag['credentials_host']}:{databag['credentials_port']}"
