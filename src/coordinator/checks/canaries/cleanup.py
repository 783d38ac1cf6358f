"""Canaries of crashed runs, and how canaries are removed at all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from coordinator.openstack import errors
from coordinator.openstack.client import Service
from coordinator.text import quoted

logger = logging.getLogger(__name__)

MOST = 10
"""Left-overs that one run removes at most."""

MARGIN = 60
"""Seconds beyond its time after which a canary is a left-over."""


def sweep(service: Service, path: str, find: Callable[[], Iterable[str]]) -> None:
    """Remove what crashed runs left behind; that this fails is no reason to prove nothing.

    Args:
        service: where it is.
        path: of all things of its kind.
        find: gives the ids of what is ours, and too old for a canary of another unit.
    """
    try:
        ids = tuple(find())
    except Exception as error:  # noqa: BLE001 - the next run looks again
        _note("left-overs of canaries were not found", error, service)
        return
    for id_ in ids:
        remove(service, path, id_)


def remove(service: Service, path: str, id_: str) -> None:
    """Remove a canary; one that stays behind is for the next run, and hides nothing."""
    try:
        service.delete(path, id_)
    except Exception as error:  # noqa: BLE001 - it is for the next run
        _note(f"canary {path}/{quoted(id_)} is left behind", error, service)


def _note(what: str, error: BaseException, service: Service) -> None:
    logger.warning("%s: it %s", what, errors.explain(error, service.url).text)
