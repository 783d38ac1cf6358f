"""A Keystone on loopback, and a verification of what its catalog says."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import socket
import threading
import time
from collections.abc import Generator, Mapping
from typing import Any

import msgspec

from coordinator.checks import runner
from coordinator.report.finding import Cause, Finding
from coordinator.report.report import Report
from tests.unit import reports, servers

BUDGET = 5.0
"""Seconds of a verification that is expected to end before."""

SHORT = 0.6
"""Seconds of one that is expected to end by its deadline."""

SLACK = 3.0
"""Seconds beyond it on a busy machine."""

TOKEN = "gAAAAABtoken"


def catalog(url: Any, **fields: Any) -> list[dict[str, Any]]:
    """The catalog of a cloud whose Gnocchi is at this URL."""
    endpoint = {"interface": "internal", "region": "RegionOne", "url": url, **fields}
    return [{"type": "metric", "name": "gnocchi", "endpoints": [endpoint]}]


def token(entries: Any, **fields: Any) -> dict[str, Any]:
    """What Keystone says with a token."""
    return {"token": {"catalog": entries, "expires_at": "2100-01-01T00:00:00.000000Z", **fields}}


def keystone(entries: Any) -> servers.Answer:
    """A Keystone that is well, with this catalog."""
    return servers.http(201, json.dumps(token(entries)), X_Subject_Token=TOKEN)


def verify(
    keystone_url: str, certificates: Mapping[str, str] | None = None, budget: float = BUDGET
) -> Report:
    """Verify the cloud of a Keystone, and hold that to its promises.

    It ends inside its budget, finds no error of the coordinator's own, and leaves neither threads
    nor sockets nor files behind.
    """
    credentials = msgspec.structs.replace(reports.CREDENTIALS, auth_url=f"{keystone_url}/v3")
    request = msgspec.structs.replace(
        reports.REQUEST,
        credentials=(credentials,),
        required=("metric",),
        optional=(),
        timeout=budget,
        certificates=certificates or {},
    )
    begun = time.monotonic()
    with leaving_nothing():
        report = runner.verify(request).report
    assert time.monotonic() - begun < budget + SLACK
    assert [f for f in report.findings if f.cause is Cause.INTERNAL] == []
    told = "".join(f"{f.summary}{f.remedy}" for f in report.findings)
    assert told.isprintable()
    assert TOKEN not in told
    assert reports.CREDENTIALS.password not in told
    return report


@contextlib.contextmanager
def leaving_nothing() -> Generator[None]:
    """Hold a block to what it opens: a moment after it ended, all is closed."""
    threads, files = set(threading.enumerate()), _own_files()
    yield
    end = time.monotonic() + SLACK
    while left := _left_behind(threads, files):
        assert time.monotonic() < end, f"left behind: {left}"
        time.sleep(0.01)


def _left_behind(threads: set[threading.Thread], files: set[str]) -> list[object]:
    """What is open beside what was before and what the tests' servers hold."""
    running = [
        thread
        for thread in threading.enumerate()
        if thread not in threads and not thread.name.startswith(servers.THREAD)
    ]
    return [*running, *(_own_files() - files)]


def _own_files() -> set[str]:
    """Files and connected sockets that are not those of the tests' servers."""
    found: set[str] = set()
    for entry in pathlib.Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            what = str(entry.readlink())
            odd = what.startswith(("pipe:", "anon_inode:")) or _is_accepted(int(entry.name))
            if not odd:
                found.add(f"{entry.name} {what}")
    return found


def _is_accepted(number: int) -> bool:
    """Whether this is the end of a connection that a server of the tests holds."""
    copy = os.dup(number)
    try:
        with socket.socket(fileno=copy) as same:
            return same.getsockname()[1] in servers.PORTS
    except (OSError, IndexError, TypeError):
        with contextlib.suppress(OSError):
            os.close(copy)
        return False


def fault_of(report: Report) -> Finding:
    """The first finding about Gnocchi that has a cause."""
    return next(f for f in report.findings if f.service == "metric" and f.cause is not None)
