"""Passwords and tokens are searched for in all that the charm leaves behind, test by test."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import pathlib
import re
import sys
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from ops import testing

TOKEN = re.compile(r"gAAAAA[\w-]{24}")
"""A token of Keystone, as all of them begin (keystone/token/providers/fernet)."""

_started: list[str] = []
"""Arguments of the processes that this one started."""


def _note_arguments(event: str, details: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen":
        _started.append(str(details[1]))


sys.addaudithook(_note_arguments)  # for good: Python takes none off again


_OF_TESTS = ("keystoneauth", "urllib3")
"""Loggers of what tests make users and services with; the charm has none of it."""


class _Lines(logging.Handler):
    """Keeps what is logged at any level, but for what tests log themselves."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(_OF_TESTS):
            self.lines.append(self.format(record))


@dataclasses.dataclass
class Searched:
    """What was searched, and for what.

    Attributes:
        passwords: those that were given to the charm.
        places: kinds of places that held any text.
    """

    passwords: set[str] = dataclasses.field(default_factory=set[str])
    places: set[str] = dataclasses.field(default_factory=set[str])

    def search(self, place: str, text: str) -> None:
        """No secret is in a text; that is not shown, since it would be in the tests' own log."""
        if text:
            self.places.add(place)
        found = bool(TOKEN.search(text)) or any(known in text for known in self.passwords)
        assert not found, f"a password or a token is in {place}"


@contextlib.contextmanager
def forbidden(monkeypatch: pytest.MonkeyPatch, folder: pathlib.Path) -> Generator[Searched]:
    """Search all that the charm says while a block runs, and the files that it leaves.

    Args:
        monkeypatch: puts all back at the end.
        folder: where a test's charms, and what stands for the machine's root, are.
    """
    searched, logged, root = Searched(), _Lines(), logging.getLogger()
    monkeypatch.setattr(root, "level", logging.DEBUG)
    root.addHandler(logged)
    run, started = testing.Context[Any].run, len(_started)

    def running(context: testing.Context[Any], event: Any, state: testing.State) -> testing.State:
        # a test's `wrong` is a word that is told for other reasons
        searched.passwords.update(one for one in _passwords(state) if len(one) > 8)
        try:
            out = run(context, event, state)
        except testing.ActionFailed as failed:
            searched.search("a failure", failed.message)
            raise
        finally:
            searched.search("a result", str(context.action_results or ""))
            searched.search("a line of an action", "\n".join(context.action_logs))
            shown = (*context.unit_status_history, *context.app_status_history)
            searched.search("a passing status", "\n".join(status.message for status in shown))
        searched.search("a status", f"{out.unit_status}{out.app_status}{out.workload_version}")
        for relation in out.relations:
            searched.search("a databag", str(relation.local_unit_data))
            searched.search("a databag", str(getattr(relation, "local_app_data", "")))
        return out

    monkeypatch.setattr(testing.Context, "run", running)
    try:
        yield searched
    finally:
        root.removeHandler(logged)
    searched.search("a log line", "\n".join(logged.lines))
    searched.search("arguments", "\n".join(_started[started:]))
    # beside these are files of stand-ins, which know passwords as what they stand for does
    for place in (*folder.glob("charm-*"), folder / "public", folder / "machine"):
        for path in place.rglob("*"):
            if path.is_file() and not path.is_symlink():
                searched.search("a file", path.read_bytes().decode(errors="replace"))


def _passwords(state: testing.State) -> Iterator[str]:
    """The passwords that a hook gets."""
    for relation in state.relations:
        if isinstance(relation, testing.Relation):
            for bag in relation.remote_units_data.values():
                if password := bag.get("credentials_password"):
                    yield password
    for secret in state.secrets:
        if password := secret.tracked_content.get("password"):
            yield password
