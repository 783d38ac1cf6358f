"""Run the tests on a real controller, or say in one line what is missing for them."""

from __future__ import annotations

import pathlib
import signal
import sys

import pytest

from tests.integration import preconditions

HERE = pathlib.Path(__file__).parent


def main(arguments: list[str]) -> int:
    """Run; `arguments` are pytest's."""
    missing = preconditions.missing_here()
    if missing:
        print(f"integration: {missing}", file=sys.stderr)
        return 1
    # a run that is told to end removes its model too
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return pytest.main([str(HERE), f"--ignore={HERE / 'tests'}", *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
