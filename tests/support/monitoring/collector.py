"""The collector of COS beside a unit: it scrapes and alerts as the unit's databag says."""

from __future__ import annotations

import contextlib
import json
import pathlib
from collections.abc import Generator

from tests.support.agent.agent import ROOT, Agent
from tests.support.monitoring import server
from tests.unit import servers

_ADDED = ("juju_model", "juju_model_uuid", "juju_application")
"""What the collector adds to each series, as the rules expect it."""


@contextlib.contextmanager
def collecting(agent: Agent, folder: pathlib.Path) -> Generator[server.Prometheus]:
    """Integrate a collector, and run a real Prometheus with the jobs and rules that it is given.

    No systemd is asked: what the charm's unit would start is started here, by the same command
    line. The rules alert at once, and not after minutes.

    Args:
        agent: the unit; it writes its metrics and the systemd unit into `folder`.
        folder: an empty one.
    """
    before = agent.environment[ROOT]
    agent.environment[ROOT] = str(folder)
    try:
        agent.config({"metrics-port": servers.free_port()})
        collector = "opentelemetry-collector"
        relation = agent.relate("cos-agent", collector, {f"{collector}/0": {}})
        agent.settle()
        carried = json.loads(agent.relation(relation).local_unit_data["config"])
        rules, jobs = carried["metrics_alert_rules"], carried["metrics_scrape_jobs"]
        labels = {name: rules["groups"][0]["rules"][0]["labels"][name] for name in _ADDED}
        (unit,) = folder.glob("etc/systemd/system/*.service")
        hasty = server.impatient(rules)
        with (
            server.started(unit),
            server.running(
                folder, servers.free_port(), jobs, hasty, {**labels, "juju_unit": agent.unit}
            ) as prometheus,
        ):
            yield prometheus
    finally:
        agent.environment[ROOT] = before
