"""A password and a token are searched for wherever the charm leaves anything."""

from __future__ import annotations

import contextlib
import pathlib
import threading
from collections.abc import Generator

import pytest

from tests.reliability import site as sites
from tests.reliability.canary_cloud import CanaryCloud
from tests.unit import databags

SECRETS = (databags.PASSWORD, sites.TOKEN)


def assert_none_in(where: str, text: str) -> None:
    """No secret is in a text; the text is not shown, since it would be in the tests' own log."""
    found = [number for number, secret in enumerate(SECRETS) if secret in text]
    assert not found, f"a secret is in {where}"


@contextlib.contextmanager
def watching_arguments() -> Generator[set[str]]:
    """Arguments of all processes that can be seen, while the block runs."""
    seen: set[str] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.01):
            for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    seen.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Generator[sites.Site]:
    """The charm as a process that logs at every level, and sends canaries."""
    with sites.deployed(
        tmp_path,
        CanaryCloud,
        sites.START_TALKING,
        required_services="metric,alarming,key-manager",
        deep_verification="always",
    ) as site:
        yield site


def test_no_secret_is_left_anywhere(site: sites.Site, tmp_path: pathlib.Path):
    """A deployment with an upgrade, a verification, a report and a failure of Keystone."""
    unit = site.unit
    with watching_arguments() as arguments:
        site.start_anew()
        unit.hook("update-status")
        results = [
            unit.action("verify-stack"),
            unit.action("verify-stack", {"format": "json", "deep": True}),
            unit.action("ceilometer-upgrade"),
            unit.action("show-report", {"format": "markdown"}),
        ]
        identity = unit.relation(unit.relation_id("identity-credentials"))
        wrong = {**identity.remote_units["keystone/0"].data, "credentials_port": "9"}
        unit.update_remote(identity.id, "keystone/0", wrong)
        unit.settle()
        results.append(unit.action("verify-stack"))
    assert "end" in site.log()
    assert unit.unit_status.name == "blocked"
    assert any("ops.main(charm." in text for text in arguments)
    assert {line.level for line in unit.log} >= {"DEBUG", "INFO"}

    for text in arguments:
        assert_none_in("arguments", text)
    for result in unit.history:
        assert_none_in(f"what {result.name} said", result.text() + str(result.commands))
    for result in results:
        assert_none_in("a result", f"{result.message}{result.results}{result.log}")
    for relation in unit.databags.relations.values():
        assert_none_in("a databag", f"{relation.local_unit_data}{relation.local_app_data}")
    files = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()]
    assert files
    for path in files:
        assert_none_in(path.name, path.read_bytes().decode(errors="replace"))
