"""The alert rules as data; tests/monitoring lets Prometheus judge what they do."""

import json
import re
from typing import Any

import promql_parser
import pytest

from coordinator.report.finding import Cause
from coordinator.report.metrics import Metric
from monitoring import cos
from tests import metrics_page

RULES = metrics_page.rules()
NAMES = {metric.value.name for metric in Metric}
NO_FAULTS = {Cause.NOT_ASKED}
"""Always skipped: they follow from a fault that alerts."""


def causes_of(rule: dict[str, Any], severity: str) -> set[Cause]:
    """Causes that a rule alerts on when a finding has this severity."""
    selector = re.search(r'severity="(\w+)",\s*cause(=~|!~)"([^"]+)"', rule["expr"])
    if selector is None or selector[1] != severity:
        return set()
    named = {cause for cause in Cause if re.fullmatch(selector[3], cause.value)}
    return named if selector[2] == "=~" else set(Cause) - named


def each(rules: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("rule", rules, ids=lambda rule: rule["alert"])


@pytest.mark.parametrize("severity", ["failed", "degraded"])
@pytest.mark.parametrize("cause", [one for one in Cause if one not in NO_FAULTS])
def test_a_fault_that_a_person_must_act_on_has_one_rule(cause: Cause, severity: str):
    alerting = [rule["alert"] for rule in RULES if cause in causes_of(rule, severity)]
    if severity == "failed" and not alerting:
        # what is always degraded: docs/reference/causes.md says which
        assert any(cause in causes_of(rule, "degraded") for rule in RULES)
        assert cause.value in ALWAYS_DEGRADED
    else:
        assert len(alerting) == 1


ALWAYS_DEGRADED = {
    "no-juju-access",
    "invalid-juju-access",
    "no-juju-client",
    "controller-unreachable",
    "juju-login-refused",
    "juju-permission-denied",
    "ceilometer-not-in-model",
    "several-ceilometers",
    "action-not-defined",
    "juju-error",
    "ceilometer-still-asks",
    "task-does-not-end",
}


def test_rules_name_only_causes_that_there_are():
    known = {cause.value for cause in Cause}
    for rule in RULES:
        for named in re.findall(r'cause[=!]~"([^"]+)"', rule["expr"]):
            assert set(named.split("|")) <= known


@each(RULES)
def test_a_rule_is_called_by_the_conventions(rule: dict[str, Any]):
    assert re.fullmatch(r"Telemetry([A-Z][a-z]+)+", rule["alert"])


@each(RULES)
def test_a_rule_says_how_bad_it_is_and_can_be_muted(rule: dict[str, Any]):
    assert rule["labels"].keys() == {"severity", "product"}
    assert rule["labels"]["severity"] in {"info", "warning", "critical"}
    assert rule["labels"]["product"] == "telemetry"


@each(RULES)
def test_a_rule_waits_for_at_most_half_an_hour(rule: dict[str, Any]):
    minutes = re.fullmatch(r"(\d+)m", rule["for"])
    assert minutes
    assert int(minutes[1]) <= 30


@each(RULES)
def test_a_rule_tells_what_is_wrong_and_what_to_type(rule: dict[str, Any]):
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert len(rule["annotations"]["summary"]) < 120
    assert "juju " in rule["annotations"]["description"]


@each(RULES)
def test_units_that_changed_the_lead_give_one_alert(rule: dict[str, Any]):
    assert "max by (juju_model, juju_model_uuid, juju_application" in rule["expr"]


@each(RULES)
def test_a_rule_is_promql_over_metrics_that_there_are(rule: dict[str, Any]):
    promql_parser.parse(rule["expr"])
    assert set(re.findall(r"\btelemetry_\w+", rule["expr"])) <= NAMES


def test_rules_have_names_of_their_own():
    assert len({rule["alert"] for rule in RULES}) == len(RULES) <= 20


def test_the_page_is_current():
    assert metrics_page.PAGE.read_text(encoding="utf-8") == metrics_page.page(), (
        "run: make metrics"
    )


def test_a_runbook_on_this_page_has_a_section():
    headings = re.findall(r"^#+ (.+)$", metrics_page.page(), re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    for rule in RULES:
        page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        if page.endswith("metrics.md"):
            assert anchor in anchors


def test_files_are_in_the_charm():
    assert cos.RULES.parent == cos.DASHBOARD.parent == metrics_page.ROOT / "src" / "monitoring"
    assert json.loads(cos.DASHBOARD.read_text(encoding="utf-8"))
