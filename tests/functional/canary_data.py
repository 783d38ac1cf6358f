"""Alarms and secrets of the coordinator's own, as tests make, find and remove them."""

from __future__ import annotations

import contextlib
import datetime
import json
import sqlite3
import uuid
from collections.abc import Iterator
from typing import Any

from tests.functional.gnocchi import as_coordinator
from tests.support.openstack import Stack

NAME = "telemetry-coordinator:telemetry-coordinator:canary"

LONG_AGO = "2026-01-01 00:00:00"


def alarms(stack: Stack) -> list[dict[str, Any]]:
    """All alarms of all projects."""
    url = f"{stack.services['aodh'].url}/v2/alarms"
    query = "q.field=all_projects&q.op=eq&q.value=true"
    return stack.session.get(f"{url}?{query}").json()


KINDS = (
    "gnocchi_resources_threshold",
    "gnocchi_aggregation_by_metrics_threshold",
    "gnocchi_aggregation_by_resources_threshold",
)
"""The types of alarms that are about measures in Gnocchi."""


def make_alarm(
    stack: Stack,
    resource: str,
    name: str = NAME,
    *,
    kind: str = KINDS[0],
    metric: str = "",
    mine: bool = True,
) -> str:
    """Make an alarm on the metric `canary` of a resource, of the coordinator or another user."""
    generic = {"resource_type": "generic", "metric": "canary"}
    about: dict[str, dict[str, Any]] = {
        KINDS[0]: {**generic, "resource_id": resource},
        KINDS[1]: {"metrics": [metric]},
        KINDS[2]: {**generic, "query": json.dumps({"=": {"id": resource}})},
    }
    rule = {
        **about[kind],
        "aggregation_method": "mean",
        "granularity": 3600,
        "threshold": 5,
    }
    body = {"name": name, "type": kind, f"{kind}_rule": rule}
    session = as_coordinator(stack) if mine else stack.session
    return session.post(f"{stack.services['aodh'].url}/v2/alarms", json=body).json()["alarm_id"]


@contextlib.contextmanager
def measured_metric(stack: Stack) -> Iterator[tuple[str, str]]:
    """A resource and its metric `canary`, which Gnocchi has made aggregates of."""
    url, session = f"{stack.gnocchi_url}/v1", as_coordinator(stack)
    metrics = {"canary": {"archive_policy_name": "high"}}
    body = {"id": str(uuid.uuid4()), "metrics": metrics}
    made = session.post(f"{url}/resource/generic", json=body).json()
    metric = made["metrics"]["canary"]
    try:
        before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=2)
        measures = [{"timestamp": before.isoformat(), "value": 1.0}]
        session.post(f"{url}/metric/{metric}/measures", json=measures)
        stack.wait_until_processed()
        yield made["id"], metric
    finally:
        session.delete(f"{url}/resource/generic/{made['id']}")


def remove_alarms(stack: Stack) -> None:
    """Remove all alarms; older releases let nobody remove those of another project."""
    url = f"{stack.services['aodh'].url}/v2/alarms"
    for session in (as_coordinator(stack), stack.session):
        for alarm in session.get(url).json():
            session.delete(f"{url}/{alarm['alarm_id']}")


def age_alarm(stack: Stack, alarm: str) -> None:
    """Let an alarm be older than it is, and have been evaluated never."""
    statement = "UPDATE alarm SET timestamp = ?, evaluate_timestamp = ? WHERE alarm_id = ?"
    _set(stack, "aodh", statement, LONG_AGO, LONG_AGO, alarm)


def secrets(stack: Stack) -> list[dict[str, Any]]:
    """All secrets of the coordinator's project."""
    url = f"{stack.services['barbican'].url}/v1/secrets"
    return as_coordinator(stack).get(url).json()["secrets"]


def make_secret(stack: Stack, name: str = NAME, *, username: str = "telemetry-coordinator") -> str:
    """Store a secret in the coordinator's project, as one of its users."""
    body = {"name": name, "payload": "x", "payload_content_type": "text/plain"}
    url = f"{stack.services['barbican'].url}/v1/secrets"
    answer = as_coordinator(stack, username).post(url, json=body).json()
    return str(answer["secret_ref"]).rpartition("/")[2]


def remove_secrets(stack: Stack) -> None:
    for secret in secrets(stack):
        as_coordinator(stack).delete(secret["secret_ref"])


def age_secret(stack: Stack, secret: str) -> None:
    """Let a secret be older than it is."""
    _set(stack, "barbican", "UPDATE secrets SET created_at = ? WHERE id = ?", LONG_AGO, secret)


def make_engine(stack: Stack, name: str, host: str, age: datetime.timedelta) -> None:
    """Let Watcher have an engine that last showed itself so long ago."""
    seen = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) - age
    text = "INSERT INTO services (name, host, last_seen_up, created_at, deleted) VALUES "
    _set(stack, "watcher", f"{text} (?, ?, ?, ?, 0)", name, host, str(seen), str(seen))


def make_goal(stack: Stack, name: str) -> None:
    text = "INSERT INTO goals (uuid, name, display_name, efficacy_specification, deleted) VALUES"
    _set(stack, "watcher", f"{text} (?, ?, ?, '[]', 0)", str(uuid.uuid4()), name, name)


def remove_engines(stack: Stack) -> None:
    """Watcher's engines and the goals that they make."""
    _set(stack, "watcher", "DELETE FROM services")
    _set(stack, "watcher", "DELETE FROM goals")


def _set(stack: Stack, project: str, statement: str, *values: str) -> None:
    """Write to the database of a project what its API does not let anybody write."""
    database = sqlite3.connect(stack.folder / "state" / f"{project}.sqlite", timeout=30)
    try:
        with database:
            database.execute(statement, values)
    finally:
        database.close()
