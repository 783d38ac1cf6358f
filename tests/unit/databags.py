"""Databags as keystone, gnocchi and vault write them; every value is a string."""

from __future__ import annotations

PASSWORD = "correct-horse"

ADDRESSES = {
    "egress-subnets": "192.0.2.20/32",
    "ingress-address": "192.0.2.20",
    "private-address": "192.0.2.20",
}

CREDENTIALS = {
    **ADDRESSES,
    "auth_host": "192.0.2.120",
    "auth_port": "35357",
    "auth_protocol": "http",
    "credentials_host": "192.0.2.20",
    "credentials_port": "5000",
    "credentials_protocol": "http",
    "credentials_username": "telemetry-coordinator",
    "credentials_password": PASSWORD,
    "credentials_project": "services",
    "credentials_project_id": "abcdef0123456789",
    "domain": "service_domain",
    "credentials_user_domain_name": "service_domain",
    "credentials_user_domain_id": "0123456789abcdef",
    "credentials_project_domain_name": "service_domain",
    "credentials_project_domain_id": "0123456789abcdef",
    "api_version": "3",
    "region": "RegionOne",
}

SUNBEAM = {
    "api-version": "v3",
    "auth-host": "192.0.2.20",
    "auth-port": "80",
    "auth-protocol": "http",
    "credentials": "secret:cmvbrjp0q0ss77v0a1bg",
    "internal-endpoint": "http://192.0.2.20/openstack-keystone",
}

GNOCCHI_URL = "http://192.0.2.30:8041"

# sha256 of the three endpoint URLs, as keystone's leader announces them
ANNOUNCEMENTS = {
    "gnocchi-endpoint-changed": "fd3eb26f277db4d794ba8ca3e466b1daba4cc7b9a94dce507ba3a91a1cd0d9ec",
    "None-endpoint-changed": "d5c4d2ebc764345f4f62e3771c29189ea66e844ba6871968607858027e4c4fb0",
}


def credentials(**changes: str) -> dict[str, str]:
    """What keystone's leader writes, with some values changed."""
    return {**CREDENTIALS, **changes}


def without(*keys: str) -> dict[str, str]:
    """What keystone's leader writes, with some keys missing."""
    return {key: value for key, value in CREDENTIALS.items() if key not in keys}
