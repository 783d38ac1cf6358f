"""Remedies in the words of `make verify` and `make judge`: there is no coordinator to be told."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from coordinator.report.report import Report

COORDINATOR = "telemetry-coordinator"
"""The name in a request of `make verify`: a remedy with it is one of the coordinator's own."""

_US = re.escape(COORDINATOR)
_WHO = "check OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME and the OS_*_DOMAIN_*, or OS_CLOUD's entry"

OF_VERIFY = {
    rf"juju remove-relation {_US}:identity-credentials \S+": _WHO,
    rf'juju config {_US} requested-grants=""': "ask as a user with more rights: OS_USERNAME",
    rf"juju config {_US} region=": "OS_REGION_NAME=",
    rf"juju config {_US} interface=": "OS_INTERFACE=",
    rf"juju config {_US} verify-timeout=": "VERIFY_TIMEOUT=",
    rf"juju config {_US} canary-timeout=": "CANARY_TIMEOUT=",
    rf'juju config {_US} ssl-ca(="[^"]*")?': "OS_CACERT=ca.pem",
    rf"juju integrate {_US}:certificates \S+": "OS_CACERT=ca.pem",
    rf"juju run {_US}/leader ceilometer-upgrade": "ceilometer-upgrade, on a host of Ceilometer",
    rf"juju exec -a {_US} -- ": "",
    rf"juju debug-log --include {_US}": "report it as a fault of this tool, with ANONYMOUS=1",
}
"""Texts by a pattern of the remedy that they replace."""

OF_JUDGE = {r"juju run \S+/leader plan-stack\b.*": "see the plan below"}


def retold(report: Report, words: Mapping[str, str]) -> Report:
    """The report with remedies in other words, where there are some."""
    findings = (msgspec.structs.replace(f, remedy=told(f.remedy, words)) for f in report.findings)
    return msgspec.structs.replace(report, findings=tuple(findings))


def told(remedy: str, words: Mapping[str, str]) -> str:
    """One remedy in other words."""
    for pattern, text in words.items():
        remedy = re.sub(pattern, lambda _match, text=text: text, remedy)
    return remedy
