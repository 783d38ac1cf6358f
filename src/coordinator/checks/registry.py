"""The table of all checks; each module is loaded when its check is used."""

from __future__ import annotations

import importlib

from coordinator.checks.base import Check

CHECKS = {
    "identity": ("coordinator.checks.keystone", "KeystoneCheck"),
    "metric": ("coordinator.checks.gnocchi", "GnocchiCheck"),
    "alarming": ("coordinator.checks.aodh", "AodhCheck"),
    "key_manager": ("coordinator.checks.barbican", "BarbicanCheck"),
    "infra_optim": ("coordinator.checks.watcher", "WatcherCheck"),
    "telemetry": ("coordinator.checks.ceilometer", "CeilometerCheck"),
}
"""Module and class by the name that a blueprint gives as `check`."""


def check_of(name: str) -> Check:
    """The check of this name; without a name, one that asks nothing.

    Raises:
        TypeError: the table names a class that is no check.
    """
    if not name:
        return Check()
    module, class_name = CHECKS[name]
    found: object = vars(importlib.import_module(module))[class_name]
    if not (isinstance(found, type) and issubclass(found, Check)):
        raise TypeError(f"{module}.{class_name} is no check")
    return found()
