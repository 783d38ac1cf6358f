"""Lines for who watches a run of tests, while it lasts."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest


def teller(config: pytest.Config) -> Callable[[str], None]:
    """Prints a line at once, although pytest captures what is printed.

    A worker of pytest-xdist has no terminal, but the standard error of who started it.
    """
    capturing = config.pluginmanager.get_plugin("capturemanager")
    assert capturing is not None

    def tell(text: str) -> None:
        with capturing.global_and_fixture_disabled():
            print(text, file=sys.stderr, flush=True)

    return tell
