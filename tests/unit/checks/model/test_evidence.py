"""What answers and canaries prove of systems whose charms complain."""

from __future__ import annotations

import datetime

import msgspec
import pytest

from coordinator.blueprint import loader
from coordinator.checks.model.evidence import Evidence
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.report import Canaries
from tests.unit import reports

BLUEPRINT = loader.load()
GNOCCHI = BLUEPRINT.systems["gnocchi"]
MYSQL = BLUEPRINT.systems["mysql-innodb-cluster"]
SECOND = datetime.timedelta(seconds=1)
MISSED = reports.bad("metric", "canary", Severity.FAILED, Cause.NOT_PROCESSED)


def evidence(*findings: Finding) -> Evidence:
    """What a report proves whose canaries were sent just now."""
    report = msgspec.structs.replace(
        reports.report(*findings), canaries=Canaries(reports.NOW, "stack")
    )
    return Evidence(BLUEPRINT, report)


@pytest.mark.parametrize(
    ("finding", "works"),
    [
        (reports.good("metric", "read"), True),
        (reports.good("metric", "endpoint"), False),
        (reports.bad("metric", "read", Severity.SKIPPED, Cause.FORBIDDEN), False),
        (reports.bad("metric", "read"), False),
    ],
)
def test_only_an_answer_that_takes_the_service_tells_that_it_works(finding: Finding, works: bool):
    assert evidence(finding).works(GNOCCHI) is works


@pytest.mark.parametrize(("before", "proves"), [(SECOND, True), (0 * SECOND, False)])
def test_a_canary_proves_what_was_complained_of_before_it_was_sent(
    before: datetime.timedelta, proves: bool
):
    found = evidence(reports.good("metric", "canary"))
    assert found.proves(GNOCCHI, reports.NOW - before) is proves


def test_a_canary_that_did_not_come_back_proves_nothing():
    assert not evidence(MISSED).proves(GNOCCHI, reports.NOW - SECOND)
    assert not evidence(reports.good("metric"), MISSED).proves(GNOCCHI, None)


def test_what_as_many_users_prove_as_disprove_is_proven():
    one_each = (reports.good("identity", "token"), reports.bad("metric", "read"))
    assert evidence(*one_each).proves(MYSQL, None)
    assert not evidence(*one_each, reports.bad("alarming", "read")).proves(MYSQL, None)
