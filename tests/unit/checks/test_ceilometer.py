"""The proof of an upgrade by release: read from Gnocchi, compared, judged and reported."""

from typing import Any

import msgspec
import pytest

from coordinator import reconcile
from coordinator.blueprint.resource_types import Comparison
from coordinator.checks import ceilometer, runner
from coordinator.juju.sight import Sight
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.report import Report
from coordinator.upgrade.backends import Backends
from coordinator.upgrade.command import CommandBackend
from coordinator.upgrade.decision import Decision, Step
from coordinator.upgrade.packages import Source
from coordinator.upgrade.policy import Method, Trigger, UpgradePolicy
from coordinator.upgrade.record import Record
from coordinator.upgrade.run import Situation
from tests.unit import clouds, reports

REMEDY = "juju run us/leader ceilometer-upgrade"
COMPLETE = Comparison()
BEHIND = Comparison(behind=("dns_zone missing", "volume lacks volume_type_id", "a", "b"))


def judge(
    comparison: Comparison, release: str = "27.0.0", severity: Severity = Severity.FAILED
) -> tuple[Finding, ...]:
    return ceilometer.judge(comparison, release, severity, REMEDY)


# Judgement


def test_a_gnocchi_that_is_behind_is_told_with_release_and_remedy():
    (finding,) = judge(BEHIND)
    assert finding == Finding(
        "telemetry",
        "resource-types",
        Severity.FAILED,
        "Gnocchi lacks resource types of Ceilometer 27.0.0 "
        "(dns_zone missing; volume lacks volume_type_id; a; 1 more)",
        Cause.MISSING_TYPES,
        REMEDY,
    )


def test_without_a_release_none_is_named():
    (finding,) = judge(Comparison(behind=("volume missing",)), release="")
    assert finding.summary == "Gnocchi lacks resource types of Ceilometer (volume missing)"


def test_the_severity_is_what_was_asked_for():
    (finding,) = judge(BEHIND, severity=Severity.DEGRADED)
    assert finding.severity is Severity.DEGRADED


def test_a_complete_gnocchi_needs_no_remedy():
    (finding,) = judge(COMPLETE)
    assert finding == Finding(
        "telemetry",
        "resource-types",
        Severity.OK,
        "Gnocchi has the resource types of Ceilometer 27.0.0",
    )


@pytest.mark.parametrize(
    ("comparison", "question", "summary"),
    [
        (
            Comparison(customised=("type mine added",)),
            "customised",
            "changes of an operator are respected: type mine added",
        ),
        (
            Comparison(beyond_upgrade=("stack lacks name",)),
            "kept",
            "ceilometer-upgrade cannot add: stack lacks name",
        ),
    ],
)
def test_what_is_different_without_being_a_fault_is_noted(
    comparison: Comparison, question: str, summary: str
):
    proof, note = judge(comparison)
    assert proof.severity is Severity.OK
    assert note == Finding("telemetry", question, Severity.OK, summary)


# A whole verification


def verify(cloud: clouds.Cloud, release: str, **changes: Any) -> Report:
    url = f"http://127.0.0.1:{cloud.port}/v3"
    request = msgspec.structs.replace(
        reports.REQUEST,
        credentials=(msgspec.structs.replace(reports.CREDENTIALS, auth_url=url),),
        required=("metric",),
        optional=(),
    )
    changed = msgspec.structs.replace(request, **changes)
    verified = runner.verify(changed, release=lambda: release)
    situation = Situation(verified, Sight(), Record(), Decision(Step.NOTHING))
    policy = UpgradePolicy(Method.AUTO, Trigger.ON_CHANGE)
    backends = Backends(policy, CommandBackend(Source()), (), lambda _line: None)
    return reconcile.judge(changed, situation, backends)


def test_the_baseline_is_enough_while_the_release_is_not_known(cloud: clouds.Cloud):
    report = verify(cloud, "")
    assert report.behind == ()
    assert report.verified


def test_the_baseline_alone_is_behind_a_release(cloud: clouds.Cloud):
    report = verify(cloud, "21.0.0")
    (proof,) = (f for f in report.about("telemetry") if f.question == "resource-types")
    assert "instance_disk missing" in report.behind
    assert proof.summary.startswith("Gnocchi lacks resource types of Ceilometer 21.0.0 (")
    assert not report.verified


def test_an_optional_gnocchi_that_is_behind_is_a_degradation(cloud: clouds.Cloud):
    report = verify(cloud, "21.0.0", required=(), optional=("metric",))
    assert report.behind
    assert report.state_of("telemetry") is Severity.DEGRADED
    assert report.verified


def test_what_an_operator_added_is_noted_and_harms_nothing(cloud: clouds.Cloud):
    cloud.types = (*sorted(reports.TYPES), "mine")
    report = verify(cloud, "")
    assert report.verified
    assert [f.question for f in report.about("telemetry")] == ["resource-types", "customised"]


def test_a_gnocchi_that_is_down_is_not_called_behind(cloud: clouds.Cloud):
    cloud.types = None
    report = verify(cloud, "27.0.0")
    assert report.behind == ()
    assert report.about("telemetry") == ()


@pytest.mark.parametrize("hostile", ["\x1b[31mred", "two\nlines", "\x00", "\ud800", "\u202e"])
def test_hostile_names_of_attributes_reach_no_report(cloud: clouds.Cloud, hostile: str):
    cloud.attributes = {"volume": {hostile: {"type": "string", "required": True}}}
    report = verify(cloud, "")
    (note,) = (f for f in report.about("telemetry") if f.question == "customised")
    assert note.summary.startswith("changes of an operator are respected: volume.")
    assert all(finding.summary.isprintable() for finding in report.findings)


@pytest.mark.parametrize(
    "attributes", [5, ["size"], {"size": 5}, {"size": {}}, {"size\x1b": {"type": 5}}], ids=repr
)
def test_attributes_of_another_form_are_an_unexpected_answer(cloud: clouds.Cloud, attributes: Any):
    cloud.attributes = {"volume": attributes}
    finding = verify(cloud, "").about("metric")[-1]
    assert finding.cause is Cause.UNEXPECTED
    assert "answers no list of resource types: " in finding.summary
    assert finding.summary.isprintable()
