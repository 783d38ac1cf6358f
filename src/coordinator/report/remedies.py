"""What to type when a check fails: for each cause the command that a person would start with."""

from __future__ import annotations

import dataclasses
import shlex

from coordinator.report.finding import Cause

_LOW = "granularity:5m,timespan:30d"
"""Gnocchi's own archive policy `low` (gnocchi/archive_policy.py)."""


@dataclasses.dataclass(frozen=True)
class Subject:
    """Whom a remedy is about.

    Attributes:
        service: catalog type, or `identity`.
        application: name of the application in the model.
        keystone: name of the keystone application.
        coordinator: name of the coordinator's own application.
    """

    service: str
    application: str
    keystone: str
    coordinator: str


def run_upgrade(application: str) -> str:
    """The command that runs ceilometer-upgrade by the action of an application."""
    return f"juju run {application}/leader ceilometer-upgrade"


def remedy(cause: Cause, subject: Subject, available: tuple[str, ...] = ()) -> str:
    """The exact command to start with, or a short instruction where there is no command.

    Args:
        cause: why the check failed.
        subject: whom it is about.
        available: interfaces or regions that there are instead of the wanted one.
    """
    app, keystone, us = subject.application, subject.keystone, subject.coordinator
    if cause is Cause.NO_INTERFACE and available:
        return f"juju config {us} interface={shlex.quote(available[0])}"
    if cause is Cause.NO_REGION and available:
        return f"juju config {us} region={shlex.quote(available[0])}"
    if cause is Cause.UNAUTHORIZED and subject.service == "identity":
        return f"juju remove-relation {us}:identity-credentials {keystone}"
    commands = {
        Cause.NOT_IN_CATALOG: f"juju integrate {app}:identity-service {keystone}:identity-service",
        Cause.NO_INTERFACE: f"juju integrate {app}:identity-service {keystone}:identity-service",
        Cause.UNRESOLVED: f"check DNS and the os-*-hostname options of {app}",
        Cause.TLS_UNTRUSTED: f"juju integrate {us}:certificates vault:certificates",
        Cause.TLS_EXPIRED: "juju run vault/leader reissue-certificates",
        Cause.TLS_ENDS: "juju run vault/leader reissue-certificates",
        Cause.TLS_WRONG_HOST: f"check the os-*-hostname options of {app}",
        Cause.FORBIDDEN: f"grant a role that may (juju config {us} requested-grants)",
        Cause.MISSING_TYPES: run_upgrade(us),
        Cause.NO_POLICY: f"openstack metric archive-policy create -d {_LOW} low",
        Cause.NOT_STORED: f"juju status {app} ceph-mon",
        Cause.NOT_PROCESSED: f"juju exec -a {app} -- systemctl status gnocchi-metricd",
        Cause.BACKLOG: f"juju exec -a {app} -- systemctl status gnocchi-metricd",
        Cause.NO_POLICIES: f"juju status {app} rabbitmq-server",
        Cause.NO_FLOW: f"juju status {app} ceilometer-agent rabbitmq-server",
        Cause.SILENT_HOSTS: "juju status ceilometer-agent",
        Cause.METRICS_MISSING: "juju status ceilometer ceilometer-agent rabbitmq-server",
        Cause.WRONG_VALUE: f"juju status {app} memcached",
        Cause.NOT_ASKED: "",  # it follows from another finding
        Cause.STORE_FAILS: f"juju status {app} barbican-vault vault",
        Cause.NOT_EVALUATED: f"juju exec -a {app} -- systemctl status aodh-evaluator",
        Cause.NO_DATA: f"juju exec -a {app} -- tail -n 50 /var/log/aodh/aodh-evaluator.log",
        Cause.ENGINE_DOWN: f"juju exec -a {app} -- systemctl status watcher-decision-engine",
        Cause.NO_GOALS: f"juju exec -a {app} -- systemctl restart watcher-decision-engine",
        Cause.CLOCK: f"juju exec -a {app} -- timedatectl",
        Cause.BAD_NAME: f"openstack service list --long | grep {subject.service}",
        Cause.DUPLICATE: f"openstack service list --long | grep {subject.service}",
        Cause.INTERNAL: f"juju debug-log --include {us}",
    }
    wrong_place = {
        Cause.BAD_URL,
        Cause.UNSAFE_URL,
        Cause.NOT_FOUND,
        Cause.NOT_JSON,
        Cause.UNEXPECTED,
        Cause.TOO_LARGE,
        Cause.REDIRECTED,
    }
    if cause in wrong_place and subject.service != "identity":
        return f"openstack endpoint list --service {subject.service}"
    return commands.get(cause, f"juju status {app}")
