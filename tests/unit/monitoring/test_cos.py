"""What the relation cos-agent carries, judged by the interface's form and COS' own library."""

import json
from typing import Any

import cosl
import pydantic
import pytest
import yaml

from monitoring import cos
from tests import metrics_page

TOPOLOGY = cos.Topology(
    "openstack", "5a0f4e1c-6f0b-4f5e-8d6e-0c2b8f1d7a11", "telemetry-coordinator/0"
)


class Config(pydantic.BaseModel):
    """The key `config` as the interface cos_agent, version 0, has it."""

    model_config = pydantic.ConfigDict(extra="forbid", strict=True)

    metrics_alert_rules: dict[str, Any]
    log_alert_rules: dict[str, Any]
    dashboards: list[str]
    metrics_scrape_jobs: list[dict[str, Any]]
    log_slots: list[str]


def config(port: int = 18041, topology: cos.Topology = TOPOLOGY) -> Config:
    return Config.model_validate_json(cos.databag(topology, port))


def rules() -> list[dict[str, Any]]:
    (group,) = config().metrics_alert_rules["groups"]
    return group["rules"]


def test_it_has_the_form_of_the_interface():
    assert len(config().metrics_scrape_jobs) == len(config().dashboards) == 1


def test_it_is_the_same_every_time():
    assert cos.databag(TOPOLOGY, 18041) == cos.databag(TOPOLOGY, 18041)


def test_it_fits_into_a_databag():
    assert len(cos.databag(TOPOLOGY, 18041)) < 64 * 1024


def test_the_job_names_the_units_own_metrics():
    assert config(18042).metrics_scrape_jobs == [
        {
            "job_name": "telemetry-coordinator-0-metrics",
            "metrics_path": "/metrics.txt",
            "static_configs": [{"targets": ["127.0.0.1:18042"]}],
        }
    ]


def test_units_have_jobs_of_different_names():
    other = cos.Topology(TOPOLOGY.model, TOPOLOGY.model_uuid, "telemetry-coordinator/1")
    names = {config(topology=one).metrics_scrape_jobs[0]["job_name"] for one in (TOPOLOGY, other)}
    assert len(names) == 2


def test_without_a_port_nothing_is_scraped_and_nothing_alerts():
    assert json.loads(cos.databag(TOPOLOGY, 0)) == {
        "metrics_alert_rules": {},
        "log_alert_rules": {},
        "dashboards": [],
        "metrics_scrape_jobs": [],
        "log_slots": [],
    }


def test_the_dashboard_is_read_by_the_library_of_cos():
    read = cosl.LZMABase64.decompress(config().dashboards[0])
    assert json.loads(read) == json.loads(cos.DASHBOARD.read_text(encoding="utf-8"))


def test_the_dashboard_is_of_usual_size():
    assert len(config().dashboards[0]) < 8 * 1024


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_a_rule_has_the_labels_of_this_application(rule: dict[str, Any]):
    assert rule["labels"] == {
        "product": "telemetry",
        "severity": rule["labels"]["severity"],
        "juju_model": "openstack",
        "juju_model_uuid": TOPOLOGY.model_uuid,
        "juju_application": "telemetry-coordinator",
        "juju_charm": "telemetry-coordinator",
    }


def test_the_group_has_a_name_that_collectors_leave_alone():
    (group,) = config().metrics_alert_rules["groups"]
    assert group["name"] == "openstack_5a0f4e1c_telemetry-coordinator_telemetry_rules"


def test_the_library_of_cos_takes_the_rules():
    taken = cosl.AlertRules(query_type="promql")
    taken.add(config().metrics_alert_rules)
    assert len(taken.as_dict()["groups"]) == 1


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_a_runbook_has_an_address(rule: dict[str, Any]):
    assert rule["annotations"]["runbook_url"].startswith(f"{cos.DOCS}/reference/")


def test_the_address_is_that_of_the_documentation():
    metadata = yaml.safe_load((metrics_page.ROOT / "metadata.yaml").read_text(encoding="utf-8"))
    assert metadata["docs"] == cos.DOCS
    assert metadata["name"] == cos.CHARM
