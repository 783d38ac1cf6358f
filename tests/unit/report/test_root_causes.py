"""Which faults are causes, and which follow from these."""

import itertools

import msgspec
import pytest

from coordinator.blueprint import loader, systems
from coordinator.report import root_causes
from coordinator.report.finding import Cause, Finding, Severity
from tests.unit import reports

BLUEPRINT = loader.load()


def fault(check: str, cause: Cause, severity: Severity = Severity.FAILED) -> Finding:
    service, _, question = check.partition(".")
    return Finding(
        service, question, severity, f"{service} is bad", cause, f"juju status {service}"
    )


SEALED = fault("vault.application", Cause.CHARM_BLOCKED)
MYSQL = fault("mysql-innodb-cluster.application", Cause.CHARM_BLOCKED)
RABBIT = fault("rabbitmq-server.application", Cause.HOOK_FAILED)
KEYSTONE = fault("identity.token", Cause.REFUSED)
GNOCCHI_500 = fault("metric.read", Cause.SERVER_ERROR)
AODH = fault("alarming.endpoint", Cause.REFUSED)
BARBICAN = fault("key-manager.application", Cause.CHARM_BLOCKED)


def reasons(*findings: Finding) -> list[str]:
    return [finding.because for finding in root_causes.explained(findings, BLUEPRINT)]


@pytest.mark.parametrize(
    ("root", "consequence"),
    [
        (SEALED, BARBICAN),
        (MYSQL, GNOCCHI_500),
        (MYSQL, KEYSTONE),
        (RABBIT, AODH),
        (RABBIT, fault("telemetry.application", Cause.CHARM_BLOCKED)),
        (
            fault("ceph-mon.application", Cause.CHARM_BLOCKED),
            fault("metric.canary", Cause.NOT_STORED),
        ),
        (
            fault("ceph-mon.application", Cause.CHARM_BLOCKED),
            fault("metric.canary", Cause.NOT_PROCESSED),
        ),
        (KEYSTONE, fault("telemetry.application", Cause.CHARM_WAITS)),
        (RABBIT, fault("telemetry.flow", Cause.NO_FLOW)),
        (RABBIT, fault("telemetry.hosts", Cause.SILENT_HOSTS, Severity.DEGRADED)),
        (fault("metric.read", Cause.SERVER_ERROR), fault("telemetry.units", Cause.HOOK_FAILED)),
    ],
)
def test_what_cannot_work_without_a_broken_system_follows_from_it(
    root: Finding, consequence: Finding
):
    assert reasons(root, consequence) == ["", root.check]
    assert reasons(consequence, root) == [root.check, ""]


@pytest.mark.parametrize(
    ("question", "cause"),
    [
        ("flow", Cause.NO_FLOW),
        ("flow", Cause.NOT_PROCESSED),
        ("hosts", Cause.SILENT_HOSTS),
    ],
)
def test_a_canary_that_gnocchi_did_not_process_explains_that_no_data_come(
    question: str, cause: Cause
):
    canary = fault("metric.canary", Cause.NOT_PROCESSED)
    silent = fault(f"telemetry.{question}", cause, Severity.DEGRADED)
    assert reasons(silent, canary) == ["metric.canary", ""]


def test_that_no_data_come_has_a_reason_of_its_own_where_the_canary_came_back():
    silent = fault("telemetry.flow", Cause.NO_FLOW)
    assert reasons(Finding("metric", "canary", Severity.OK, "came back"), silent) == ["", ""]


@pytest.mark.parametrize(
    "other",
    [
        fault("metric.backlog", Cause.NOT_PROCESSED),
        fault("metric.canary", Cause.WRONG_VALUE),
    ],
)
def test_only_a_canary_that_was_not_processed_explains_that_no_data_come(other: Finding):
    assert reasons(other, fault("telemetry.flow", Cause.NO_FLOW)) == ["", ""]


def test_what_does_not_need_the_broken_system_is_a_cause_of_its_own():
    assert reasons(SEALED, GNOCCHI_500) == ["", ""]
    assert reasons(RABBIT, GNOCCHI_500) == ["", ""]


def test_the_deepest_cause_explains_all():
    assert reasons(BARBICAN, SEALED, MYSQL, KEYSTONE) == [
        MYSQL.check,
        MYSQL.check,
        "",
        MYSQL.check,
    ]


def test_what_the_model_shows_of_a_system_explains_what_it_answers():
    model = fault("metric.application", Cause.HOOK_FAILED)
    assert reasons(GNOCCHI_500, model) == [model.check, ""]


def test_a_missing_integration_explains_the_blocked_application():
    missing = fault("alarming.integrations", Cause.NOT_INTEGRATED)
    blocked = fault("alarming.application", Cause.CHARM_BLOCKED)
    assert reasons(AODH, blocked, missing) == [missing.check, missing.check, ""]


def test_what_is_not_deployed_explains_that_it_is_not_in_the_catalog():
    absent = fault("alarming.application", Cause.NOT_DEPLOYED)
    assert reasons(fault("alarming.catalog", Cause.NOT_IN_CATALOG), absent) == [absent.check, ""]


@pytest.mark.parametrize(
    "cause",
    [
        Cause.TLS_EXPIRED,
        Cause.TLS_UNTRUSTED,
        Cause.UNAUTHORIZED,
        Cause.NO_REGION,
        Cause.BAD_URL,
        Cause.UNRESOLVED,
        Cause.MISSING_TYPES,
        Cause.MIXED_RELEASES,
        Cause.NOT_INTEGRATED,
        Cause.PAUSED,
        Cause.AGENT_LOST,
        Cause.STILL_ASKS,
    ],
)
def test_what_has_reasons_of_its_own_is_never_explained_away(cause: Cause):
    finding = fault("metric.read", cause)
    assert reasons(MYSQL, KEYSTONE, finding)[2] == ""


def test_a_fault_is_not_explained_by_a_lesser_one():
    lesser = msgspec.structs.replace(MYSQL, severity=Severity.DEGRADED)
    assert reasons(lesser, GNOCCHI_500) == ["", ""]


def test_a_failure_is_not_explained_by_a_canary_that_is_only_degraded():
    canary = fault("metric.canary", Cause.NOT_PROCESSED, Severity.DEGRADED)
    assert reasons(canary, fault("telemetry.flow", Cause.NO_FLOW)) == ["", ""]


def test_of_the_worst_faults_one_is_always_a_cause():
    services = ("metric", "telemetry", "rabbitmq-server", "identity")
    causes = (Cause.HOOK_FAILED, Cause.SERVER_ERROR, Cause.NOT_PROCESSED, Cause.NO_FLOW)
    kinds = itertools.product(services, ("application", "flow", "canary"), causes)
    faults = [
        fault(f"{service}.{question}", cause, severity)
        for service, question, cause in kinds
        for severity in (Severity.FAILED, Severity.DEGRADED)
    ]
    for pair in itertools.combinations(faults, 2):
        report = reports.report(*root_causes.explained(pair, BLUEPRINT))
        assert report.causes(report.severity), pair


def test_of_several_faults_of_one_system_the_worst_explains_what_it_answers():
    away = fault("metric.units", Cause.AGENT_LOST, Severity.DEGRADED)
    failed = fault("metric.application", Cause.HOOK_FAILED)
    assert reasons(away, failed, GNOCCHI_500) == ["", "", failed.check]


def test_what_a_finding_names_behind_it_explains_it_where_that_is_as_bad():
    expired = fault("vault.certificate", Cause.TLS_EXPIRED)
    behind = msgspec.structs.replace(AODH, behind=expired.check)
    assert reasons(behind, expired) == [expired.check, ""]
    assert reasons(expired, behind) == ["", expired.check]
    assert reasons(behind) == [""]
    lesser = msgspec.structs.replace(expired, severity=Severity.DEGRADED)
    assert reasons(behind, lesser) == ["", ""]


def test_some_units_of_a_system_that_works_explain_nothing():
    some = fault("rabbitmq-server.units", Cause.AGENT_LOST, Severity.DEGRADED)
    other = fault("alarming.units", Cause.CHARM_BLOCKED, Severity.DEGRADED)
    assert reasons(some, other) == ["", ""]


def test_what_is_no_fault_has_no_cause():
    skipped = Finding("metric", "catalog", Severity.SKIPPED, "not asked", Cause.NOT_ASKED)
    assert reasons(KEYSTONE, skipped, reports.good("alarming")) == ["", "", ""]


def test_systems_that_need_each_other_explain_nothing_of_each_other():
    system = BLUEPRINT.systems["aodh"]
    back = systems.Integration("x", "aodh", "x")
    rabbit = msgspec.structs.replace(BLUEPRINT.systems["rabbitmq-server"], integrations=(back,))
    mutual = systems.Blueprint({"aodh": system, "rabbitmq-server": rabbit})
    found = root_causes.explained((RABBIT, AODH), mutual)
    assert [finding.because for finding in found] == ["", ""]


def test_what_was_explained_before_is_explained_anew():
    stale = msgspec.structs.replace(GNOCCHI_500, because="vault.application")
    assert reasons(stale) == [""]


def test_severities_stay_and_so_does_the_summary():
    found = root_causes.explained((SEALED, BARBICAN), BLUEPRINT)
    assert [finding.severity for finding in found] == [Severity.FAILED, Severity.FAILED]
    assert not reports.report(*found).verified


# In the report


def told(*findings: Finding) -> str:
    return reports.report(*root_causes.explained(findings, BLUEPRINT)).summary()


def test_the_summary_begins_with_the_cause_and_counts_what_follows():
    assert told(BARBICAN, fault("key-manager.read", Cause.SERVER_ERROR), SEALED) == (
        "vault is bad; juju status vault (2 caused by this)"
    )


def test_other_causes_are_counted_apart():
    assert told(GNOCCHI_500, BARBICAN, SEALED) == (
        "vault is bad; juju status vault (+1 more; 1 caused by this)"
    )


def test_the_cause_of_most_is_first():
    assert told(RABBIT, SEALED, BARBICAN, AODH, fault("telemetry.units", Cause.CHARM_BLOCKED)) == (
        "rabbitmq-server is bad; juju status rabbitmq-server (+1 more; 3 caused by this)"
    )


def test_degradations_are_told_in_the_same_way():
    lesser = [msgspec.structs.replace(f, severity=Severity.DEGRADED) for f in (BARBICAN, SEALED)]
    assert told(reports.good("metric"), *lesser) == (
        "metric verified; degraded: vault is bad; juju status vault (1 caused by this)"
    )
