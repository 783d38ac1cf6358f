"""A lab whose juju is a script."""

from __future__ import annotations

import pathlib

from tests.integration import models
from tests.integration.lab import Lab
from tests.integration.tests import stand_ins
from tests.integration.waiting import Budget


def lab(folder: pathlib.Path, script: str) -> Lab:
    """A lab whose juju is a script in this folder, and whose time flies."""
    stand_ins.put(folder, "real-juju", script)
    clock = iter(range(100_000))
    budget = Budget(clock=lambda: float(next(clock)), sleep=lambda _: None)
    return Lab(models.bounded(str(folder / "real-juju"), folder), budget)
