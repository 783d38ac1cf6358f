"""The configuration that ceilometer's own charm would write."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping


def write_config(databag: Mapping[str, str], path: pathlib.Path) -> pathlib.Path:
    """Write what ceilometer-upgrade needs, and return the file's path.

    Args:
        databag: what keystone sends over identity-credentials.
        path: of a file that is not there yet.
    """
    protocol, host = databag["credentials_protocol"], databag["credentials_host"]
    options = {
        "auth_type": "password",
        "auth_url": f"{protocol}://{host}:{databag['credentials_port']}/v3",
        "username": databag["credentials_username"],
        "password": databag["credentials_password"],
        "user_domain_name": databag["credentials_user_domain_name"],
        "project_domain_name": databag["credentials_project_domain_name"],
        "project_name": databag["credentials_project"],
        "region_name": databag["region"],
        "interface": "internal",
    }
    lines = [f"{name} = {value}" for name, value in options.items()]
    path.touch(0o600, exist_ok=False)
    path.write_text("\n".join(["[service_credentials]", *lines, ""]))
    return path
