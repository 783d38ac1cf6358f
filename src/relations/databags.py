"""Databags of the relations as typed values.

Sources: charm-keystone (identity-credentials), charm-gnocchi (metric-service) and charm-vault
(certificates). Values are strings; an absent one may also be empty, `None` or `__null__`.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from coordinator.openstack.credentials import Credentials
from coordinator.openstack.urls import fault_of
from coordinator.text import Secret

Databag = Mapping[str, str]
Databags = Mapping[str, Databag]
"""Databags of the remote units, by the unit's name."""

_ABSENT = {"", "None", "__null__"}
_NEEDED = (
    "credentials_host",
    "credentials_port",
    "credentials_protocol",
    "credentials_username",
    "credentials_password",
    "credentials_project",
)
_SUNBEAM_KEYS = {"credentials", "internal-endpoint", "api-version", "auth-host"}


class Identity(msgspec.Struct, frozen=True):
    """Credentials from keystone.

    Attributes:
        candidates: complete sets, each once; empty while keystone has sent none.
        fault: why they can never be used, or nothing.
    """

    candidates: tuple[Credentials, ...] = ()
    fault: str = ""
    remedy: str = ""


class Gnocchi(msgspec.Struct, frozen=True):
    """State of Gnocchi's units.

    Attributes:
        ready: a unit published its URL, since its database is ready.
        fault: the unit that published something else, where none published its URL.
    """

    ready: bool = False
    fault: str = ""


def identity_request(username: str, grants: tuple[str, ...]) -> dict[str, str]:
    """Our side of identity-credentials: the user that keystone is to make.

    Without grants, keystone grants its admin role; an empty value removes the key.
    """
    return {"username": username, "requested_grants": ",".join(grants)}


def identity(units: Databags, application: Databag) -> Identity:
    """Read identity-credentials.

    Args:
        units: databags of keystone's units; only the leader's holds credentials.
        application: keystone's application databag, empty in the dialect that is spoken here.
    """
    found: list[Credentials] = []
    faults: list[Identity] = []
    for unit in sorted(units, key=_unit_number):
        values = {key: value for key, value in units[unit].items() if not _absent(value)}
        if not all(key in values for key in _NEEDED):
            continue
        fault = _fault_of(unit, values)
        if fault:
            faults.append(fault)
        else:
            found.append(_credentials(values))
    if found:
        return Identity(tuple(dict.fromkeys(found)))
    if faults:
        return faults[0]
    if _SUNBEAM_KEYS & application.keys():
        return Identity(
            fault="keystone speaks the dialect of Sunbeam (OpenStack on Kubernetes)",
            remedy="integrate the machine charm keystone",
        )
    return Identity()


def _fault_of(unit: str, values: Databag) -> Identity | None:
    """The reason why complete credentials can never be used; None when they can."""
    version = values.get("api_version", "3").strip().removeprefix("v")
    if version.split(".")[0] != "3":
        return Identity(
            fault=f"{unit} offers Identity API v{version}, v3 is needed",
            remedy=f"juju config {unit.partition('/')[0]} preferred-api-version=3",
        )
    fault = fault_of(_auth_url(values))
    if fault:
        text = f"{unit} sent an address that cannot be used ({fault})"
        return Identity(fault=text, remedy=f"juju status {unit}")
    return None


def _credentials(values: Databag) -> Credentials:
    domain = values.get("domain", "default")
    return Credentials(
        auth_url=_auth_url(values),
        username=values["credentials_username"],
        password=Secret(values["credentials_password"]),
        project=values["credentials_project"],
        user_domain=values.get("credentials_user_domain_name", domain),
        project_domain=values.get("credentials_project_domain_name", domain),
        regions=tuple(values.get("region", "").split()),
    )


def _auth_url(values: Databag) -> str:
    host = values["credentials_host"]
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    return f"{values['credentials_protocol']}://{host}:{values['credentials_port']}/v3"


def gnocchi(units: Databags) -> Gnocchi:
    """Read metric-service."""
    fault = ""
    for unit in sorted(units, key=_unit_number):
        url = units[unit].get("gnocchi_url", "").strip()
        if _absent(url):
            continue
        wrong = fault_of(url)
        if not wrong:
            return Gnocchi(ready=True)
        fault = fault or f"{unit} published a URL that cannot be used ({wrong})"
    return Gnocchi(fault=fault)


def certificates(units: Databags) -> dict[str, str]:
    """Read certificates: the CA certificate and chain of each vault unit, by the unit's name."""
    found: dict[str, str] = {}
    for unit in sorted(units, key=_unit_number):
        parts = [units[unit].get(key, "") for key in ("ca", "chain")]
        text = "\n".join(dict.fromkeys(part.strip() for part in parts if not _absent(part)))
        if text and text not in found.values():
            found[unit] = text
    return found


def _absent(value: str) -> bool:
    return value.strip() in _ABSENT


def _unit_number(unit: str) -> tuple[str, int]:
    application, _, number = unit.partition("/")
    return application, int(number) if number.isdigit() else 0
