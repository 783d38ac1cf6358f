"""What tests wait for, and what they look for among the processes."""

import pathlib
import time
from collections.abc import Callable


def until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def processes_of(folder: pathlib.Path) -> list[int]:
    """Process ids of services: their environment has a HOME inside the folder."""
    found: list[int] = []
    for path in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"HOME={folder}".encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue  # ended meanwhile, or another user's
    return found
