"""The life of a canary: its name, how it is waited for, and how it is removed whatever happens."""

from __future__ import annotations

import contextlib
import datetime
import logging
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import TypeVar

from coordinator.openstack import errors, http
from coordinator.openstack.client import Service
from coordinator.openstack.errors import UnusableAnswerError
from coordinator.report.finding import Cause
from coordinator.request import Request
from coordinator.text import quoted

logger = logging.getLogger(__name__)

MOST_LEFT_OVERS = 10
"""Left-overs of crashed runs that one run removes at most."""

MARGIN = 60
"""Seconds beyond its time after which a canary is a left-over."""

_Value = TypeVar("_Value")


def name_of(request: Request) -> str:
    """The name of a canary; it tells whose it is."""
    return f"telemetry-coordinator:{request.coordinator}:canary"


def longest_life(request: Request) -> datetime.timedelta:
    """The age after which a canary is a left-over, and none that another unit sends right now."""
    return datetime.timedelta(seconds=request.thresholds.canary_timeout + MARGIN)


@contextlib.contextmanager
def told_as(
    phrase: str, service: Service, meanings: Mapping[Cause, Cause] | None = None
) -> Generator[None]:
    """Tell any error of the block with a phrase before it, such as `cannot make a test alarm`.

    Some causes have other meanings here.
    """
    try:
        yield
    except Exception as error:
        fault = errors.explain(error, service.url)
        cause = (meanings or {}).get(fault.cause, fault.cause)
        raise UnusableAnswerError(cause, f"{phrase}: {fault.text}") from error


def wait(
    read: Callable[[], _Value], is_done: Callable[[_Value], bool], patience: http.Deadline
) -> _Value:
    """Read again and again until it is done, or patience ends; gives what was read last."""
    pause = 0.1
    while not is_done(value := read()) and not patience.passed:
        time.sleep(min(pause, patience.left))
        pause = min(2.0, pause * 1.5)
    return value


@contextlib.contextmanager
def removing(
    service: Service,
    path: str,
    id_: str,
    left_overs: Iterable[str],
    patience: http.Deadline | None = None,
) -> Generator[None]:
    """Remove what crashed runs left behind, then run the block, and remove the canary.

    That removing fails is no reason to prove nothing: the next run looks again.

    Args:
        service: where the canary is; some time must be left of its deadline after the block.
        path: of all things of its kind.
        id_: the canary's.
        left_overs: ids of canaries of crashed runs.
        patience: ends the removing of these, so that time is left for the canary; None: nothing
            but the service's own deadline does.
    """

    def remove(one: str, asked: Service) -> None:
        with _noting(f"canary {path}/{quoted(one)} is left behind", asked):
            asked.delete(path, one)

    try:
        with _noting("left-overs of canaries were not found", service):
            for one in left_overs:
                remove(one, service.until(patience) if patience else service)
        yield
    finally:
        remove(id_, service)


@contextlib.contextmanager
def _noting(what: str, service: Service) -> Generator[None]:
    """Log any error of the block in place of raising it."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the next run looks again
        logger.warning("%s: it %s", what, errors.explain(error, service.url).text)
