"""`make metrics`: writes docs/reference/metrics.md from the charm's own files."""

from __future__ import annotations

import json
import pathlib
import sys
from typing import Any

import yaml

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from coordinator.report import metrics  # noqa: E402 - found by the line above
from coordinator.report.metrics import Metric  # noqa: E402 - found by the line above
from monitoring import cos, samples  # noqa: E402 - found by the line above

PAGE = ROOT / "docs" / "reference" / "metrics.md"

BEGIN = f"""\
<!-- Made by `make metrics` from src/monitoring; do not edit. -->
# Metrics and alerts

The leader writes metrics after each verification. On every unit a service of systemd
(`telemetry-coordinator-0-metrics` on unit 0) serves them at `http://127.0.0.1:18041/metrics.txt`
([`metrics-port`](options.md)); a scrape asks the cloud nothing. To look at them:

    juju ssh telemetry-coordinator/leader curl -s http://127.0.0.1:18041/metrics.txt

Integrate the collector of the Canonical Observability Stack, and they come with alert rules and a
dashboard:

    juju integrate telemetry-coordinator:cos-agent opentelemetry-collector

Only what was verified is exported: no series of a service that is not there, none of a unit that
does not lead, none while nothing can be verified. Values of labels are cut at {metrics.LONGEST}
characters; there are at most {samples.FINDINGS} series of findings, {samples.HOSTS} of hosts,
{samples.SERVICES} of services and {samples.APPLICATIONS} of applications. None of it is secret.

## Metrics

All are gauges.

| metric | labels | meaning | there |
|---|---|---|---|
"""

LABELS = """
Labels of `telemetry_finding`: `service` and `check` as in the [report](report.md), `cause` one of
the [causes](causes.md) or empty, `severity` one of `ok`, `degraded` and `failed`; `because` names
the check whose fault explains this one, and is empty for what stands for itself.

## Alerts

All have `product: telemetry`, which mutes all of them, and the labels of the Juju model and
application. `critical`: something that is required does not work. `warning`: it works, but not
well, or soon will not. Only faults that nothing else explains alert; `runbook_url` leads to the
cause. The runbooks' address is that of `docs` in metadata.yaml (`DOCS` in src/monitoring/cos.py),
the charm's page on Charmhub: until it is published there, read [causes](causes.md) of the
checkout.

`TelemetryVerificationStale` wants a verification within an hour: where
`update-status-hook-interval` of the model is longer, silence it and make a rule of your own.
"""


def page() -> str:
    """The text of the page."""
    rows = [_row(metric) for metric in Metric]
    alerts = [_section(rule) for rule in rules()]
    return "".join([BEGIN, *rows, LABELS, *alerts, _dashboard()])


def rules() -> list[dict[str, Any]]:
    """The alert rules as they are in the charm."""
    return yaml.safe_load(cos.RULES.read_text(encoding="utf-8"))["groups"][0]["rules"]


def _row(metric: Metric) -> str:
    described = metric.value
    labels = ", ".join(f"`{name}`" for name in described.labels) or "none"
    return f"| `{described.name}` | {labels} | {described.meaning} | {described.there} |\n"


def _section(rule: dict[str, Any]) -> str:
    notes = rule["annotations"]
    text = f"{notes['summary']}. {notes['description']}".replace("{{ $labels.", "{{ ")
    for label, word in {
        "service": "SERVICE",
        "cause": "CAUSE",
        "juju_model": "MODEL",
        "juju_application": "APPLICATION",
    }.items():
        text = text.replace(f"{{{{ {label} }}}}", word)
    text = text.replace("{{ $value }}", "N")
    expression = "\n".join(f"    {line}" for line in rule["expr"].splitlines())
    severity = rule["labels"]["severity"]
    return f"\n### {rule['alert']}\n\n`{severity}`, for {rule['for']}. {text}\n\n{expression}\n"


PICTURE = """
![Its first rows: failed, one failure, since when; Aodh had failed before](../images/dashboard.png)

The picture is what a real Prometheus saw of the rehearsal; `make pictures` drew it, without
Grafana.
"""


def _dashboard() -> str:
    tree = json.loads(cos.DASHBOARD.read_text(encoding="utf-8"))
    head = f"\n## Dashboard\n\n*{tree['title']}* (`{tree['uid']}`) has these panels.\n{PICTURE}\n"
    table = "| panel | what it shows |\n|---|---|\n"
    rows = [f"| {panel['title']} | {panel['description']} |\n" for panel in tree["panels"]]
    return head + table + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
