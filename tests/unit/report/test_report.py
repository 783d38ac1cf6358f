import datetime
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.report import finding as report_finding
from coordinator.report import report as report_report
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.report import Report
from tests.unit import reports
from tests.unit.reports import bad, good

FINDINGS = st.builds(
    Finding,
    service=st.sampled_from(["identity", "metric", "alarming", "key-manager", "trust"]),
    question=st.sampled_from(["token", "catalog", "endpoint", "read"]),
    severity=st.sampled_from(Severity),
    summary=st.text(),
    cause=st.none() | st.sampled_from(Cause),
    remedy=st.text(),
)
REPORTS = st.builds(
    Report,
    taken_at=st.datetimes(timezones=st.just(datetime.timezone.utc)),
    interface=st.sampled_from(["public", "internal", "admin"]),
    region=st.text(),
    findings=st.lists(FINDINGS, max_size=5).map(tuple),
    endpoints=st.dictionaries(st.text(), st.text(), max_size=3),
    builds=st.dictionaries(st.text(), st.text(), max_size=3),
    resource_types=st.none() | st.frozensets(st.text(), max_size=5),
    behind=st.lists(st.text(), max_size=5).map(tuple),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


# JSON


@given(REPORTS)
def test_a_report_survives_json(report: Report):
    assert Report.from_json(report.to_json()) == report


@given(REPORTS)
def test_equal_reports_are_equal_texts(report: Report):
    shuffled = dict(reversed(list(report.endpoints.items())))
    assert msgspec.structs.replace(report, endpoints=shuffled).to_json() == report.to_json()


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "null", "[]", "5", '"x"', "{}", '{"version": 1}'),
        "[" * 100_000,
        '{"version": ' + "9" * 5000 + "}",
    ],
)
def test_a_text_that_is_no_report_is_none(text: str):
    assert Report.from_json(text) is None


@given(st.text())
def test_any_text_is_read_without_an_exception(text: str):
    Report.from_json(text)


@given(st.sampled_from(sorted(reports.report().to_dict())), JSON)
def test_a_damaged_report_is_none_or_can_be_shown(key: str, value: Any):
    damaged = {**json.loads(reports.report().to_json()), key: value}
    read = Report.from_json(json.dumps(damaged))
    if read is not None:
        read.summary()
        read.to_json()


@given(st.sampled_from(sorted(bad("metric").to_dict())), JSON)
def test_a_damaged_finding_makes_the_report_none_or_can_be_shown(key: str, value: Any):
    whole = json.loads(reports.report(bad("metric")).to_json())
    whole["findings"][0][key] = value
    read = Report.from_json(json.dumps(whole))
    if read is not None:
        read.summary()


def test_a_report_of_another_version_is_none():
    data = {**json.loads(reports.report().to_json()), "version": report_report.VERSION + 1}
    assert Report.from_json(json.dumps(data)) is None


def test_json_tells_the_status_to_programs():
    data = json.loads(reports.report(good("identity", "token"), bad("metric")).to_json())
    assert data["verified"] is False
    assert data["status"] == "failed"
    assert data["taken-at"] == "2026-11-22T10:00:00+00:00"
    assert data["findings"][1] == {
        "check": "metric.endpoint",
        "severity": "failed",
        "summary": "metric refused the connection at http://192.0.2.30:8041",
        "cause": "connection-refused",
        "remedy": "juju status metric",
        "because": "",
    }


def test_unread_resource_types_are_told_apart_from_none_at_all():
    assert json.loads(reports.report(types=None).to_json())["resource-types"] is None
    assert json.loads(reports.report(types=frozenset()).to_json())["resource-types"] == []


def test_what_is_behind_keeps_its_order_in_json():
    behind = ("volume missing", "instance lacks flavor_name")
    report = msgspec.structs.replace(reports.report(), behind=behind)
    assert json.loads(report.to_json())["behind"] == list(behind)


# What it says


def test_severities_are_ordered_from_good_to_bad():
    ordered = [Severity.OK, Severity.SKIPPED, Severity.DEGRADED, Severity.FAILED]
    assert sorted(Severity, key=lambda severity: severity.rank) == ordered


def test_nothing_is_the_worst_of_no_findings():
    assert report_finding.worst([]) is Severity.OK


@given(st.lists(st.sampled_from(Severity), min_size=1))
def test_the_worst_severity_counts(severities: list[Severity]):
    assert report_finding.worst(severities).rank == max(severity.rank for severity in severities)


@pytest.mark.parametrize(
    ("severity", "verified"),
    [
        (Severity.OK, True),
        (Severity.SKIPPED, True),
        (Severity.DEGRADED, True),
        (Severity.FAILED, False),
    ],
)
def test_only_a_failure_keeps_a_stack_from_being_verified(severity: Severity, verified: bool):
    finding = bad("metric", severity=severity)
    assert reports.report(good("alarming"), finding).verified is verified


def test_the_summary_of_a_good_stack_names_what_is_proven():
    assert reports.report().summary() == "metric, alarming, key-manager verified"


def test_a_service_that_nobody_knows_to_read_is_verified_by_its_endpoint():
    text = reports.report(good("metric"), good("orchestration", "endpoint")).summary()
    assert text == "metric, orchestration verified"


def test_a_service_whose_endpoint_was_not_reached_is_not_called_verified():
    text = reports.report(good("metric"), good("alarming", "catalog")).summary()
    assert text == "metric verified"


def test_a_skipped_read_is_named_as_not_verified():
    skipped = bad("infra-optim", "read", Severity.SKIPPED, Cause.FORBIDDEN)
    text = reports.report(good("metric"), skipped).summary()
    assert text == "metric verified; not verified: infra-optim"


def test_the_summary_of_a_failure_gives_its_remedy_and_counts_the_others():
    text = reports.report(good("metric"), bad("alarming"), bad("key-manager")).summary()
    assert text == (
        "alarming refused the connection at http://192.0.2.30:8041; juju status alarming (+1 more)"
    )


def test_a_degradation_is_named_beside_what_is_verified():
    odd = bad("infra-optim", severity=Severity.DEGRADED)
    text = reports.report(good("metric"), odd).summary()
    assert text.startswith("metric verified; degraded: infra-optim refused")


def test_a_degraded_service_that_was_read_is_still_proven():
    odd = bad("metric", "catalog", Severity.DEGRADED, Cause.BAD_NAME)
    assert reports.report(odd, good("metric")).proves("metric")


def test_a_failed_service_is_not_proven():
    assert not reports.report(good("metric"), bad("metric", "catalog")).proves("metric")


def test_a_report_without_findings_verifies_nothing():
    empty = msgspec.structs.replace(reports.report(), findings=())
    assert empty.summary() == "nothing verified"


def test_findings_are_found_by_service_and_severity():
    report = reports.report(good("metric"), bad("alarming"), good("alarming"))
    assert report.services == ("metric", "alarming")
    assert report.about("alarming") == (bad("alarming"), good("alarming"))
    assert report.having(Severity.FAILED) == (bad("alarming"),)
    assert report.state_of("alarming") is Severity.FAILED


@pytest.mark.parametrize(
    "changes",
    [
        {"taken-at": "2026-11-22T10:00:00"},
        {"taken-at": 5},
        {"left-out": float("inf")},
        {"figures": {"a": 10**400}},
        {"figures": [1]},
        {"findings": 5},
        {"findings": [[]]},
        {"endpoints": 5},
        {"resource-types": 5},
    ],
)
def test_a_report_with_a_value_of_the_wrong_kind_is_none(changes: dict[str, object]):
    data = json.loads(reports.report().to_json())
    assert Report.from_json(json.dumps({**data, **changes})) is None
