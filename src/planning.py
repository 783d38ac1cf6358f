"""The action plan-stack: what can be seen of the Juju model becomes a plan."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import msgspec
import ops

import juju_access
from config import Settings
from coordinator.blueprint.loader import Choice
from coordinator.juju import client, errors, snap
from coordinator.juju.access import Access
from coordinator.juju.status import Application, JujuIntegration, Model
from coordinator.plan.plan import COORDINATOR
from coordinator.plan.results import Options, VisibleModel, of_plan
from coordinator.report.report import Report
from relations.related import Related

ENDPOINTS = tuple(integration.endpoint for integration in COORDINATOR.integrations)
"""The coordinator's endpoints that tell of the model."""


def results(
    charm: ops.CharmBase,
    relations: Related,
    choice: Choice,
    valid: Settings | None,
    event: ops.ActionEvent,
    *,
    report: Report | None,
) -> dict[str, Any]:
    """Results of the action.

    Args:
        charm: the coordinator.
        relations: its relations.
        choice: the blueprint in force, and why that is another one than the option asks for.
        valid: its options, None when some are not valid.
        event: the action, with its parameters.
        report: the last one, where this unit has it.

    Raises:
        ValueError: a parameter is not allowed, or one is missing; it says which, and what is.
    """
    options = Options()
    if valid is not None:
        options = Options(valid.required, valid.optional, valid.upgrade.allows_action)
    seen = _look(charm, relations, event.log)
    return of_plan(charm.app.name, seen, choice, options, event.params, report=report)


def _look(
    charm: ops.CharmBase, relations: Related, announce: Callable[[str], None]
) -> VisibleModel:
    """The whole model through the controller, else what the coordinator's relations tell.

    A person waits for it, so the juju client is installed now where it is not there.

    Args:
        charm: the coordinator.
        relations: its relations.
        announce: told one line before something takes long.
    """
    secret = str(charm.config.get("juju-access", ""))
    related = Model({charm.app.name: _ourselves(charm.app.name, relations)})
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


def _ourselves(name: str, relations: Related) -> Application:
    integrations = [
        JujuIntegration(endpoint, relation.app.name)
        for endpoint in ENDPOINTS
        for relation in relations.active(endpoint)
    ]
    return Application(name, COORDINATOR.charm, integrations=tuple(integrations))
