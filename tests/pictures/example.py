"""A report as a cloud with some faults would give it, with a history: for pictures and tests."""

from __future__ import annotations

import datetime

from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.history import Change
from coordinator.report.report import Canaries, Report

NOW = datetime.datetime(2026, 11, 22, 9, 45, tzinfo=datetime.timezone.utc)


def ago(minutes: int) -> datetime.datetime:
    return NOW - datetime.timedelta(minutes=minutes)


def ok(service: str, question: str, summary: str) -> Finding:
    return Finding(service, question, Severity.OK, summary)


REPORT = Report(
    taken_at=NOW,
    interface="internal",
    region="RegionOne",
    endpoints={"metric": "http://192.0.2.31:8041", "alarming": "http://192.0.2.32:8042"},
    builds={"metric": "4.7.0"},
    canaries=Canaries(ago(20), ""),
    findings=(
        ok("identity", "token", "Keystone issued a token at http://192.0.2.20:5000/v3"),
        ok("identity", "clock", "clocks of 4 services agree within 0.4 s"),
        ok("metric", "read", "Gnocchi lists 17 resource types"),
        Finding(
            "metric",
            "canary",
            Severity.FAILED,
            "metricd did not process three measures of Gnocchi within 60 s",
            Cause.NOT_PROCESSED,
            "juju exec -a gnocchi -- systemctl status gnocchi-metricd",
        ),
        Finding(
            "metric",
            "backlog",
            Severity.DEGRADED,
            "48210 measures wait for metricd of Gnocchi",
            Cause.BACKLOG,
            "juju exec -a gnocchi -- systemctl status gnocchi-metricd",
            because="metric.canary",
        ),
        ok("alarming", "read", "Aodh lists alarms"),
        ok("alarming", "canary", "Aodh evaluated an alarm after 41 s"),
        ok("key-manager", "read", "Barbican lists secrets"),
        ok("key-manager", "canary", "Barbican gave back a secret after 0.3 s"),
        Finding(
            "telemetry",
            "hosts",
            Severity.DEGRADED,
            "Ceilometer has sent no measures from 'host-7.example.com' for 52 min",
            Cause.SILENT_HOSTS,
            "juju status --relations ceilometer",
        ),
        Finding(
            "infra-optim",
            "catalog",
            Severity.SKIPPED,
            "Watcher is not in the service catalog",
            Cause.NOT_IN_CATALOG,
            "juju integrate watcher:identity-service keystone:identity-service",
        ),
        ok("telemetry", "resource-types", "Gnocchi has all resource types of Ceilometer 24.0"),
    ),
)

CHANGES = tuple(
    reversed(
        (
            Change(
                ago(60 * 24 * 6),
                "waiting",
                "keystone has not sent credentials yet",
                events=("first status of this leader",),
            ),
            Change(
                ago(60 * 24 * 6 - 12),
                "active",
                "metric, alarming, key-manager verified",
                events=("ceilometer-upgrade succeeded at 2026-11-16T09:57Z",),
            ),
            Change(
                ago(60 * 24 * 2),
                "active",
                "metric, alarming, key-manager verified",
                events=("metric went from 4.6.0 to 4.7.0",),
            ),
            Change(
                ago(60 * 24 + 95),
                "blocked",
                "Aodh refused the connection at http://192.0.2.32:8042",
                "alarming.endpoint",
            ),
            Change(
                ago(60 * 24 + 60),
                "active",
                "metric, alarming, key-manager verified",
                events=("gnocchi/1 joined",),
            ),
            Change(
                ago(52),
                "active",
                "degraded: Ceilometer has sent no measures from 'host-7.example.com' for 31 min",
                "telemetry.hosts",
            ),
            Change(
                ago(20),
                "blocked",
                "metricd did not process three measures of Gnocchi within 60 s",
                "metric.canary",
                ("metric moved from http://192.0.2.30:8041 to http://192.0.2.31:8041",),
            ),
        )
    )
)
