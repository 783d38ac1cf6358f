"""A real Prometheus scrapes what a unit serves while its stack breaks and is mended."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Generator
from typing import Any

import msgspec
import pytest
import requests

import unit_state
from coordinator.report.finding import Cause, Severity
from coordinator.report.metrics import Metric
from coordinator.upgrade.record import Record
from monitoring import cos
from monitoring.exporter import Exporter, Systemd
from monitoring.samples import Outcome, of_outcome
from tests.support.monitoring import server
from tests.support.monitoring.server import wait_until
from tests.unit import outcomes, reports, servers
from tests.unit.monitoring.test_dashboard import drawn, expressions
from tests.unit.reports import bad, good

UNIT = "telemetry-coordinator/0"
TOPOLOGY = cos.Topology("openstack", "5a0f4e1c-6f0b-4f5e-8d6e-0c2b8f1d7a11", UNIT)
LABELS = {
    "juju_model": TOPOLOGY.model,
    "juju_model_uuid": TOPOLOGY.model_uuid,
    "juju_application": TOPOLOGY.application,
    "juju_unit": UNIT,
}


@dataclasses.dataclass(frozen=True)
class Served:
    """A unit whose metrics are served as systemd would, and what scrapes them."""

    exporter: Exporter
    url: str
    prometheus: server.Prometheus

    def show(self, outcome: Outcome) -> None:
        """Export an outcome that has just come."""
        now = reports.NOW.fromtimestamp(time.time(), reports.NOW.tzinfo)
        report = msgspec.structs.replace(outcome.report, taken_at=now)
        self.exporter.export(of_outcome(msgspec.structs.replace(outcome, report=report)))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    folder = tmp_path_factory.mktemp("unit")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unit_state, "PUBLIC", folder / "public")
        files = unit_state.UnitState(folder, UNIT)
    systemd = Systemd(folder / "systemd", runs=False)
    exporter = Exporter(UNIT, files, systemd)
    port = servers.free_port()
    exporter.serve(port)
    (unit,) = systemd.folder.iterdir()
    jobs = [cos.scrape_job(TOPOLOGY, port)]
    rules = server.impatient(cos.alert_rules(TOPOLOGY))
    with (
        server.started(unit),
        server.running(folder, servers.free_port(), jobs, rules, LABELS) as prometheus,
    ):
        yield Served(exporter, f"http://127.0.0.1:{port}", prometheus)


def failing() -> Outcome:
    """A stack whose metricd is dead, and whose upgrade fails."""
    record = Record()
    for _ in range(3):
        record = record.failed(reports.NOW, reports.FINGERPRINT, "HTTP 500")
    dead = bad("metric", "canary", Severity.FAILED, Cause.NOT_PROCESSED)
    follows = msgspec.structs.replace(
        bad("telemetry", "flow", Severity.FAILED, Cause.NO_FLOW), because="metric.canary"
    )
    hosts = bad("telemetry", "hosts", Severity.DEGRADED, Cause.SILENT_HOSTS)
    outcome = outcomes.outcome(good("identity", "token"), dead, follows, hosts)
    return msgspec.structs.replace(outcome, record=record)


def test_alerts_come_with_faults_and_go_with_them(served: Served):
    served.show(failing())
    served.prometheus.await_firing(
        "TelemetryMeasuresNotProcessed", "TelemetryUpgradeFailing", "TelemetryHostsSilent"
    )
    served.show(outcomes.outcome())
    served.prometheus.await_firing()
    (verified,) = served.prometheus.query("telemetry_stack_verified")
    assert verified["value"][1] == "1"


def test_a_unit_that_lost_the_lead_shows_nothing_that_it_verified(served: Served):
    served.show(outcomes.outcome())
    wait_until(lambda: bool(served.prometheus.query("telemetry_stack_verified")))
    served.exporter.withdraw()
    wait_until(lambda: not served.prometheus.query('{__name__=~"telemetry_.*"}'))
    (up,) = served.prometheus.query("up")
    assert up["value"][1] == "1"
    served.prometheus.await_firing("TelemetryVerificationStale")


def test_every_metric_arrives(served: Served):
    served.show(outcomes.full())
    query = 'count by (__name__) ({__name__=~"telemetry_.*"})'
    wait_until(lambda: len(served.prometheus.query(query)) == len(Metric))


@pytest.mark.parametrize("panel", drawn(), ids=lambda panel: panel["title"])
def test_every_panel_of_the_dashboard_has_something_to_show(served: Served, panel: dict[str, Any]):
    served.show(outcomes.full())
    for expression in expressions(panel):
        filled = re.sub(r"\$juju_\w+", ".*", expression).replace("$__rate_interval", "1m")
        wait_until(lambda filled=filled: bool(served.prometheus.query(filled)))


def test_the_dashboard_tells_what_is_wrong(served: Served):
    served.show(failing())
    (panel,) = (panel for panel in drawn() if panel["title"] == "Services")
    (expression,) = expressions(panel)
    filled = re.sub(r"\$juju_\w+", ".*", expression).replace("$__rate_interval", "1s")
    worst = {"identity": "0", "metric": "2", "telemetry": "2"}
    wait_until(
        lambda: (
            worst
            == {
                one["metric"]["service"]: one["value"][1]
                for one in served.prometheus.query(filled)
            }
        )
    )


def test_the_type_is_one_that_prometheus_three_takes(served: Served):
    answer = requests.get(f"{served.url}/metrics.txt", timeout=5)
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_nothing_else_of_the_unit_is_served(served: Served):
    for path in ("report.txt", "../report.txt", "%2e%2e/report.txt", ".telemetry-coordinator"):
        assert requests.get(f"{served.url}/{path}", timeout=5).status_code == 404
