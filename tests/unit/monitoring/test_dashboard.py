"""The dashboard: what it shows can be read, and is there."""

import json
import re
from typing import Any

import promql_parser
import pytest

from coordinator.report.metrics import Metric
from monitoring import cos

DASHBOARD = json.loads(cos.DASHBOARD.read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
NAMES = {metric.value.name for metric in Metric} | {"ALERTS_FOR_STATE"}
VARIABLES = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
BUILT_IN = {"__rate_interval", "__all", "__value"}


def each(panels: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("panel", panels, ids=lambda panel: panel["title"])


def drawn() -> list[dict[str, Any]]:
    return [panel for panel in PANELS if panel["type"] != "logs"]


def expressions(panel: dict[str, Any]) -> list[str]:
    return [target["expr"] for target in panel["targets"]]


def test_it_can_be_found_again_after_a_refresh():
    assert DASHBOARD["uid"] == "telemetry-coordinator-overview"
    assert len(DASHBOARD["uid"]) <= 40
    assert "charm: telemetry-coordinator" in DASHBOARD["tags"]
    assert DASHBOARD["version"] >= 1


def test_it_has_the_data_sources_that_cos_puts_in():
    sources = {n: v["query"] for n, v in VARIABLES.items() if v["type"] == "datasource"}
    assert sources == {"prometheusds": "prometheus", "lokids": "loki"}


def test_it_can_be_narrowed_to_a_unit():
    choices = {name for name, one in VARIABLES.items() if one["type"] == "query"}
    assert choices == {"juju_model", "juju_model_uuid", "juju_application", "juju_unit"}


def test_every_variable_that_is_used_is_there():
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD)))
    assert used - BUILT_IN <= VARIABLES.keys()


@each(PANELS)
def test_a_panel_has_title_description_and_unit(panel: dict[str, Any]):
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"]


@each(PANELS)
def test_a_panel_asks_a_data_source_of_the_reader(panel: dict[str, Any]):
    source = "${lokids}" if panel["type"] == "logs" else "${prometheusds}"
    assert panel["datasource"]["uid"] == source
    assert {target["datasource"]["uid"] for target in panel["targets"]} == {source}


@each(drawn())
def test_a_panel_is_promql_over_metrics_that_there_are(panel: dict[str, Any]):
    for expression in expressions(panel):
        promql_parser.parse(expression.replace("$__rate_interval", "5m"))
        assert set(re.findall(r"\btelemetry_\w+|\bALERTS\w*", expression)) <= NAMES


@each(drawn())
def test_ranges_follow_what_is_shown(panel: dict[str, Any]):
    for expression in expressions(panel):
        assert set(re.findall(r"\[([^\]]+)\]", expression)) <= {"$__rate_interval"}


@each(drawn())
def test_a_panel_shows_what_was_chosen(panel: dict[str, Any]):
    for expression in expressions(panel):
        selectors = re.findall(r"\{([^}]*)\}", expression)
        assert selectors
        assert all('juju_model=~"$juju_model"' in selector for selector in selectors)


def test_every_metric_that_the_page_is_about_is_shown():
    shown = {n for p in drawn() for e in expressions(p) for n in re.findall(r"telemetry_\w+", e)}
    unshown = NAMES - shown - {"ALERTS_FOR_STATE"}
    assert unshown == {Metric.LEFT_OUT.value.name, Metric.CANARY_SENT_AT.value.name}


def test_panels_have_places_of_their_own():
    taken = [
        (x, y)
        for panel in PANELS
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
