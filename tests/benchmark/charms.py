"""The packed charm and two to hold it against, each with a meter in the place of dispatch."""

from __future__ import annotations

import json
import pathlib
import shutil

from tests.benchmark import meter
from tests.benchmark.figures import Sample
from tests.support.agent import unit_state
from tests.support.agent.agent import Agent
from tests.support.packing import packing

COST = "cost.json"
_REAL = "dispatch-itself"
_EMPTY = '''\
import ops


class Charm(ops.CharmBase):
    """Sets its status in every update-status, and nothing else."""

    def __init__(self, framework):
        super().__init__(framework)
        framework.observe(self.on.update_status, self._on_update_status)

    def _on_update_status(self, _event):
        self.unit.status = ops.ActiveStatus()


if __name__ == "__main__":
    ops.main(Charm)
'''


class FailedError(Exception):
    """What was to be measured failed."""


class MeteredUnit:
    """A unit whose hooks are measured."""

    def __init__(self, charm_dir: pathlib.Path, agent: Agent) -> None:
        self.agent = agent
        self._cost = charm_dir / COST

    def hook(self, name: str) -> Sample:
        """Run a hook. Raises FailedError."""
        return self._sample(self.agent.hook(name))

    def action(self, name: str, parameters: dict[str, object] | None = None) -> Sample:
        """Run an action. Raises FailedError."""
        done = self.agent.action(name, parameters)
        if not done.succeeded:
            raise FailedError(f"{name}: {done.message}")
        return self._sample(done.hook)

    def _sample(self, result: unit_state.HookResult) -> Sample:
        if not result.succeeded:
            raise FailedError(f"{result.name}: {result.text()[-2000:]}")
        cost: dict[str, float] = json.loads(self._cost.read_text())
        return Sample(**cost, commands=len(result.commands))


def unpack(charm: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """The charm as Juju unpacks it, with a meter."""
    packing.unpack(charm, folder)
    return add_meter(folder)


def make_empty(charm: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """A charm that does nothing, on the same ops, Python and dispatch."""
    packing.unpack(charm, folder)
    for name in ("src", "lib"):
        shutil.rmtree(folder / name)
        (folder / name).mkdir()
    (folder / "src/charm.py").write_text(_EMPTY)
    (folder / "metadata.yaml").write_text("name: telemetry-coordinator\n")
    (folder / "config.yaml").write_text("options: {}\n")
    (folder / "actions.yaml").write_text("{}\n")
    return add_meter(folder)


def make_calls(folder: pathlib.Path, calls: int) -> pathlib.Path:
    """A charm that calls one cheap hook command so many times, from a shell."""
    folder.mkdir()
    lines = ["#!/bin/sh", *["is-leader > /dev/null"] * calls]
    (folder / "dispatch").write_text("\n".join(lines) + "\n")
    (folder / "dispatch").chmod(0o755)
    (folder / "metadata.yaml").write_text("name: calls\n")
    return add_meter(folder)


def add_meter(folder: pathlib.Path) -> pathlib.Path:
    """Put a meter before the charm's dispatch."""
    real = (folder / "dispatch").rename(folder / _REAL)
    script = pathlib.Path(meter.__file__).resolve()
    (folder / "dispatch").write_text(
        f"#!/bin/sh\nexec /usr/bin/python3 -I -S '{script}' '{folder / COST}' '{real}'\n"
    )
    (folder / "dispatch").chmod(0o755)
    return folder
