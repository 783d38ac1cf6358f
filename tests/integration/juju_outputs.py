"""What juju prints, as values. Pure; Juju 3.6 and 4.0."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_STATUS_LINE = re.compile(
    r"(?P<time>\d\d \w{3} \d{4} \d\d:\d\d:\d\d\S*) {2,}"
    r"(?P<kind>\S+) {2,}(?P<level>\S+) *(?P<message>.*)"
)
_HOOK = re.compile(r"running (?P<hook>\S+) hook")
_RAN = re.compile(
    r'^unit-(?P<unit>\S+)-(?P<number>\d+): .*\bran "(?P<hook>[^"]+)" hook', re.MULTILINE
)
_HOPELESS = re.compile(r"no matching image|suitable availability zone|no image metadata")

_Databag = Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class Databags:
    """What `juju show-unit` shows of one relation of a unit.

    Attributes:
        relation: number of the relation.
        endpoint: that of the unit.
        application: the databag of an application: 3.6 shows that of the other side, 4.0 the own.
        unit: the unit's own databag.
        others: databags of the other side's units, by name.
    """

    relation: int
    endpoint: str
    application: _Databag
    unit: _Databag
    others: Mapping[str, _Databag]


def databags(shown: str) -> tuple[Databags, ...]:
    """The relations of the unit that `juju show-unit UNIT --format json` shows."""
    (unit,) = json.loads(shown).values()
    return tuple(
        Databags(
            info["relation-id"],
            info["endpoint"],
            info.get("application-data") or {},
            (info.get("local-unit") or {}).get("data") or {},
            {
                name: other.get("data") or {}
                for name, other in (info.get("related-units") or {}).items()
            },
        )
        for info in unit.get("relation-info") or ()
    )


def application_value(shown: Iterable[str], endpoints: Sequence[str], key: str) -> str:
    """A value in the databag of an application, whichever side's `juju show-unit` shows it.

    Args:
        shown: what show-unit printed about units of both sides.
        endpoints: names of the relation's endpoint, on both sides.
        key: key of the databag.

    Raises:
        LookupError: when none of them shows it.
    """
    for document in shown:
        for found in databags(document):
            if found.endpoint in endpoints and key in found.application:
                return found.application[key]
    raise LookupError(f"no application has {key} in its databag of {' or '.join(endpoints)}")


def hopeless_machines(status: Mapping[str, Any]) -> tuple[str, ...]:
    """What Juju says of machines that it cannot make, such as those without a base image.

    Args:
        status: what `juju status --format json` printed.
    """
    found: list[str] = []
    for number, machine in (status.get("machines") or {}).items():
        said = machine.get("machine-status") or {}
        message = said.get("message", "")
        if said.get("current") == "provisioning error" or _HOPELESS.search(message):
            found.append(f"machine {number}: {message}")
    return tuple(found)


@dataclasses.dataclass(frozen=True)
class Task:
    """What became of an action on one unit.

    Attributes:
        status: `completed`, `failed` or `error`; this, and not the exit code of juju, says whether
            it succeeded: with 4.0 that is 0 as well where the charm called the action failed.
        message: why it failed.
        results: what the charm gave, without what Juju adds.
        log: what it said meanwhile.
    """

    status: str
    message: str
    results: Mapping[str, Any]
    log: Sequence[str]


_JUJUS_OWN = {"return-code", "stdout", "stderr"}


def task(printed: str) -> Task:
    """The one task of `juju run UNIT ACTION --format json`.

    Raises:
        LookupError: when it printed none, as for a unit or an action that does not exist.
    """
    tasks = list((json.loads(printed) if printed.strip() else {}).values())
    if len(tasks) != 1:
        raise LookupError(f"juju run printed {len(tasks)} tasks")
    results = tasks[0].get("results") or {}
    return Task(
        tasks[0]["status"],
        tasks[0].get("message", ""),
        {key: value for key, value in results.items() if key not in _JUJUS_OWN},
        tasks[0].get("log") or (),
    )


@dataclasses.dataclass(frozen=True)
class Entry:
    """A line of `juju show-status-log`.

    Attributes:
        time: as printed; the text of two entries is the same when they are of one second.
        kind: `workload` or `juju-unit`.
        level: such as `active` or `executing`.
    """

    time: str
    kind: str
    level: str
    message: str

    @property
    def hook(self) -> str:
        """The hook that the unit's agent began; empty for anything else."""
        began = _HOOK.match(self.message) if self.level == "executing" else None
        return began["hook"] if began else ""


def status_log(printed: str) -> tuple[Entry, ...]:
    """The entries of `juju show-status-log UNIT`, the oldest first."""
    matches = filter(None, map(_STATUS_LINE.fullmatch, map(str.rstrip, printed.splitlines())))
    return tuple(Entry(m["time"], m["kind"], m["level"], m["message"]) for m in matches)


def hooks_since(before: Sequence[Entry], after: Sequence[Entry]) -> tuple[str, ...]:
    """The hooks in a later status log that an earlier one does not have.

    The log is a window over the last entries, so they are told apart by their content. Juju does
    not log update-status there.
    """
    known = set(before)
    return tuple(entry.hook for entry in after if entry.hook and entry not in known)


def hooks_ran(log: str, unit: str) -> tuple[str, ...]:
    """The hooks of a unit that a `juju debug-log` tells of, in their order."""
    app, _, number = unit.rpartition("/")
    return tuple(
        match["hook"]
        for match in _RAN.finditer(log)
        if (match["unit"], match["number"]) == (app, number)
    )


def last_error(stderr: str) -> str:
    """What juju complains about, in one line."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    said = (errors or lines or ["it gave no reason"])[0]
    return said.removeprefix("ERROR").strip()
