"""Where Juju 3.6 and 4.0 differ for a unit: a table, and where each line of it comes from.

Everything else in this folder is Juju 4.0.14 as recorded (recordings/), and is believed to be so
in 3.6 too. The column for 4.0 is recorded; the one for 3.6 is known from Juju's source and
documentation and was not recorded, except for `BELIEVED`, which are not even that.
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Behaviour:
    """What one version of Juju does."""

    config_changed_runs: int
    """Hooks that one `juju config` causes."""
    reset_runs: int
    """Hooks that one `juju config --reset` causes."""
    leader_settings: bool
    """A new unit that does not lead gets leader-settings-changed."""
    meter_status: bool
    """Hooks get JUJU_METER_STATUS and JUJU_SLA."""
    trace_config: bool
    """Hooks get JUJU_CHARM_TRACE_CONFIG_*."""
    private_address: bool
    """A unit's databag holds private-address."""
    own_data_is_read_by_followers: bool
    """A follower reads its application's databag in relations that are no peers."""
    unknown_unit: str
    unknown_application: str
    secret_refused: str
    secret_missing: str
    secret_label_missing: str
    secret_uri: str
    network_get_address: bool
    """Addresses of network-get have the key `address` beside `value`, and an empty hostname."""


BEHAVIOURS = {
    "3.6": Behaviour(
        config_changed_runs=1,
        reset_runs=1,
        # documentation: "Hook", leader-settings-changed (deprecated, there until 4.0)
        leader_settings=True,
        # source: internal/worker/uniter/runner/context, HookVars
        meter_status=True,
        trace_config=False,
        # source: apiserver/facades/agent/uniter, EnterScope
        private_address=True,
        # documentation: "relation-get", permissions; ops: _ModelBackend
        own_data_is_read_by_followers=False,
        # source: apiserver/facades/agent/uniter, ReadRemoteSettings
        unknown_unit="permission denied",
        unknown_application="permission denied",
        # source: apiserver/facades/agent/secretsmanager, GetSecretContentInfo
        secret_refused="permission denied",
        secret_missing='secret "{id}" not found',
        secret_label_missing='consumer label "{label}" not found',
        # source: core/secrets, URI.String
        secret_uri="secret:{id}",
        # source: network/params, InterfaceAddress
        network_get_address=True,
    ),
    "4.0": Behaviour(
        config_changed_runs=2,  # recordings/hooks.txt, "juju config"
        reset_runs=0,  # recordings/hooks.txt, "juju config --reset"
        leader_settings=False,  # recordings/hooks.txt, "juju add-unit"
        meter_status=False,  # recordings/environment.txt
        trace_config=True,
        private_address=False,  # recordings/relations.txt
        own_data_is_read_by_followers=True,
        unknown_unit="relation unit not found",
        unknown_application='getting application "{name}" not found',
        secret_refused='"{unit}" is not allowed to read this secret',  # recordings/secrets.txt
        secret_missing="getting latest secret revision: secret not found",
        secret_label_missing='secret URI for consumer label "{label}" not found',
        secret_uri="secret://{model}/{id}",
        network_get_address=False,  # recordings/commands.txt
    ),
}
BELIEVED = frozenset({"config_changed_runs", "reset_runs", "secret_label_missing"})
"""What 3.6 is only thought to do."""


def of_version(version: str) -> Behaviour:
    """The behaviour of a version such as 3.6.9 or 4.0.14.

    Raises:
        ValueError: for a version that nobody knows here.
    """
    series = ".".join(version.split(".")[:2])
    if series not in BEHAVIOURS:
        raise ValueError(f"Juju {version} is not modelled: {', '.join(BEHAVIOURS)} are")
    return BEHAVIOURS[series]
