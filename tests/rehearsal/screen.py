"""What a person sees: headings, progress, a line like that of `juju status`, reports."""

from __future__ import annotations

import os
import sys
import time

_COLOURS = {
    "active": "32",
    "blocked": "31",
    "waiting": "33",
    "maintenance": "36",
    "error": "31;1",
    "title": "1",
    "dim": "2",
    "good": "32;1",
    "bad": "31;1",
}


class Screen:
    """Prints to standard output; in colour on a terminal, unless NO_COLOR is set."""

    def __init__(self) -> None:
        forced = bool(os.environ.get("FORCE_COLOR"))
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        self._coloured = forced or (sys.stdout.isatty() and not plain)
        self._started = time.monotonic()
        self.lines: list[str] = []
        """What was printed about the unit: its status and its reports."""

    def progress(self, line: str) -> None:
        """One line about something that takes a while."""
        elapsed = time.monotonic() - self._started
        print(self._paint("dim", f"  [{elapsed:5.1f}s] {line}"), flush=True)

    def heading(self, number: int, total: int, text: str) -> None:
        print(f"\n{self._paint('title', f'== {number}/{total}  {text}')}", flush=True)

    def text(self, text: str, indent: int = 0) -> None:
        for line in text.rstrip("\n").splitlines():
            self.lines.append(line)
            print(f"{' ' * indent}{line}".rstrip(), flush=True)

    def status(self, unit: str, status: str, message: str, version: str) -> None:
        """The unit as `juju status` shows it."""
        heading = f"{'Unit':<26}{'Workload':<13}{'Version':<16}Message"
        padded = f"{status:<13}"
        self.lines += [heading, f"{unit + '*':<26}{padded}{version:<16}{message}"]
        print(heading)
        print(f"{unit + '*':<26}{self._paint(status, padded)}{version:<16}{message}", flush=True)

    def outcome(self, good: bool, text: str) -> None:
        mark = (
            self._paint("good", "as expected") if good else self._paint("bad", "NOT AS EXPECTED")
        )
        print(f"-- {mark}: {text}", flush=True)

    def _paint(self, name: str, text: str) -> str:
        if not self._coloured or name not in _COLOURS:
            return text
        return f"\033[{_COLOURS[name]}m{text}\033[0m"
