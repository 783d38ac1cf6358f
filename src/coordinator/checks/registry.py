"""Which module asks which system: one literal table, each module loaded when it is used."""

from __future__ import annotations

import importlib
from typing import Any

CHECKS = {
    "identity": "coordinator.checks.keystone",
    "metric": "coordinator.checks.gnocchi",
    "alarming": "coordinator.checks.aodh",
    "key_manager": "coordinator.checks.barbican",
    "infra_optim": "coordinator.checks.watcher",
    "telemetry": "coordinator.checks.ceilometer",
}
"""The names that a blueprint may give as `check`, with the modules that ask."""


def module_of(check: str) -> Any:
    """The module that asks the systems of a check."""
    return importlib.import_module(CHECKS[check])
