"""Jobs that run at the same time, inside one budget of time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Generic, TypeVar

from coordinator.openstack import http

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

WIDTH = 12
"""Requests of one inspection at the same time, so that no service is flooded."""


class Once(Generic[_Value]):
    """A value that several threads need: the first makes it, the others wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: list[_Value] = []

    def get(self, make: Callable[[], _Value]) -> _Value:
        """The value; made again where making it failed.

        Raises:
            Exception: what making it raised.
        """
        with self._lock:
            if not self._made:
                self._made.append(make())
            return self._made[0]


def side_by_side(
    jobs: Mapping[_Key, Callable[[], _Value]], deadline: http.Deadline
) -> Iterator[tuple[_Key, _Value]]:
    """Run jobs at the same time and give each result as it comes, until the deadline.

    A job that is still busy then is left behind: its thread is a daemon and ends with the hook.
    Sockets have timeouts of their own; this bounds what they do not, such as name resolution.

    Raises:
        Exception: what a job raised.
    """
    done: queue.SimpleQueue[tuple[_Key, Future[_Value]]] = queue.SimpleQueue()

    def run(key: _Key, job: Callable[[], _Value]) -> None:
        result: Future[_Value] = Future()
        try:
            result.set_result(job())
        except BaseException as error:  # noqa: BLE001 - raised again by the reader
            result.set_exception(error)
        done.put((key, result))

    for item in jobs.items():
        threading.Thread(target=run, args=item, daemon=True).start()
    for _ in jobs:
        try:
            key, result = done.get(timeout=deadline.left)
        except queue.Empty:
            return
        yield key, result.result()


def gather(
    jobs: Mapping[_Key, Callable[[], _Value]], deadline: http.Deadline
) -> dict[_Key, _Value]:
    """Run jobs, `WIDTH` at the same time, and give what came until the deadline, in their order.

    Raises:
        Exception: what a job raised.
    """
    found: dict[_Key, _Value] = {}
    waiting = list(jobs.items())
    while waiting and not deadline.passed:
        wave, waiting = waiting[:WIDTH], waiting[WIDTH:]
        found.update(side_by_side(dict(wave), deadline))
    return {key: found[key] for key in jobs if key in found}
