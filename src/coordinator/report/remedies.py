"""Commands to type when a check fails: for each cause the one that a person would start with.

Names of applications are those that relations tell, or else the Juju model when it was seen last.
Of what stands behind an application (a broker, a cache, a storage, agents) no name is known here:
`juju status --relations` tells it.
"""

from __future__ import annotations

import shlex

import msgspec

from coordinator.report.finding import Cause


def run_upgrade(application: str) -> str:
    """The command that runs ceilometer-upgrade by the action of an application."""
    return f"juju run {application}/leader ceilometer-upgrade"


_REGISTER = "juju integrate {application}:identity-service {keystone}:identity-service"
_RELATIONS = "juju status --relations {application}"
_ENDPOINTS = "openstack endpoint list --service {service}"
_ENTRIES = "openstack service list --long | grep {service}"
_METRICD_STATUS = "juju exec -a {application} -- systemctl status gnocchi-metricd"
_REISSUE = "juju run {authority}/leader reissue-certificates"

_USUAL = {
    **dict.fromkeys((Cause.TLS_EXPIRED, Cause.TLS_ENDS), _RELATIONS),
    **dict.fromkeys((Cause.NOT_STORED, Cause.WRONG_VALUE, Cause.STORE_FAILS), _RELATIONS),
    **dict.fromkeys((Cause.NO_POLICIES, Cause.NO_FLOW, Cause.METRICS_MISSING), _RELATIONS),
    Cause.SILENT_HOSTS: _RELATIONS,
    Cause.NOT_IN_CATALOG: _REGISTER,
    Cause.NO_INTERFACE: _REGISTER,
    Cause.BAD_NAME: _ENTRIES,
    Cause.DUPLICATE: _ENTRIES,
    Cause.UNRESOLVED: "check DNS and the os-*-hostname options of {application}",
    Cause.TLS_UNTRUSTED: "juju integrate {coordinator}:certificates VAULT:certificates",
    Cause.TLS_WRONG_HOST: "check the os-*-hostname options of {application}",
    Cause.FORBIDDEN: "{grant}",
    Cause.MISSING_TYPES: run_upgrade("{coordinator}"),
    # Gnocchi's own archive policy `low` (gnocchi/archive_policy.py)
    Cause.NO_POLICY: "openstack metric archive-policy create -d granularity:5m,timespan:30d low",
    Cause.NOT_PROCESSED: _METRICD_STATUS,
    Cause.BACKLOG: _METRICD_STATUS,
    Cause.NOT_ASKED: "",  # it follows from another finding
    Cause.NOT_EVALUATED: "juju exec -a {application} -- systemctl status aodh-evaluator",
    Cause.NO_DATA: "juju exec -a {application} -- tail -n 50 /var/log/aodh/aodh-evaluator.log",
    Cause.ENGINE_DOWN: "juju exec -a {application} -- systemctl status watcher-decision-engine",
    Cause.NO_GOALS: "juju exec -a {application} -- systemctl restart watcher-decision-engine",
    Cause.CLOCK: "juju exec -a {application} -- timedatectl",
    Cause.INTERNAL: "juju debug-log --include {coordinator}",
}
"""For any other cause it is `juju status` of the application."""

_OF_SERVICES = {
    **dict.fromkeys((Cause.BAD_URL, Cause.UNSAFE_URL, Cause.NOT_FOUND), _ENDPOINTS),
    **dict.fromkeys((Cause.NOT_JSON, Cause.UNEXPECTED, Cause.TOO_LARGE), _ENDPOINTS),
    Cause.REDIRECTED: _ENDPOINTS,
}
"""The same where the catalog may lead to something else: to Keystone it does not lead."""

_OF_KEYSTONE = {
    Cause.UNAUTHORIZED: "juju remove-relation {coordinator}:identity-credentials {keystone}"
}

_OF_SIGNED = {
    Cause.TLS_UNTRUSTED: 'juju config {coordinator} ssl-ca="$(cat ca.pem)"',
    Cause.TLS_EXPIRED: _REISSUE,
    Cause.TLS_ENDS: _REISSUE,
}
"""The same where it is known who signs certificates."""


class Names(msgspec.Struct, frozen=True):
    """The names in a remedy.

    Attributes:
        service: catalog type, or `identity`.
        application, keystone, coordinator: applications.
        authority: the application that signs certificates; empty where no relation tells.
        grant: the command that gives the coordinator's user more rights.
    """

    service: str
    application: str
    keystone: str
    coordinator: str
    authority: str = ""
    grant: str = ""


def remedy(cause: Cause, names: Names, available: tuple[str, ...] = ()) -> str:
    """The exact command to start with, or a short instruction where there is no command."""
    option = {Cause.NO_INTERFACE: "interface", Cause.NO_REGION: "region"}.get(cause)
    if option and available:
        return f"juju config {names.coordinator} {option}={shlex.quote(available[0])}"
    special = _OF_KEYSTONE if names.service == "identity" else _OF_SERVICES
    known = {**_USUAL, **special, **(_OF_SIGNED if names.authority else {})}
    return known.get(cause, "juju status {application}").format(**msgspec.structs.asdict(names))
