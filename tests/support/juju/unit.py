"""The unit's part of an action: runs a real command, and ends the task by its exit code."""

from __future__ import annotations

import pathlib
import subprocess
import sys

from tests.support.juju import state


def main(file: pathlib.Path, number: str, argv: list[str]) -> None:
    """Run the command of a task."""
    with state.opened(file) as known:
        known.tasks[number].status = "running"
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=100, check=False)
    with state.opened(file) as known:
        task = known.tasks[number]
        if ended.returncode:
            lines = (ended.stdout + ended.stderr).strip().splitlines()
            task.status, task.message = "failed", lines[-1] if lines else ""
            return
        task.status = "completed"
        statuses = known.applications[task.application].statuses
        statuses.update(dict.fromkeys(statuses, known.commands[task.action][1]))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
