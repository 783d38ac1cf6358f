"""Metrics and rules, judged by promtool: each rule fires on its fault, and on nothing else."""

from __future__ import annotations

import functools
import pathlib
import subprocess
from typing import Any

import pytest
import yaml

from coordinator.report.finding import Cause
from coordinator.report.metrics import text_of
from monitoring import cos, samples
from tests.support.monitoring import programs
from tests.unit import outcomes
from tests.unit.monitoring.test_rules import NO_FAULTS, RULES, causes_of

TOPOLOGY = cos.Topology(
    "openstack", "5a0f4e1c-6f0b-4f5e-8d6e-0c2b8f1d7a11", "telemetry-coordinator/0"
)
JUJU = {
    "juju_model": TOPOLOGY.model,
    "juju_model_uuid": TOPOLOGY.model_uuid,
    "juju_application": TOPOLOGY.application,
}
HOURS = 2
SAMPLES = HOURS * 60
NAMES = [rule["alert"] for rule in RULES]


def promtool(*words: str | pathlib.Path, given: str = "") -> str:
    command = [programs.ensure("promtool"), *words]
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@functools.cache
def severity_of(alert: str) -> str:
    (rule,) = (rule for rule in RULES if rule["alert"] == alert)
    return rule["labels"]["severity"]


def series(name: str, values: str, **labels: str) -> dict[str, str]:
    pairs = ",".join(f'{key}="{value}"' for key, value in {**JUJU, **labels}.items())
    return {"series": f"{name}{{{pairs}}}", "values": values}


def well(**changed: str) -> list[dict[str, str]]:
    """Series of a stack that is well, for some hours, with other values for some metrics."""
    found = {"service": "metric", "check": "metric.read", "severity": "ok", "because": ""}
    steady = {
        "telemetry_stack_verified": f"1x{SAMPLES}",
        "telemetry_verification_timestamp_seconds": f"0+60x{SAMPLES}",
        "telemetry_upgrade_consecutive_failures": f"0x{SAMPLES}",
        "telemetry_upgrade_needed": f"0x{SAMPLES}",
    }
    series_ = [series(name, values) for name, values in {**steady, **changed}.items() if values]
    return [*series_, series("telemetry_finding", f"1x{SAMPLES}", **found)]


def fault(
    cause: str, severity: str, because: str = "", values: str = f"1x{SAMPLES}"
) -> dict[str, str]:
    labels = {
        "service": "metric",
        "check": "metric.read",
        "severity": severity,
        "because": because,
    }
    return series("telemetry_finding", values, cause=cause, **labels)


class Case:
    """Series, and which alerts must fire on them at the end: names, or names with causes."""

    def __init__(self, given: list[dict[str, str]], *firing: tuple[str, str]) -> None:
        self.given, self.firing = given, firing

    def as_test(self) -> dict[str, Any]:
        """In promtool's form: every alert is looked for, also those that must not fire."""
        return {
            "interval": "1m",
            "input_series": self.given,
            "promql_expr_test": [
                {
                    "expr": 'count by (alertname, severity, cause) (ALERTS{alertstate="firing"})',
                    "eval_time": f"{HOURS}h",
                    "exp_samples": [
                        {"labels": _labels(name, cause), "value": 1} for name, cause in self.firing
                    ],
                }
            ],
        }


def _labels(alert: str, cause: str) -> str:
    caused = f', cause="{cause}"' if cause else ""
    return f'{{alertname="{alert}", severity="{severity_of(alert)}"{caused}}}'


def faults(severity: str) -> Case:
    """One fault of each cause; each must have its own alert."""
    causes = [cause for cause in Cause if cause not in NO_FAULTS]
    alerts = [(r["alert"], c.value) for c in causes for r in RULES if c in causes_of(r, severity)]
    return Case([*well(), *(fault(cause.value, severity) for cause in causes)], *alerts)


CASES: dict[str, Case] = {
    "a stack that is well": Case(well()),
    "two units that say the same": Case(
        [
            *well(),
            *(
                series("telemetry_stack_verified", f"1x{SAMPLES}", juju_unit=str(n))
                for n in (1, 2)
            ),
        ]
    ),
    "a fault that follows from another": Case(
        [*well(), fault("connection-refused", "failed", because="vault.units")]
    ),
    "failures of the upgrade": Case(
        well(telemetry_upgrade_consecutive_failures=f"3x{SAMPLES}"),
        ("TelemetryUpgradeFailing", ""),
    ),
    "two failures of the upgrade": Case(
        well(telemetry_upgrade_consecutive_failures=f"2x{SAMPLES}")
    ),
    "a verification that grows old": Case(
        well(telemetry_verification_timestamp_seconds=f"0x{SAMPLES}"),
        ("TelemetryVerificationStale", ""),
    ),
    "no verification at all": Case(
        well(telemetry_verification_timestamp_seconds=""), ("TelemetryVerificationStale", "")
    ),
    "a fault that was mended": Case(
        [*well(), fault("connection-refused", "failed", values="1x60 stale")]
    ),
    "a fault of a moment": Case(
        [*well(), fault("connection-refused", "failed", values="_x115 1x5")]
    ),
    "a failure of each cause": faults("failed"),
    "a degradation of each cause": faults("degraded"),
}


@pytest.fixture
def rules(tmp_path: pathlib.Path) -> pathlib.Path:
    """The rules as Prometheus gets them."""
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump(cos.alert_rules(TOPOLOGY)), encoding="utf-8")
    return path


def test_metrics_pass_promtools_check():
    text = text_of(samples.of_outcome(outcomes.full()))
    assert promtool("check", "metrics", given=text) == ""


def test_rules_pass_promtools_check(rules: pathlib.Path):
    assert f"{len(RULES)} rules found" in promtool("check", "rules", rules)


def test_each_rule_fires_on_its_fault_and_on_nothing_else(
    rules: pathlib.Path, tmp_path: pathlib.Path
):
    # one run for all, since each starts a process; promtool names the one that fails
    tests = [{"name": name, **case.as_test()} for name, case in CASES.items()]
    path = tmp_path / "tests.yaml"
    path.write_text(yaml.safe_dump({"rule_files": [rules.name], "tests": tests}), encoding="utf-8")
    assert "SUCCESS" in promtool("test", "rules", path)


def test_a_rule_that_does_not_fire_would_be_noticed(rules: pathlib.Path, tmp_path: pathlib.Path):
    wrong = Case(well(), ("TelemetryUpgradeFailing", "")).as_test()
    path = tmp_path / "tests.yaml"
    path.write_text(
        yaml.safe_dump({"rule_files": [rules.name], "tests": [wrong]}), encoding="utf-8"
    )
    with pytest.raises(AssertionError, match="FAILED"):
        promtool("test", "rules", path)


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_has_a_case_in_which_it_fires(name: str):
    assert name in {alert for case in CASES.values() for alert, _ in case.firing}
