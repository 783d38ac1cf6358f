"""What `juju status NAME …` leaves of a model, by the version of Juju.

Juju 3.6: apiserver/facades/client/client/status.go and filtering.go. A unit stays when it or one
of its subordinates is named, with all its subordinates; an application stays with its units, when
it is named, or when it is a subordinate of a unit that is named. A name may have wildcards. Juju
4.0 refuses names, and from 4.0.6 on takes exact ones (juju/juju, issue 22161 and pull request
22196). In none of them is an unknown name an error.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from typing import Any

REFUSAL = (
    "\njuju client not compatible with server: patterns are not implemented (not implemented)\n"
    "re-install your juju client to match the version running on the controller"
)


class Unsupported(Exception):  # noqa: N818 - it reads as what it says
    """This version takes no names."""


def select(document: dict[str, Any], names: list[str], version: str) -> dict[str, Any]:
    """The document with what the names select; all of it without names."""
    if not names:
        return document
    if version.startswith("4.0.") and int(version.split(".")[2]) < 6:
        raise Unsupported(REFUSAL)
    selecting = _exact if version.startswith("4") else _by_pattern
    return {**document, "applications": selecting(document["applications"], names)}


def _exact(applications: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: entry for name, entry in applications.items() if name in names}


def _by_pattern(applications: dict[str, Any], names: list[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    beside: set[str] = set()
    for name, entry in applications.items():
        units = {
            unit: shown
            for unit, shown in entry.get("units", {}).items()
            if _matches((unit, *shown.get("subordinates", {})), names)
        }
        beside |= {
            sub.partition("/")[0]
            for unit, shown in units.items()
            for sub in shown.get("subordinates", {})
            if _matches((unit, sub), names)
        }
        if units or name in names:
            kept[name] = {**entry, **({"units": units} if units else {})}
            if not units:
                kept[name].pop("units", None)
    return kept | {name: applications[name] for name in beside if name in applications}


def _matches(units: Iterable[str], names: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(unit, f"{name}/*") for unit in units for name in names)
