"""The action plan-stack: what can be seen of the Juju model becomes a plan."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import msgspec
import ops

import juju_access
from coordinator.juju import client, errors, snap
from coordinator.juju.access import Access
from coordinator.juju.status import Application, JujuIntegration, Model
from coordinator.plan.plan import COORDINATOR
from coordinator.plan.results import Options, VisibleModel, of_plan
from coordinator.report.report import Report
from hook import Hook


def results(hook: Hook, event: ops.ActionEvent, report: Report | None) -> dict[str, Any]:
    """Results of the action, valid options or not; the last report may be missing.

    Raises:
        ValueError: a parameter is not allowed, or one is missing; it says which, and what is.
    """
    options, valid = Options(), hook.seen.settings
    if valid is not None:
        options = Options(valid.required, valid.optional, valid.upgrade.allows_action)
    seen = _look(hook, event.log)
    return of_plan(hook.charm.app.name, seen, hook.choice, options, event.params, report=report)


def _look(hook: Hook, announce: Callable[[str], None]) -> VisibleModel:
    """The whole model through the controller, else what the coordinator's relations tell.

    A person waits for it, so the juju client is installed now where it is not there.
    """
    charm, us = hook.charm, hook.charm.app.name
    integrations = tuple(
        JujuIntegration(integration.endpoint, relation.app.name)
        for integration in COORDINATOR.integrations
        for relation in hook.relations.active(integration.endpoint)
    )
    related = Model({us: Application(us, COORDINATOR.charm, integrations=integrations)})
    secret = str(charm.config.get("juju-access", ""))
    if not secret:
        return VisibleModel(related)
    access = juju_access.read_access(charm.model, secret, os.environ, charm.charm_dir)
    if not isinstance(access, Access):
        return VisibleModel(related, fault=access)
    juju = snap.find() or snap.obtain(access.channel, announce)
    if isinstance(juju, str):
        return VisibleModel(related, fault=errors.no_client(access.channel, juju, charm.unit.name))
    try:
        whole, _ = client.Controller(access, juju, insists=True).look()
    except errors.JujuError as refused:
        return VisibleModel(related, fault=refused.fault)
    # the secret may name another model than the coordinator's own
    applications = {**related.applications, **whole.applications}
    return VisibleModel(msgspec.structs.replace(whole, applications=applications), whole=True)
