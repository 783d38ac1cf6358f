"""The databag of the relation cos-agent: scrape job, alert rules and dashboard of this unit.

Form: interface cos_agent, version 0: the key `config` of the unit's databag, with JSON in it.
Equal inputs give equal texts, so that a hook without news changes nothing.
"""

from __future__ import annotations

import base64
import json
import lzma
import pathlib
from collections.abc import Mapping
from typing import Any

import msgspec
import yaml

from monitoring.exporter import ADDRESS, FILE

KEY = "config"
"""Key of the unit's databag."""

DOCS = "https://charmhub.io/telemetry-coordinator/docs"
"""The documentation, as metadata.yaml names it: `DOCS` of alert_rules.yaml."""

CHARM = "telemetry-coordinator"

_HERE = pathlib.Path(__file__).parent
RULES = _HERE / "alert_rules.yaml"
DASHBOARD = _HERE / "dashboard.json"


class Topology(msgspec.Struct, frozen=True):
    """The unit that is monitored, and its Juju model."""

    model: str
    model_uuid: str
    unit: str

    @property
    def application(self) -> str:
        """Name of the unit's application."""
        return self.unit.partition("/")[0]

    @property
    def labels(self) -> dict[str, str]:
        """Labels of every rule: the collector gives the series the same, but for the charm."""
        return {
            "juju_model": self.model,
            "juju_model_uuid": self.model_uuid,
            "juju_application": self.application,
            "juju_charm": CHARM,
        }


def databag(topology: Topology, port: int) -> str:
    """The value of the key; without a port, nothing is scraped and nothing alerts."""
    return json.dumps(
        {
            "metrics_alert_rules": alert_rules(topology) if port else {},
            "log_alert_rules": {},
            "dashboards": [dashboard()] if port else [],
            "metrics_scrape_jobs": [scrape_job(topology, port)] if port else [],
            "log_slots": [],
        },
        sort_keys=True,
    )


def scrape_job(topology: Topology, port: int) -> dict[str, Any]:
    """The job by which Prometheus gets the metrics of this unit."""
    return {
        "job_name": f"{topology.unit.replace('/', '-')}-metrics",
        "metrics_path": f"/{FILE}",
        "static_configs": [{"targets": [f"{ADDRESS}:{port}"]}],
    }


def alert_rules(topology: Topology) -> dict[str, Any]:
    """The rules with the labels of this application, in the form of Prometheus' rule files."""
    text = RULES.read_text(encoding="utf-8").replace("DOCS/", f"{DOCS}/")
    rules: list[Mapping[str, Any]] = yaml.safe_load(text)["groups"][0]["rules"]
    group = f"{topology.model}_{topology.model_uuid[:8]}_{topology.application}_telemetry_rules"
    labelled = [{**rule, "labels": {**rule["labels"], **topology.labels}} for rule in rules]
    return {"groups": [{"name": group, "rules": labelled}]}


def dashboard() -> str:
    """The dashboard as the interface carries it: JSON in xz in base64."""
    tree = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    compact = json.dumps(tree, sort_keys=True, separators=(",", ":"))
    return base64.b64encode(lzma.compress(compact.encode(), preset=9)).decode()
