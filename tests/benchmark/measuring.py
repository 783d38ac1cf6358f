"""Runs things side by side, so that what else the machine does falls on all of them alike."""

from __future__ import annotations

import collections.abc
import resource
import time

from tests.benchmark.figures import Sample, Series

Task = collections.abc.Callable[[], Sample]


def interleave(tasks: collections.abc.Mapping[str, Task], runs: int) -> dict[str, Series]:
    """Run every task once to warm it up, and then `runs` times in turn."""
    samples: dict[str, list[Sample]] = {name: [] for name in tasks}
    for turn in range(runs + 1):
        for name, task in tasks.items():
            sample = task()
            if turn:
                samples[name].append(sample)
    return {name: Series(found) for name, found in samples.items()}


def timed(work: collections.abc.Callable[[], object]) -> Sample:
    """Run something in this process, or something that waits for its own processes."""
    before = _processor()
    started = time.perf_counter()
    work()
    return Sample(time.perf_counter() - started, _processor() - before)


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
