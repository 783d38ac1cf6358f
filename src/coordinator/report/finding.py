"""Findings: the answers to single questions, with severity, cause and remedy."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import Any

from coordinator.report import kept

CANARY = "canary"
"""All findings about canaries answer this question."""


class Severity(enum.Enum):
    """The badness of a finding, in the words that people see."""

    OK = "ok"
    SKIPPED = "skipped"
    DEGRADED = "degraded"
    FAILED = "failed"

    @property
    def rank(self) -> int:
        """The larger, the worse."""
        return list(Severity).index(self)

    @property
    def is_fault(self) -> bool:
        """True if somebody has to act."""
        return self in {Severity.DEGRADED, Severity.FAILED}


class Cause(enum.Enum):
    """The cause of a fault; each wants another remedy."""

    NOT_IN_CATALOG = "not-in-catalog"
    NO_INTERFACE = "no-such-interface"
    NO_REGION = "no-such-region"
    DUPLICATE = "duplicate-services"
    BAD_URL = "malformed-url"
    UNSAFE_URL = "unsafe-url"
    BAD_NAME = "unexpected-name"
    UNRESOLVED = "name-does-not-resolve"
    REFUSED = "connection-refused"
    UNREACHABLE = "unreachable"
    DROPPED = "connection-dropped"
    TIMEOUT = "timed-out"
    TLS_UNTRUSTED = "tls-not-trusted"
    TLS_EXPIRED = "tls-expired"
    TLS_ENDS = "tls-expires-soon"
    TLS_WRONG_HOST = "tls-wrong-host"
    TLS_ERROR = "tls-error"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    SERVER_ERROR = "server-error"
    HTTP_ERROR = "unexpected-http-status"
    REDIRECTED = "redirected"
    NOT_JSON = "not-json"
    UNEXPECTED = "unexpected-answer"
    TOO_LARGE = "answer-too-large"
    BAD_CERTIFICATE = "bad-ca-certificate"
    MISSING_TYPES = "missing-resource-types"
    NO_POLICY = "no-archive-policy"
    NOT_STORED = "measures-not-stored"
    NOT_PROCESSED = "measures-not-processed"
    WRONG_VALUE = "wrong-value-read-back"
    BACKLOG = "measures-wait"
    NO_POLICIES = "nothing-published"
    NO_FLOW = "no-fresh-measures"
    SILENT_HOSTS = "hosts-silent"
    METRICS_MISSING = "metrics-missing"
    NOT_ASKED = "not-asked"
    STORE_FAILS = "secret-store-fails"
    NOT_EVALUATED = "alarms-not-evaluated"
    NO_DATA = "alarms-without-data"
    ENGINE_DOWN = "engine-down"
    NO_GOALS = "no-goals"
    CLOCK = "clock-differs"
    STILL_ASKS = "ceilometer-still-asks"
    LATE_TASK = "task-does-not-end"
    NO_ACCESS = "no-juju-access"
    BAD_ACCESS = "invalid-juju-access"
    NO_CLIENT = "no-juju-client"
    NO_CONTROLLER = "controller-unreachable"
    LOGIN_REFUSED = "juju-login-refused"
    NOT_PERMITTED = "juju-permission-denied"
    NO_CEILOMETER = "ceilometer-not-in-model"
    SEVERAL_CEILOMETERS = "several-ceilometers"
    NO_ACTION = "action-not-defined"
    JUJU_ERROR = "juju-error"
    NOT_DEPLOYED = "not-deployed"
    NO_UNITS = "no-units"
    LEAVING = "leaving-the-model"
    HOOK_FAILED = "hook-failed"
    AGENT_LOST = "agent-lost"
    CHARM_BLOCKED = "charm-blocked"
    CHARM_WAITS = "charm-waits"
    PAUSED = "paused"
    MACHINE_DOWN = "machine-down"
    CLUSTER_DOWN = "cluster-down"
    MEMBER_OUT = "member-out"
    NOT_TOLERANT = "not-tolerant"
    PARTITIONED = "partitioned"
    TOO_FEW_UNITS = "too-few-units"
    NOT_JOINED = "not-joined"
    ROUTER_CUT_OFF = "router-cut-off"
    DB_NOT_GRANTED = "db-not-granted"
    DB_NOT_READY = "db-not-ready"
    SEALED = "sealed"
    NOT_INITIALIZED = "not-initialized"
    STORAGE_LOST = "storage-lost"
    NOT_AUTHORIZED = "not-authorized"
    NO_CA = "no-ca"
    SERVICE_DOWN = "service-down"
    VIP_DOWN = "vip-down"
    MISCONFIGURED = "misconfigured"
    NO_DEVICES = "no-devices"
    WAITS_FOR_RESTART = "waits-for-restart"
    UPGRADING = "upgrading"
    NOT_INTEGRATED = "not-integrated"
    NO_SUBORDINATE = "subordinate-missing"
    MIXED_RELEASES = "mixed-releases"
    INTERNAL = "internal-error"


class Finding(kept.Kept, frozen=True):
    """The answer to one question put to the cloud.

    Attributes:
        service: the catalog type it is about, or `identity`, `telemetry`, `trust`.
        question: what was asked: `catalog`, `endpoint`, `read`, …
        summary: one short line without a full stop.
        because: the check whose fault explains this one; empty where none does.
        behind: the check that is known from the start to be behind this fault, such as a machine;
            `because` is decided from this and all other findings.
    """

    service: str
    question: str
    severity: Severity
    summary: str
    cause: Cause | None = None
    remedy: str = ""
    because: str = ""
    behind: str = ""

    @property
    def check(self) -> str:
        """Name of the check, such as `metric.endpoint`."""
        return f"{self.service}.{self.question}"

    @property
    def line(self) -> str:
        """A line of progress."""
        return f"[{self.severity.value}] {self.summary}"

    def to_dict(self) -> dict[str, str]:
        """The JSON form of a report."""
        return {
            "check": self.check,
            "severity": self.severity.value,
            "summary": self.summary,
            "cause": self.cause.value if self.cause else "",
            "remedy": self.remedy,
            "because": self.because,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Finding:
        """Read the JSON form; raises LookupError or ValueError where it is none."""
        service, _, question = str(data["check"]).partition(".")
        place = {"service": service, "question": question, "cause": data["cause"] or None}
        return kept.read(cls, {**data, **place})


def worst(severities: Iterable[Severity]) -> Severity:
    """The worst of some severities; `ok` of none."""
    return max(severities, key=lambda severity: severity.rank, default=Severity.OK)
