"""The report of a verification; it never holds a secret."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from coordinator.report import kept
from coordinator.report.finding import Finding, Severity, worst
from coordinator.text import more

VERSION = 1
"""Version of the JSON form; raised when a reader of the old form would misread the new one."""


class Canaries(kept.Kept, frozen=True):
    """The last canaries; `stack` is what they proved, in a form of `canary_schedule`."""

    sent_at: kept.Moment
    stack: str


class Report(kept.Kept, frozen=True):
    """All findings of one verification, with the facts that decisions rest on.

    Attributes:
        taken_at: when the verification ended, in UTC.
        region: empty where it never became known.
        findings: in the order of the blueprint, identity first.
        endpoints: catalog type → URL, for what the catalog lists.
        builds: catalog type → version of the software, where the service tells it.
        resource_types: Gnocchi's; None when they could not be read, or had no room.
        behind: what they lack for Ceilometer, in short phrases.
        figures: numbers by the names of `figures.py`, such as `metric.backlog`.
        canaries: the last ones; their findings are in the report while they count.
        left_out: number of findings that had no room.
        whole: where some are left out, the summary of the whole report.
    """

    taken_at: kept.Moment
    interface: str
    region: str
    findings: tuple[Finding, ...]
    endpoints: Mapping[str, str] = {}
    builds: Mapping[str, str] = {}
    resource_types: frozenset[str] | None = None
    behind: tuple[str, ...] = ()
    figures: Mapping[str, float] = {}
    canaries: Canaries | None = None
    left_out: kept.Count = 0
    whole: str = ""

    @property
    def severity(self) -> Severity:
        """The worst severity of all findings: what was skipped is no fault."""
        asked = (f.severity for f in self.findings if f.severity is not Severity.SKIPPED)
        return worst(asked)

    @property
    def verified(self) -> bool:
        """True if nothing that is required failed."""
        return self.severity is not Severity.FAILED

    @property
    def services(self) -> tuple[str, ...]:
        """The subjects of the findings, each once, in their order."""
        return tuple(dict.fromkeys(finding.service for finding in self.findings))

    def about(self, service: str) -> tuple[Finding, ...]:
        """The findings of one service."""
        return tuple(finding for finding in self.findings if finding.service == service)

    def having(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of one severity."""
        return tuple(finding for finding in self.findings if finding.severity is severity)

    def causes(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of one severity that nothing else explains; what explains most is first."""
        alike = (finding for finding in self.worst_first() if finding.severity is severity)
        return tuple(finding for finding in alike if not finding.because)

    def worst_first(self) -> tuple[Finding, ...]:
        """The findings by severity, the worst first.

        Causes stand before what follows, first what explains most; else they keep their order.
        """
        return tuple(self.findings[place] for place in self.places_worst_first())

    def places_worst_first(self) -> list[int]:
        """The places of `worst_first` among the findings."""
        following = collections.Counter(f.because for f in self.findings if f.because)

        def badness(place: int) -> tuple[int, bool, int]:
            finding = self.findings[place]
            return -finding.severity.rank, bool(finding.because), -following[finding.check]

        return sorted(range(len(self.findings)), key=badness)

    def following(self, cause: Finding) -> int:
        """The number of faults that follow from one."""
        return sum(finding.because == cause.check for finding in self.findings)

    def state_of(self, service: str) -> Severity:
        """The worst severity of one service."""
        return worst(finding.severity for finding in self.about(service))

    def answers(self, service: str) -> bool:
        """True if the service answered its read, or its endpoint where there is no read of it."""
        answers = {finding.question: finding.severity for finding in self.about(service)}
        return answers.get("read", answers.get("endpoint")) is Severity.OK

    def proves(self, service: str) -> bool:
        """True if the service answered, and no finding about it failed."""
        return self.answers(service) and self.state_of(service) is not Severity.FAILED

    def joined(self, findings: Iterable[Finding]) -> Report:
        """The report with more findings, each behind the others of its service."""
        merged = list(self.findings)
        for finding in findings:
            places = [n for n, other in enumerate(merged) if other.service == finding.service]
            merged.insert(places[-1] + 1 if places else len(merged), finding)
        return msgspec.structs.replace(self, findings=tuple(merged))

    def summary(self) -> str:
        """The status in one line: what is verified, or what is wrong and what to do."""
        if self.whole:
            return self.whole
        failed = self.causes(Severity.FAILED)
        if failed:
            return self._with_more(failed)
        proven = [s for s in self.services if self.proves(s) and s != "identity"]
        parts = [f"{', '.join(proven)} verified" if proven else "nothing verified"]
        degraded = self.causes(Severity.DEGRADED)
        if degraded:
            parts.append(f"degraded: {self._with_more(degraded)}")
        unread = [f.service for f in self.having(Severity.SKIPPED) if f.question == "read"]
        if unread:
            parts.append(f"not verified: {', '.join(unread)}")
        return "; ".join(parts)

    def _with_more(self, causes: tuple[Finding, ...]) -> str:
        """The first cause with its remedy, what follows from it, and how many others there are."""
        first = causes[0]
        text = f"{first.summary}; {first.remedy}" if first.remedy else first.summary
        return text + more(len(causes) - 1, self.following(first))

    def to_json(self) -> str:
        """Equal reports as equal texts."""
        return kept.dumps(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """The form that `docs/reference/report.md` describes."""
        own = kept.fields_of(self)
        del own["whole"]
        return {
            **own,
            "version": VERSION,
            "status": self.severity.value,
            "verified": self.verified,
            "summary": self.summary(),
            "findings": [finding.to_dict() for finding in self.findings],
        }

    @classmethod
    def from_json(cls, text: str) -> Report | None:
        """Read a kept report; None when it is none, or of another version."""
        try:
            data = kept.document(text, VERSION)
            findings = [Finding.from_dict(entry) for entry in data["findings"]]
            whole = data["summary"] if data.get("left-out") else ""
            return kept.read(cls, {**data, "findings": findings, "whole": whole})
        except (LookupError, ValueError, TypeError):
            return None
