"""What was measured, and the figures that are made of it."""

from __future__ import annotations

import collections.abc
import dataclasses
import statistics


@dataclasses.dataclass(frozen=True)
class Sample:
    """One run of something.

    Attributes:
        wall: seconds that it took.
        cpu: seconds of processor time, of it and of all that it waited for.
        memory: the most megabytes that one of these processes held.
        commands: hook commands.
    """

    wall: float
    cpu: float = 0.0
    memory: float = 0.0
    commands: int = 0

    def without_commands(self, wall: float, cpu: float) -> Sample:
        """The same without what the stand-in's hook commands cost, each so much."""
        return dataclasses.replace(
            self, wall=self.wall - self.commands * wall, cpu=self.cpu - self.commands * cpu
        )


@dataclasses.dataclass(frozen=True)
class Series:
    """Several runs of the same."""

    samples: collections.abc.Sequence[Sample]

    @property
    def wall(self) -> float:
        """Median seconds."""
        return statistics.median(sample.wall for sample in self.samples)

    @property
    def cpu(self) -> float:
        """Median seconds of processor time."""
        return statistics.median(sample.cpu for sample in self.samples)

    @property
    def memory(self) -> float:
        """Median megabytes."""
        return statistics.median(sample.memory for sample in self.samples)

    @property
    def commands(self) -> int:
        """Hook commands of the last run."""
        return self.samples[-1].commands

    def without_commands(self, wall: float, cpu: float) -> Series:
        """See `Sample.without_commands`."""
        return Series([sample.without_commands(wall, cpu) for sample in self.samples])


@dataclasses.dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        name: such as P3.
        text: what is measured.
        value: the figure.
        unit: of the figure; `x` for a ratio of medians.
        goal: what it should be at most, or at least; None where it is only told.
        at_least: whether more is better.
        made_of: the medians that it was made of.
    """

    name: str
    text: str
    value: float
    unit: str = "x"
    goal: float | None = None
    at_least: bool = False
    made_of: collections.abc.Mapping[str, float] = dataclasses.field(
        default_factory=dict[str, float]
    )

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        if self.goal is None:
            return True
        return self.value >= self.goal if self.at_least else self.value <= self.goal


def table(figures: collections.abc.Iterable[Figure]) -> str:
    """The figures as a Markdown table."""
    lines = ["| # | figure | measured | goal | made of |", "|---|---|---|---|---|"]
    for figure in figures:
        sign = ">=" if figure.at_least else "<="
        goal = "-" if figure.goal is None else f"{sign} {figure.goal:g}"
        met = "" if figure.met else " **missed**"
        parts = ", ".join(f"{name} {value:.3g}" for name, value in figure.made_of.items())
        value = f"{figure.value:.3g} {figure.unit}".strip()
        lines.append(f"| {figure.name} | {figure.text} | {value}{met} | {goal} | {parts} |")
    return "\n".join(lines)
