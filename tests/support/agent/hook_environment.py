"""The environment of a hook: what Juju gives to it, and nothing of our own."""

from __future__ import annotations

import collections.abc

from tests.support.agent import unit, unit_state

MODEL_UUID = "5a0f4e1c-6f0b-4f5e-8d6e-0c2b8f1d7a11"
NO_PROXY = "127.0.0.1,localhost,::1"
"""Juju's own default of the model's juju-no-proxy."""


def make(
    owner: unit.Unit, path: str, version: str, proxies: collections.abc.Mapping[str, str]
) -> dict[str, str]:
    """What every hook of a unit gets. HOME, USER and LOGNAME are not set.

    Args:
        owner: the unit.
        path: value of PATH.
        version: what JUJU_VERSION says.
        proxies: the model's proxies by kind: http, https, ftp, no.
    """
    charm = str(owner.charm_dir)
    return {
        "PATH": path,
        "LANG": "C.UTF-8",
        "TERM": "tmux-256color",
        "DEBIAN_FRONTEND": "noninteractive",
        "APT_LISTCHANGES_FRONTEND": "none",
        "CHARM_DIR": charm,
        "JUJU_CHARM_DIR": charm,
        "JUJU_UNIT_NAME": owner.unit,
        "JUJU_MODEL_NAME": "openstack",
        "JUJU_MODEL_UUID": MODEL_UUID,
        "JUJU_MACHINE_ID": "0",
        "JUJU_PRINCIPAL_UNIT": "",
        "JUJU_AVAILABILITY_ZONE": "nova",
        "JUJU_API_ADDRESSES": "192.0.2.1:17070",
        "JUJU_VERSION": version,
        "JUJU_AGENT_SOCKET_NETWORK": "unix",
        "CLOUD_API_VERSION": "",
        **{
            f"JUJU_CHARM_{kind.upper()}_PROXY": proxies.get(kind, default)
            for kind, default in {"http": "", "https": "", "ftp": "", "no": NO_PROXY}.items()
        },
        **_of_version(owner),
    }


def _of_version(owner: unit.Unit) -> dict[str, str]:
    added: dict[str, str] = {}
    if owner.behaviour.meter_status:
        added |= {"JUJU_METER_STATUS": "AMBER", "JUJU_SLA": "unsupported"}
    if owner.behaviour.trace_config:
        kinds = ("CA_CERT", "GRPC", "HTTP")
        added |= {f"JUJU_CHARM_TRACE_CONFIG_{kind}": "" for kind in kinds}
    return added


def of_run(
    owner: unit.Unit, due: unit_state.DueHook, action: unit_state.ActionRun | None
) -> dict[str, str]:
    """What this run gets beside: of its hook, its action, or of `juju exec`."""
    if action is None:
        path, name = f"hooks/{due.name}", due.name
        return {"JUJU_DISPATCH_PATH": path, "JUJU_HOOK_NAME": name, **_of_hook(owner, due)}
    task = {
        "JUJU_HOOK_NAME": "",
        "JUJU_ACTION_NAME": action.name,
        "JUJU_ACTION_UUID": action.id,
        "JUJU_ACTION_TAG": f"action-{action.id}",
    }
    if action.name == unit_state.EXEC:
        return task
    return {**task, "JUJU_DISPATCH_PATH": f"actions/{action.name}"}


def _of_hook(owner: unit.Unit, due: unit_state.DueHook) -> dict[str, str]:
    """What a hook about a relation or a secret gets beside."""
    if due.secret_id:
        secret = owner.databags.secrets.get(due.secret_id)
        label = "" if secret is None else secret.label
        return {"JUJU_SECRET_ID": f"secret:{due.secret_id}", "JUJU_SECRET_LABEL": label}
    if due.relation_id is None:
        return {}
    relation = owner.databags.relations[due.relation_id]
    variables = {
        "JUJU_RELATION": relation.endpoint,
        "JUJU_RELATION_ID": relation.name,
        "JUJU_REMOTE_APP": relation.remote_app,
        "JUJU_REMOTE_UNIT": due.remote_unit,
    }
    if due.name.endswith("-relation-departed"):
        variables["JUJU_DEPARTING_UNIT"] = owner.unit if owner.agenda.ending else due.remote_unit
    return variables
