"""Access to a cloud, from the `OS_*` variables of an openrc or from clouds.yaml."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Any

import msgspec
import yaml

from coordinator.openstack import certificates
from coordinator.openstack.credentials import Credentials
from coordinator.text import Secret

_ADMITTED = ("", "password", "v3password")
_PLACES = ("clouds.yaml", "~/.config/openstack/clouds.yaml", "/etc/openstack/clouds.yaml")
"""Files that openstacksdk looks for, besides OS_CLIENT_CONFIG_FILE."""


class AccessError(ValueError):
    """Something is missing or not supported; the text says what to do."""


class Access(msgspec.Struct, frozen=True):
    """A user of a cloud, and the way to it.

    Attributes:
        region: empty for the first that is found.
        certificates: CA certificates (PEM) by their source, in the words of a request.
    """

    credentials: Credentials
    interface: str
    region: str
    certificates: Mapping[str, str]


def read(environ: Mapping[str, str]) -> Access:
    """The access that the environment names."""
    values = _of_cloud(environ) if environ.get("OS_CLOUD") else dict(environ)
    if values.get("OS_AUTH_TYPE", "") not in _ADMITTED:
        raise AccessError("only OS_AUTH_TYPE=password is supported: use a user and a password")
    needed = ("OS_AUTH_URL", "OS_USERNAME", "OS_PASSWORD", "OS_PROJECT_NAME")
    missing = [name for name in needed if not values.get(name)]
    if missing:
        raise AccessError(f"{', '.join(missing)} not set: source your openrc, or set OS_CLOUD")
    region = values.get("OS_REGION_NAME", "")
    kind = values.get("OS_INTERFACE") or values.get("OS_ENDPOINT_TYPE") or "public"
    interface = kind.removesuffix("URL")
    if interface not in ("public", "internal", "admin"):
        raise AccessError("OS_INTERFACE must be public, internal or admin")
    credentials = Credentials(
        auth_url=_v3(values["OS_AUTH_URL"]),
        username=values["OS_USERNAME"],
        password=Secret(values["OS_PASSWORD"]),
        project=values["OS_PROJECT_NAME"],
        user_domain=_domain(values, "OS_USER_DOMAIN"),
        project_domain=_domain(values, "OS_PROJECT_DOMAIN"),
        regions=(region,) if region else (),
    )
    return Access(credentials, interface, region, _certificates(values.get("OS_CACERT", "")))


def _v3(url: str) -> str:
    base = url.rstrip("/").removesuffix("/v2.0")
    return base if base.endswith("/v3") else f"{base}/v3"


def _domain(values: Mapping[str, str], prefix: str) -> str:
    name, id_ = values.get(f"{prefix}_NAME", ""), values.get(f"{prefix}_ID", "")
    if not name and id_ not in ("", "default"):
        raise AccessError(f"set {prefix}_NAME beside {prefix}_ID")
    return name or "Default"


def _certificates(path: str) -> dict[str, str]:
    if not path:
        return {}
    try:
        text = pathlib.Path(path).expanduser().read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise AccessError(f"OS_CACERT: {path} cannot be read ({error})") from None
    if fault := certificates.fault_of(text):
        raise AccessError(f"OS_CACERT: {path}: {fault}")
    return {"option OS_CACERT": text}  # a path may look like the name of a unit


def _of_cloud(environ: Mapping[str, str]) -> dict[str, str]:
    """A cloud of clouds.yaml, in the words of an openrc, some of which count more."""
    name = environ["OS_CLOUD"]
    entry = _entry(environ.get("OS_CLIENT_CONFIG_FILE", ""), name)
    auth: dict[str, Any] = entry.get("auth") or {}
    given = {f"OS_{key.upper()}": str(value) for key, value in auth.items()}
    for key in ("auth_type", "region_name", "interface", "endpoint_type", "cacert"):
        if entry.get(key):
            given[f"OS_{key.upper()}"] = str(entry[key])
    for name in ("OS_REGION_NAME", "OS_INTERFACE", "OS_CACERT"):
        if environ.get(name):
            given[name] = environ[name]
    if environ.get("OS_PASSWORD"):
        given.setdefault("OS_PASSWORD", environ["OS_PASSWORD"])
    return given


def _entry(file: str, name: str) -> dict[str, Any]:
    paths = [pathlib.Path(place).expanduser() for place in (file, *_PLACES) if place]
    found = next((path for path in paths if path.is_file()), None)
    if found is None:
        raise AccessError(f"OS_CLOUD={name}, but there is no clouds.yaml")
    try:
        clouds = yaml.safe_load(found.read_text(encoding="utf-8"))["clouds"]
        return dict(clouds[name])
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        raise AccessError(f"{found} has no cloud {name}") from None
