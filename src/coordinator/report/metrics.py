"""The metrics that the coordinator exports, in Prometheus' text exposition format 0.0.4.

All are gauges, since they tell what the last verification saw. Times are seconds since the epoch.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable

import msgspec

from coordinator.text import plain

LONGEST = 80
"""Characters of a label's value; whoever may write to Gnocchi can call a host what they like."""


class Description(msgspec.Struct, frozen=True):
    """A metric: `meaning` is its HELP text, `there` says when it is exported."""

    name: str
    meaning: str
    there: str = "after every verification"
    labels: tuple[str, ...] = ()


class Metric(enum.Enum):
    """All metrics, in the order in which they are exported."""

    VERIFIED = Description(
        "telemetry_stack_verified",
        "1 if nothing that is required failed in the last verification, else 0.",
    )
    TAKEN_AT = Description(
        "telemetry_verification_timestamp_seconds", "When the last verification ended."
    )
    TOOK = Description(
        "telemetry_verification_duration_seconds",
        "How long the last verification took, canaries included.",
    )
    FINDING = Description(
        "telemetry_finding",
        "Findings of the last verification with these labels.",
        "for what was verified: what was skipped is left out",
        ("service", "check", "cause", "severity", "because"),
    )
    LEFT_OUT = Description(
        "telemetry_findings_left_out",
        "Findings that had no room among telemetry_finding, where the worst come first.",
    )
    UPGRADE_NEEDED = Description(
        "telemetry_upgrade_needed",
        "1 if ceilometer-upgrade has to run or is running, else 0.",
        "when Gnocchi answers",
    )
    UPGRADED_AT = Description(
        "telemetry_upgrade_last_success_timestamp_seconds",
        "When Gnocchi was first proven to have what Ceilometer needs, after the last run.",
        "when there was such a proof",
    )
    UPGRADE_FAILURES = Description(
        "telemetry_upgrade_consecutive_failures",
        "How often ceilometer-upgrade failed since its last success.",
    )
    ENDPOINT_TOOK = Description(
        "telemetry_endpoint_duration_seconds",
        "How long a service took to tell its versions and answer one read; Keystone, a token.",
        "for services that answered",
        ("service",),
    )
    CERTIFICATE_ENDS = Description(
        "telemetry_certificate_expiry_timestamp_seconds",
        "When the certificate of a service's endpoint ends.",
        "for endpoints that were asked by https",
        ("service",),
    )
    CANARY_SENT_AT = Description(
        "telemetry_canary_timestamp_seconds",
        "When canaries were last sent.",
        "when some were sent",
    )
    CANARY_TOOK = Description(
        "telemetry_canary_duration_seconds",
        "How long the last canary took through a service and back.",
        "for services whose last canary came back",
        ("service",),
    )
    BACKLOG = Description(
        "telemetry_backlog_measures",
        "Measures that wait for Gnocchi's metricd.",
        "when Gnocchi could tell",
    )
    SILENT_HOSTS = Description(
        "telemetry_silent_hosts",
        "Compute hosts none of whose sampled instances has fresh measures.",
        "when hosts were looked at",
    )
    HOST_SILENCE = Description(
        "telemetry_host_silence_seconds",
        "How long a silent compute host had been silent.",
        "for the 20 hosts that were silent for the longest time",
        ("host",),
    )
    APPLICATION = Description(
        "telemetry_application_status",
        "1 for the status that an application of the stack has in the Juju model.",
        "with juju-access",
        ("application", "charm", "status"),
    )


class Sample(msgspec.Struct, frozen=True):
    """One value, with the values of the metric's labels in their order."""

    metric: Metric
    value: float
    labels: tuple[str, ...] = ()

    @property
    def series(self) -> str:
        """Name and labels, as the text format has them."""
        described = self.metric.value
        pairs = ",".join(
            f'{name}="{_escaped(text)}"'
            for name, text in zip(described.labels, self.labels, strict=True)
        )
        return f"{described.name}{{{pairs}}}" if pairs else described.name


def text_of(samples: Iterable[Sample]) -> str:
    """The samples as text, metrics in their order, each with its HELP and TYPE.

    Names that are cut may become equal; Prometheus refuses all of a text in which a series comes
    twice, so only the first stays. Values that are no numbers say nothing, and are left out.
    """
    series: dict[Metric, dict[str, float]] = {}
    for sample in samples:
        if math.isfinite(sample.value):
            series.setdefault(sample.metric, {}).setdefault(sample.series, sample.value)
    lines: list[str] = []
    for metric in Metric:
        if metric in series:
            name = metric.value.name
            lines += [f"# HELP {name} {metric.value.meaning}", f"# TYPE {name} gauge"]
            lines += [f"{one} {_number(value)}" for one, value in series[metric].items()]
    return "".join(f"{line}\n" for line in lines)


def _escaped(text: str) -> str:
    return plain(text, LONGEST).replace("\\", "\\\\").replace('"', '\\"')


def _number(value: float) -> str:
    """The shortest form: whole numbers without a point."""
    return str(int(value)) if value == int(value) else repr(value)
