"""P4 and P7: what the package costs: its size, and the first dispatch after an unpacking."""

from __future__ import annotations

import collections.abc
import shutil
import statistics
import time
import zipfile

from tests.benchmark import charms
from tests.benchmark.charms import MeteredUnit
from tests.benchmark.figures import Figure, Sample
from tests.benchmark.stage import Stage

MEGABYTE = 1_000_000
RUNS = 5


def first_dispatch(stage: Stage) -> collections.abc.Iterator[Figure]:
    """P4: the leader's first hook after a refresh, which loads all, against the next one."""
    unit = stage.coordinator()
    first: list[Sample] = []
    warm: list[Sample] = []
    for turn in range(RUNS + 1):
        _refresh(stage, unit)
        cold, next_one = unit.hook("update-status"), unit.hook("update-status")
        if turn:
            first.append(cold)
            warm.append(next_one)
    walls = [statistics.median(sample.wall for sample in found) for found in (first, warm)]
    text = "leader's first hook after a refresh against the next one"
    made_of = {"first": walls[0], "next": walls[1]}
    yield Figure("P4", text, walls[0] / walls[1], goal=1.15, made_of=made_of)


def _refresh(stage: Stage, unit: MeteredUnit) -> None:
    """Write all files of the charm anew, as Juju does; what ops keeps beside them stays."""
    folder = unit.agent.charm_dir
    for name in ("src", "lib", "venv"):
        shutil.rmtree(folder / name)
    charms.unpack(stage.charm, folder)


def size(stage: Stage) -> collections.abc.Iterator[Figure]:
    """P7."""
    with zipfile.ZipFile(stage.charm) as archive:
        unpacked = sum(info.file_size for info in archive.infolist())
    packed = stage.charm.stat().st_size
    yield Figure("P7", "size of the .charm", packed / MEGABYTE, "MB", 3.5)
    yield Figure("P7", "size on a unit", unpacked / MEGABYTE, "MB", 12)
    seconds: list[float] = []
    for _ in range(3):
        started = time.perf_counter()
        charm_dir = charms.unpack(stage.charm, stage.place())
        MeteredUnit(charm_dir, stage.agent(charm_dir)).hook("install")
        seconds.append(time.perf_counter() - started)
    yield Figure("P7", "from unpacking to the end of install", statistics.median(seconds), "s")
