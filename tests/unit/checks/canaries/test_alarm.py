"""What Aodh's canary says without being sent; the functional tests send it."""

from __future__ import annotations

import msgspec
import pytest

from coordinator.blueprint import loader
from coordinator.checks import base
from coordinator.checks.canaries import alarm
from coordinator.openstack import client, http
from coordinator.report import remedies
from coordinator.report.finding import Cause, Severity
from coordinator.request import Thresholds
from tests.unit import reports, sessions


def sent(interval: int, timeout: int, *services: str) -> base.CheckResult:
    system = loader.load().services["alarming"]
    names = remedies.Names("alarming", "aodh", "keystone", "us")
    subject = base.Subject("alarming", system, True, "internal", "", names)
    thresholds = Thresholds(evaluation_interval=interval, canary_timeout=timeout)
    request = msgspec.structs.replace(reports.REQUEST, thresholds=thresholds, coordinator="us")
    nobody = client.Service(sessions.cloud(), "http://127.0.0.1:9")
    known = dict.fromkeys(("alarming", *services), nobody)
    return alarm.send_canary(base.CheckContext(subject, known, request, http.Deadline.after(1)))


def test_options_that_contradict_each_other_are_told_with_the_value_that_helps():
    result = sent(300, 180, "metric")
    assert (result.severity, result.cause) == (Severity.DEGRADED, Cause.TIMEOUT)
    assert result.text == (
        "cannot be sent a test alarm: alarm-evaluation-interval (300 s) is too long for "
        "canary-timeout (180 s)"
    )
    assert result.remedy == "juju config us canary-timeout=660"


def test_an_interval_that_no_canary_can_wait_for_is_skipped():
    assert sent(3600, 900, "metric").severity is Severity.SKIPPED


@pytest.mark.parametrize("interval", [60, 120])
def test_options_that_fit_are_not_told(interval: int):
    result = sent(interval, 180, "metric")
    assert (result.severity, result.cause) == (Severity.SKIPPED, Cause.NOT_ASKED)
    assert result.text.startswith("was sent no test alarm: Gnocchi refused the connection")


def test_without_gnocchi_no_alarm_is_sent():
    assert sent(60, 180).text == "was sent no test alarm: Gnocchi does not answer"
