"""How deep a verification goes, and what its deeper questions are measured against. Pure."""

from __future__ import annotations

import dataclasses
import enum


class Depth(enum.Enum):
    """What is asked beyond "is it there, and does it answer"."""

    SHALLOW = "shallow"  # nothing
    READS = "reads"  # what can be found out by reading alone, and once more what canaries missed
    CHANGES = "changes"  # and canaries, when what they prove has changed
    FULL = "full"  # and canaries

    @property
    def reads(self) -> bool:
        """Whether the questions are asked that only read."""
        return self is not Depth.SHALLOW


@dataclasses.dataclass(frozen=True)
class Thresholds:
    """What is normal in this cloud.

    Attributes:
        canary_timeout: seconds that all canaries together may take.
        evaluation_interval: seconds between two evaluations of Aodh's alarms.
        backlog: measures that may wait for Gnocchi's metricd.
        age: minutes that the newest measure of a running instance may be old.
        metrics: names of metrics that running instances must have.
    """

    canary_timeout: int = 180
    evaluation_interval: int = 60
    backlog: int = 10000
    age: int = 30
    metrics: tuple[str, ...] = ("cpu", "memory.usage")


USUAL_THRESHOLDS = Thresholds()
